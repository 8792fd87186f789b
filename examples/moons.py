"""A self-organising map unfolds over two moons: its units on the way and at the end.

python examples/moons.py            2,000 points, 12 x 12 units
python examples/moons.py --quick    300 points, 6 x 6 units
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons

from estimators import SelfOrganizingMap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few points, few units")
    parser.add_argument("--out", type=Path, default=Path("runs/moons"), help="where to draw")
    options = parser.parse_args()

    n_points, side = (300, 6) if options.quick else (2000, 12)
    X, _ = make_moons(n_points, noise=0.06, random_state=0)
    som = SelfOrganizingMap(shape=(side, side), final_sigma=0.5, lr=1.0, n_iter=20, random_state=0)
    figure, panels = plt.subplots(1, 4, figsize=(14, 3.4), layout="constrained")
    for panel in panels:
        for _ in range(5):
            som.partial_fit(X)
        panel.scatter(*X.T, s=4, color="0.7")
        for line in (*som.weights_, *som.weights_.swapaxes(0, 1)):
            panel.plot(*line.T, color="tab:blue", linewidth=0.8, marker="o", markersize=2)
        print(f"{som.n_iter_:2d} passes: quantization error {som.quantization_error_:.3f}")
        panel.set(title=f"{som.n_iter_} of {som.n_iter} passes", xticks=[], yticks=[])
    options.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out / "map.svg")
    print("Drawn:", options.out / "map.svg")


if __name__ == "__main__":
    main()
