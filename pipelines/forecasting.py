"""``LagForecaster``: any regressor as a forecaster, with intervals that hold what they promise."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import (
    AnyOf,
    Bool,
    Choice,
    Float,
    Instance,
    Int,
    Sequence,
    check_params,
    domains_of,
    estimator,
    param,
)
from pipelines.conformal import calibration_errors, conformal_quantile
from pipelines.history import CYCLES, columns_seen
from pipelines.leaks import refuse_future

_COVERAGE = Float(0, 1, open_low=True, open_high=True)


@estimator
class LagForecaster(RegressorMixin, BaseEstimator):
    """Forecast a series by a regression on its values before.

    Takes rows as ``LagWindows`` makes them and the data sets of forecasting hold them: the values
    before, latest first, then what was measured one step before, then the time. Every row is
    answered on its own, so no answer can depend on what came later.

    {parameters}

    Attributes
    ----------
    regressors_ : list of fitted estimators
        One, or one for each step of the horizon where ``strategy="direct"``.
    errors_ : ndarray of shape (n_errors, horizon)
        Absolute errors of the calibration folds in the order of time (NaN beyond the end of a
        fold); only with ``calibration_folds``.
    calendar_ : tuple of str
        The cycles of `calendar` that are seen.
    n_features_in_ : int
        Number of columns.

    References
    ----------
    J. Lei et al., Distribution-free predictive inference for regression, Journal of the American
    Statistical Association 113 (2018) 1094-1111; the folds follow R. J. Hyndman and G.
    Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.10 (2021).

    Examples
    --------
    >>> from pipelines.lags import LagWindows
    >>> series = np.sin(np.arange(300.0) / 5).reshape(-1, 1)
    >>> lags = LagWindows(n_lags=10).fit(series)
    >>> X, y = lags.transform(series), lags.targets(series)
    >>> model = LagForecaster(lags=2, horizon=3).fit(X[:200], y[:200])
    >>> bool(np.abs(model.predict(X[200:201])[0] - y[200:203]).max() < 1e-6)
    True
    """

    regressor: Any = param(
        default=None,
        domain=Instance((object,), "an estimator", none=True),
        doc="The regressor, which is cloned; None is a linear regression.",
    )
    lags: int | SequenceOf[int] | None = param(
        default=None,
        domain=AnyOf((Int(1, search=(1, 30), log=True), Sequence(Int(1), min_length=1)), none=True),
        doc="How many of the values before it sees, or which, as in (1, 2, 7); None is all.",
    )
    means: SequenceOf[int] = param(
        default=(),
        domain=Sequence(Int(2)),
        doc="Of how many values before it sees the means too, as in (7, 30).",
    )
    as_changes: bool = param(
        default=False,
        domain=Bool(search=(False, True)),
        doc="Whether it sees the last value, the changes from lag to lag and how far the means are "
        "from the last value, instead of values and means: the same to a linear model, often "
        "easier for forests, neighbours and kernels.",
    )
    horizon: int = param(default=1, domain=Int(1), doc="Steps ahead that `predict` forecasts.")
    strategy: str = param(
        default="recursive",
        domain=Choice(("recursive", "direct")),
        doc="How more steps than one are forecast: 'recursive' takes its own forecast for the "
        "value before, 'direct' fits a regressor for each step.",
    )
    exogenous: SequenceOf[int] = param(
        default=(),
        domain=Sequence(Int()),
        doc="Columns that are no values of the series and are seen too, as in (-3, -2). Beyond one "
        "step they stay as they were known last.",
    )
    time: int | None = param(
        default=None,
        domain=Int(none=True),
        doc="Column of the time in days, as in -1; None if there is none.",
    )
    calendar: SequenceOf[str] = param(
        default=(),
        domain=Sequence(
            Choice(tuple(CYCLES)), search=((), ("year",), ("year", "week"), ("week",), ("day",))
        ),
        doc="What the regressor sees of the time: the position in the 'year', 'week' or 'day', as "
        "two waves each. Needs `time`.",
    )
    min_periods: float = param(
        default=2.0,
        domain=Float(0),
        doc="How often a cycle of the calendar must fit into the time of the rows to fit, those "
        "of each calibration fold by themselves, for it to be seen: waves fitted to a part of "
        "their cycle run wild beyond it. 0 keeps every cycle.",
    )
    difference: bool = param(
        default=False,
        domain=Bool(search=(False, True)),
        doc="Whether the change from the last value is learnt instead of the value.",
    )
    scale: bool = param(
        default=True,
        domain=Bool(),
        doc="Whether columns and target are brought to zero mean and unit variance.",
    )
    calibration_folds: int = param(
        default=0,
        domain=Int(0),
        doc="Folds at the end of the rows to fit, each forecast from the rows before it; their "
        "errors make the intervals of `predict_interval`. 0 makes none.",
    )
    check_leaks: bool = param(
        default=True,
        domain=Bool(),
        doc="Whether rows are refused that hold the value to forecast or a later one.",
    )

    def fit(self, X: Any, y: Any) -> Self:
        """Learn to forecast.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows that follow each other in time.
        y : array-like of shape (n_rows,)
            The values to forecast.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a row holds fewer values before than `lags` or `means` ask for, too few rows are
            given, or a column holds the future.
        """
        check_params(self, domains_of(type(self)))
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        self._seen = columns_seen(self, X)
        self._step = 0.0 if self.time is None else float(np.median(np.diff(X[:, self.time])))
        if len(y) <= self.horizon:
            raise ValueError(
                f"LagForecaster: horizon must be less than the rows to fit, got "
                f"horizon={self.horizon} for n_samples={len(y)}."
            )
        if self.check_leaks:
            names = getattr(self, "feature_names_in_", None)
            before = np.arange(self._seen.reach) if self.means else np.array(self._seen.lags) - 1
            refuse_future(X, y, before, self._seen.exogenous, names)
        if self.calibration_folds:
            self.errors_ = calibration_errors(
                lambda X, y, later: self._forecast(self._fitted(X, y), later),
                X,
                y,
                self.calibration_folds,
            )
        self.regressors_ = self._fitted(X, y)
        self.calendar_ = self.regressors_[0].regressor_[0].calendar_
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Forecast the value of every row, and those after it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows as in :meth:`fit`; they need not follow each other.

        Returns
        -------
        ndarray of shape (n_rows,), or (n_rows, horizon) if the horizon is more than 1
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        found = self._forecast(self.regressors_, X)
        return found[:, 0] if self.horizon == 1 else found

    def predict_interval(self, X: Any, coverage: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Return intervals that hold a share of the values to come (split conformal prediction).

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows as in :meth:`predict`.
        coverage : float, default=0.9
            The share, as long as errors stay as they were in the calibration folds.

        Returns
        -------
        low : ndarray
            Of the shape that :meth:`predict` returns.
        high : ndarray
            Likewise.

        Raises
        ------
        ValueError
            If there were no calibration folds, or too few errors for this coverage.
        """
        check_is_fitted(self)
        _COVERAGE.check(coverage, "coverage", "LagForecaster.predict_interval")
        if not self.calibration_folds:
            raise ValueError(
                "LagForecaster: calibration_folds must be 1 or more in fit for intervals, got "
                "calibration_folds=0."
            )
        widths = [conformal_quantile(e, coverage, type(self).__name__) for e in self.errors_.T]
        forecast = self.predict(X)
        width = widths[0] if forecast.ndim == 1 else np.array(widths)
        return forecast - width, forecast + width

    def __getattr__(self, name: str) -> Any:
        """Return what a search and a report ask of a trained net."""
        if name in ("history_", "n_parameters_") and "regressors_" in vars(self):
            return getattr(self.regressors_[0].regressor_[-1], name)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def _fitted(self, X: np.ndarray, y: np.ndarray) -> list[Any]:
        """Return the regressor of every step that has one."""
        steps = range(self.horizon if self.strategy == "direct" else 1)
        return [self._fitted_step(X[: len(X) - ahead], y[ahead:], ahead) for ahead in steps]

    def _fitted_step(self, X: np.ndarray, y: np.ndarray, ahead: int) -> Any:
        model = clone(LinearRegression() if self.regressor is None else self.regressor)
        seen = clone(self._seen).set_params(days_ahead=ahead * self._step).fit(X)
        if "n_static" in model.get_params():  # a recurrent net must know what is no window
            model.set_params(n_static=seen.n_static_)
        scaler = StandardScaler() if self.scale else None
        model = TransformedTargetRegressor(make_pipeline(seen, scaler, model), transformer=scaler)
        return model.fit(X, y - X[:, 0] if self.difference else y)

    def _forecast(self, regressors: list[Any], X: np.ndarray) -> np.ndarray:
        """Return the forecasts of all steps, of shape (n_rows, horizon)."""
        found = np.empty((len(X), self.horizon))
        before = X
        for ahead in range(self.horizon):
            model = regressors[min(ahead, len(regressors) - 1)]
            answer = np.asarray(model.predict(before)).ravel()
            found[:, ahead] = answer + before[:, 0] if self.difference else answer
            if self.strategy == "recursive":
                before = self._seen.advance(before, found[:, ahead], self._step)
        return found
