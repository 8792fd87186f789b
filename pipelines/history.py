"""What a forecaster sees of a row: lags, what was measured beside the series, the calendar."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from estimators.params import Choice, Float, Int, Sequence, estimator, param

CYCLES = {"year": 365.25, "week": 7.0, "day": 1.0}  # length in days
_HARMONICS = (1, 2)


@estimator
class HistoryColumns(TransformerMixin, BaseEstimator):
    """Turn rows of the past into the columns that a regressor is fitted on.

    The values before, the oldest first; then what was measured beside the series; then for each
    cycle of the calendar two waves, each as its sine and its cosine, at the time to forecast.

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
        self.n_static_ = len(self.exogenous) + 2 * len(_HARMONICS) * len(self.calendar_)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the columns, of shape (n_rows, n_lags + n_static_)."""
        before = np.asarray(self.lags)[::-1] - 1
        columns = [X[:, before], X[:, np.asarray(self.exogenous, dtype=np.int64)]]
        for name in self.calendar_:
            turns = (X[:, np.array([self.time])] + self.days_ahead) / CYCLES[name]
            angles = [2 * np.pi * n * turns for n in _HARMONICS]
            columns += [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return np.hstack(columns)
