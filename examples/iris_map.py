"""The U-matrix of the iris flowers: dark ridges part the species, which the map never saw.

python examples/iris_map.py            50 passes
python examples/iris_map.py --quick    5 passes
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from estimators import SelfOrganizingMap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few passes")
    parser.add_argument("--out", type=Path, default=Path("runs/iris_map"), help="where to draw")
    options = parser.parse_args()
    iris, n_iter = load_iris(), 5 if options.quick else 50
    som = SelfOrganizingMap(shape=(8, 8), final_sigma=0.5, n_iter=n_iter).fit(scale(iris.data))
    print(f"{len(som.dead_units_)} of {som.hit_map_.size} units have no flower.")
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    figure.colorbar(axes.imshow(som.u_matrix_, cmap="Greys"), label="distance to the neighbours")
    shift = np.random.RandomState(0).uniform(-0.3, 0.3, size=(2, len(iris.data)))
    row, column = np.divmod(som.labels_, som.shape[1]) + shift
    for label, marker in enumerate("os^"):
        hit = iris.target == label
        axes.scatter(column[hit], row[hit], 14, marker=marker, label=iris.target_names[label])
    figure.legend(loc="outside lower center", ncols=3)
    options.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(path := options.out / "u_matrix.svg")
    print("Drawn:", path)


if __name__ == "__main__":
    main()
