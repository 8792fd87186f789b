"""Gradient descent on f(x, y) = x^2 + y^2 + x(y + 2) + cos(3x), its path drawn.

python examples/gradient_descent.py            200 steps from four places
python examples/gradient_descent.py --quick    100 steps
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np


def f(x, y):
    return x**2 + y**2 + x * (y + 2) + np.cos(3 * x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("runs/descent"), help="where to draw")
    options = parser.parse_args()

    x, y = np.mgrid[-3:2:200j, -2:2.5:200j]
    plt.contour(x, y, f(x, y), levels=30, linewidths=0.5)
    for start in ((1.5, 2.0), (-2.5, -1.5), (0.5, -1.5), (-2.5, 2.0)):
        path = [start]
        for _ in range(100 if options.quick else 200):
            x, y = path[-1]
            slope = 2 * x + y + 2 - 3 * np.sin(3 * x), 2 * y + x
            path.append((x - 0.1 * slope[0], y - 0.1 * slope[1]))
        print(f"from {start}: f = {f(*path[-1]):.4f} at ({path[-1][0]:.4f}, {path[-1][1]:.4f})")
        plt.plot(*np.transpose(path), ".-", markersize=3)
    options.out.mkdir(parents=True, exist_ok=True)
    plt.savefig(options.out / "path.svg")


if __name__ == "__main__":
    main()
