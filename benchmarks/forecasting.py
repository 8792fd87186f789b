"""Tuned forecasters one day ahead, against persistence and the settings of the study.

Everything is chosen on folds of the training part; the last fifth is looked at once, by all models
together. Squared errors are compared by the Diebold-Mariano test with a Newey-West variance
(statsmodels), as neighbouring errors are alike, and Holm's correction.

    python -m benchmarks.forecasting            both cities, 25 candidates each
    python -m benchmarks.forecasting rio 8      one city, fewer candidates
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import statsmodels.api as sm
from optuna.distributions import FloatDistribution, IntDistribution
from statsmodels.stats.multitest import multipletests

from estimators import SVR, RandomForestRegressor
from pipelines import Backtest, Dataset, LagForecaster, load_dataset
from search import OptunaSearchCV

FOLDS = Backtest(4, refit_every=365)  # the last four years of the training part
SEEN: dict[str, Any] = {"lags": IntDistribution(2, 30, log=True), "calendar": [(), ("year",)]}
MEANS = (3, 7, 15, 30, 60, 90, 180, 365)
CITIES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "brussels": (
        LagForecaster(regressor=SVR(C=0.4, epsilon=0.2), lags=22),
        LagForecaster(regressor=SVR(), time=-1),
        {
            "difference": [False, True],
            "regressor__C": FloatDistribution(0.03, 30, log=True),
            "regressor__gamma": FloatDistribution(1e-4, 0.1, log=True),
            "regressor__epsilon": FloatDistribution(0.02, 0.8, log=True),
        },
    ),
    "rio": (
        LagForecaster(
            regressor=RandomForestRegressor(100, max_depth=10, random_state=0), lags=29, scale=False
        ),
        # changes and means: better than levels for 50 trees on the same folds (see RESULTS.md)
        LagForecaster(
            regressor=RandomForestRegressor(100, random_state=0),
            time=-1,
            scale=False,
            difference=True,
            as_changes=True,
            means=MEANS,
        ),
        {
            "regressor__max_features": FloatDistribution(0.1, 1.0),
            "regressor__min_samples_leaf": IntDistribution(2, 40, log=True),
        },
    ),
}


def tuned(data: Dataset, model: Any, own: dict[str, Any], n_trials: int) -> Any:
    """Return the model fitted with what was best on the folds of the training part."""
    search = OptunaSearchCV(
        model,
        {**SEEN, **own},
        n_trials=n_trials,
        cv=FOLDS,
        scoring="neg_mean_squared_error",
        pruner="median",
        refit=False,
        n_jobs=1,
        random_state=0,
    ).fit(data.X_train, data.y_train)
    print(f"  chosen: {search.best_params_}, validation MSE {-search.best_score_:.3f}")
    return model.set_params(**search.best_params_)


def diebold_mariano(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Return the mean difference of squared errors, its standard error and the p-value."""
    difference = one - other
    lags = int(np.floor(4 * (len(difference) / 100) ** (2 / 9)))
    fit = sm.OLS(difference, np.ones(len(difference))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}
    )
    return float(fit.params[0]), float(fit.bse[0]), float(fit.pvalues[0])


def measure(city: str, n_trials: int) -> None:
    """Print one city's table."""
    data = load_dataset(f"temperature-{city}")
    study, model, own = CITIES[city]
    print(f"{data.name}: {len(data.y_train)} rows to train on, {len(data.y_test)} to judge")
    started = time.perf_counter()
    best = tuned(data, model, own, n_trials)
    best.set_params(calibration_folds=5).fit(data.X_train, data.y_train)
    print(f"  search and fit: {time.perf_counter() - started:.0f} s, {n_trials} candidates")
    answers = {
        "persistence": data.X_test[:, 0],
        "study": study.fit(data.X_train, data.y_train).predict(data.X_test),
        "tuned": best.predict(data.X_test),
    }
    errors = {name: (answer - data.y_test) ** 2 for name, answer in answers.items()}
    for name, squared in errors.items():
        print(f"  {name:12} test MSE {squared.mean():.3f}")
    tests = {name: diebold_mariano(errors["tuned"], errors[name]) for name in list(errors)[:2]}
    adjusted = multipletests([p for *_, p in tests.values()], method="holm")[1]
    for (name, (mean, error, _)), p in zip(tests.items(), adjusted, strict=True):
        print(f"  tuned - {name}: {mean:+.3f} (standard error {error:.3f}), p = {p:.2g} (Holm)")
    low, high = best.predict_interval(data.X_test, 0.9)
    held = (low <= data.y_test) & (data.y_test <= high)
    years = np.array_split(held, round(len(held) / 365.25))
    print(f"  90 % intervals hold {held.mean():.1%}; by year", *(f"{y.mean():.1%}" for y in years))


if __name__ == "__main__":
    cities = [sys.argv[1]] if len(sys.argv) > 1 else list(CITIES)
    for name in cities:
        measure(name, int(sys.argv[2]) if len(sys.argv) > 2 else 25)
