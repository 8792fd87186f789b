"""Rio de Janeiro's temperature by a forest, a week ahead, with intervals that hold 90 %.

python examples/rio.py --quick    5 trees for each of two days, not 100 for each of seven
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from estimators import RandomForestRegressor
from pipelines import LagForecaster, load_dataset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("runs/rio"), help="where to draw")
    options = parser.parse_args()
    data = load_dataset("temperature-rio")
    trees, days = (5, 2) if options.quick else (100, 7)
    forest = RandomForestRegressor(trees, min_samples_leaf=10, max_features=0.3, random_state=0)
    seen = {"lags": 15, "time": -1, "calendar": ("year",), "difference": True, "horizon": days}
    model = LagForecaster(regressor=forest, strategy="direct", calibration_folds=4, **seen)
    X, y, times = data.X_test, data.y_test, data.time_index[-90:]
    low, high = model.fit(data.X_train, data.y_train).predict_interval(X)
    for step in range(days):
        a, b, truth = low[: len(y) - step, step], high[: len(y) - step, step], y[step:]
        mse, last = (np.mean((f - truth) ** 2) for f in ((a + b) / 2, X[: len(truth), 0]))
        held = np.mean((a <= truth) & (truth <= b))
        print(f"{step + 1} days: MSE {mse:.2f}, persistence {last:.2f}, intervals hold {held:.1%}")
    plt.fill_between(times, low[-90:, 0], high[-90:, 0], alpha=0.3)
    plt.plot(times, y[-90:], "k.")
    options.out.mkdir(parents=True, exist_ok=True)
    plt.savefig(options.out / "forecast.svg")


if __name__ == "__main__":
    main()
