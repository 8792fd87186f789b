"""What a forecaster sees of a row: lags, what was measured beside the series, the calendar."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from estimators.params import Bool, Choice, Float, Int, Sequence, estimator, param

CYCLES = {"year": 365.25, "week": 7.0, "day": 1.0}  # length in days
_HARMONICS = (1, 2)


@estimator
class HistoryColumns(TransformerMixin, BaseEstimator):
    """Turn rows of the past into the columns that a regressor is fitted on.

    The values before, the oldest first; then means of them and what was measured beside the series;
    then for each cycle of the calendar two waves, each as its sine and its cosine, at the time to
    forecast.

    {parameters}

    Attributes
    ----------
    calendar_ : tuple of str
        The cycles of `calendar` that are seen.
    n_static_ : int
        Number of columns that are no values of the series.

    Examples
    --------
    >>> rows = np.column_stack([np.arange(400.0), np.arange(400.0) - 1, np.arange(400.0)])
    >>> seen = HistoryColumns(lags=(1, 2), time=-1, calendar=("year", "week")).fit(rows)
    >>> seen.calendar_
    ('week',)
    >>> seen.transform(rows[7:8]).round(2)
    array([[ 6.,  7., -0.,  1., -0.,  1.]])
    """

    lags: SequenceOf[int] = param(
        default=(1,), domain=Sequence(Int(1), min_length=1), doc="Which of the values before."
    )
    means: SequenceOf[int] = param(
        default=(), domain=Sequence(Int(2)), doc="Of how many values before means are seen."
    )
    as_changes: bool = param(
        default=False, domain=Bool(), doc="Whether changes are seen instead of values."
    )
    exogenous: SequenceOf[int] = param(
        default=(), domain=Sequence(Int()), doc="Columns to take as they are."
    )
    time: int | None = param(
        default=None, domain=Int(none=True), doc="Column of the time in days; None if none."
    )
    calendar: SequenceOf[str] = param(
        default=(), domain=Sequence(Choice(tuple(CYCLES))), doc="Cycles of the calendar."
    )
    min_periods: float = param(
        default=2.0,
        domain=Float(0),
        doc="How often a cycle must fit into the time of the rows to fit for it to be seen.",
    )
    days_ahead: float = param(
        default=0.0, domain=Float(0), doc="How long after the time of a row the value lies."
    )

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Decide which cycles are seen; `y` is ignored."""
        span = 0.0 if self.time is None else float(np.ptp(X[:, self.time]))
        self.calendar_ = tuple(c for c in self.calendar if span >= self.min_periods * CYCLES[c])
        n_waves = 2 * len(_HARMONICS) * len(self.calendar_)
        self.n_static_ = len(self.means) + len(self.exogenous) + n_waves
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the columns, of shape (n_rows, n_lags + n_static_)."""
        values = X[:, np.asarray(self.lags)[::-1] - 1]
        means = [X[:, :size].mean(axis=1, keepdims=True) for size in self.means]
        if self.as_changes:
            last = values[:, -1:]
            values = np.hstack([np.diff(values, axis=1), last])
            means = [mean - last for mean in means]
        columns = [values, *means, X[:, np.asarray(self.exogenous, dtype=np.int64)]]
        for name in self.calendar_:
            turns = (X[:, np.array([self.time])] + self.days_ahead) / CYCLES[name]
            angles = [2 * np.pi * n * turns for n in _HARMONICS]
            columns += [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return np.hstack(columns)

    def advance(self, X: np.ndarray, values: np.ndarray, days: float) -> np.ndarray:
        """Return the rows one step later, whose last value is the given one."""
        reach, later = self.reach, np.array(X)
        later[:, 1:reach] = X[:, : reach - 1]
        later[:, 0] = values
        if self.time is not None:
            later[:, self.time] += days
        return later

    @property
    def reach(self) -> int:
        """How many of the values before are looked at."""
        return max((*self.lags, *self.means))


def columns_seen(model: Any, X: np.ndarray) -> HistoryColumns:
    """Return what a forecaster sees of rows like these.

    Parameters
    ----------
    model : LagForecaster
        Its parameters are looked at.
    X : ndarray of shape (n_rows, n_features)
        Rows to fit.

    Returns
    -------
    HistoryColumns

    Raises
    ------
    ValueError
        If a column or a value before is asked for that a row does not hold.
    """
    n_columns = X.shape[1]
    for name, columns in (("exogenous", model.exogenous), ("time", (model.time,))):
        if any(c is not None and not -n_columns <= c < n_columns for c in columns):
            raise ValueError(
                f"LagForecaster: {name} must name columns of X, got "
                f"{name}={getattr(model, name)!r} for n_features={n_columns}."
            )
    if model.calendar and model.time is None:
        raise ValueError(
            f"LagForecaster: time must name a column for calendar={model.calendar!r}, got None."
        )
    others = {c % n_columns for c in (*model.exogenous, model.time) if c is not None}
    n_before = min(others, default=n_columns)  # the values before stand first
    wanted: Any = n_before if model.lags is None else model.lags
    lags = np.unique(wanted if np.ndim(wanted) else range(1, wanted + 1)).tolist()
    for name, furthest in (("lags", max(lags, default=1)), ("means", max(model.means, default=1))):
        if furthest > n_before:
            raise ValueError(
                f"LagForecaster: {name} must be at most the {n_before} values before that a row "
                f"holds, got {name}={getattr(model, name)!r} for n_features={n_columns}; looking "
                "back further needs a longer series."
            )
    return HistoryColumns(
        lags=tuple(lags),
        means=tuple(model.means),
        as_changes=model.as_changes,
        exogenous=tuple(c % n_columns for c in model.exogenous),
        time=model.time,
        calendar=tuple(model.calendar),
        min_periods=model.min_periods,
    )
