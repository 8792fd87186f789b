"""A series as rows that hold what is known before the value to forecast."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

from estimators.params import Int, check_params, domains_of, estimator, param

LONGEST_SEASON = 400  # steps: a year of days; a row holds no more values before
_FREE_DAYS, _LONGEST_BREAK = 0.1, 5  # share and steps: weekends are no gaps, a week has five days


@estimator
class LagWindows(TransformerMixin, BaseEstimator):
    """Rows that hold what is known one step before the value to forecast.

    A row is: the `n_lags` values before, latest first; the other columns as they were one step
    before; the time of the value to forecast (days since 1970, or the number that was given).
    Whatever is made of a row later can therefore not see its future.

    {parameters}

    Attributes
    ----------
    n_features_in_ : int
        Number of columns: the series and what was measured beside it.

    Examples
    --------
    >>> lags = LagWindows(n_lags=2)
    >>> series = np.array([[10.0], [11.0], [12.0], [13.0]])
    >>> lags.fit_transform(series)
    array([[11., 10.,  2.],
           [12., 11.,  3.]])
    >>> lags.targets(series)
    array([12., 13.])
    >>> lags.next_row(series)
    array([[13., 12.,  4.]])
    """

    n_lags: int = param(default=10, domain=Int(1), doc="How many values before a row holds.")

    def fit(self, X: Any, y: Any = None, times: Any = None) -> Self:
        """Check the series; nothing is learnt from it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The series in its first column, in the order of time; what was measured beside it in
            the others.
        y : None
            Ignored.
        times : array-like of shape (n_rows,), default=None
            Dates or numbers; None counts from 0.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the series is not longer than `n_lags`, or a time stamp stands twice.
        """
        check_params(self, domains_of(type(self)))
        X = validate_data(self, X, dtype=np.float64)
        self._checked_times(times, len(X))
        return self

    def transform(self, X: Any, times: Any = None) -> np.ndarray:
        """Return one row for every value that has `n_lags` values before it.

        Parameters
        ----------
        X, times : array-like
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_rows - n_lags, n_lags + n_features)
        """
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._rows(X, self._checked_times(times, len(X)))[:-1]

    def fit_transform(self, X: Any, y: Any = None, times: Any = None) -> np.ndarray:
        """Check the series and return its rows.

        Parameters
        ----------
        X, times : array-like
            As in :meth:`fit`.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_rows - n_lags, n_lags + n_features)
        """
        return self.fit(X, y, times).transform(X, times)

    def next_row(self, X: Any, times: Any = None) -> np.ndarray:
        """Return the row of the value that follows the series, one usual step later.

        Parameters
        ----------
        X, times : array-like
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (1, n_lags + n_features)
        """
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._rows(X, self._checked_times(times, len(X)))[-1:]

    def targets(self, X: Any) -> np.ndarray:
        """Return the values to forecast, one for each row of :meth:`transform`.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_rows - n_lags,)
        """
        return np.asarray(X, dtype=np.float64)[self.n_lags :, 0]

    def _rows(self, X: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Return the rows of `transform` and that of the value to come."""
        before = sliding_window_view(X[:, 0], self.n_lags)[:, ::-1]
        days = np.append(days, days[-1] + np.median(np.diff(days)))
        return np.column_stack([before, X[self.n_lags - 1 :, 1:], days[self.n_lags :]])

    def _checked_times(self, times: Any, n_rows: int) -> np.ndarray:
        if n_rows <= self.n_lags:
            raise ValueError(
                f"LagWindows: n_lags must be less than the length of the series, got "
                f"n_lags={self.n_lags} for n_samples={n_rows}; take fewer."
            )
        days = np.arange(float(n_rows)) if times is None else days_of(times)
        if len(days) != n_rows:
            raise ValueError(
                f"LagWindows: times must hold one date or number for every row, got {len(days)} "
                f"for n_samples={n_rows}."
            )
        rises = np.diff(days) > 0
        if not rises.all():
            row = int(rises.argmin())
            raise ValueError(
                f"LagWindows: times must rise, each once, but times[{row + 1}] is not after "
                f"times[{row}]; sort the rows and keep one for each time."
            )
        return days


def days_of(times: Any) -> np.ndarray:
    """Return dates as days since 1970, and numbers as they are.

    >>> days_of(np.array(["1970-01-02T12", "1970-01-03T00"], dtype="datetime64[h]"))
    array([1.5, 2. ])
    """
    times = np.asarray(times)
    if times.dtype.kind == "M":
        return times.astype("datetime64[ns]").astype(np.int64) / 86_400e9
    return times.astype(np.float64)


def seasons_of(times: Any) -> tuple[int, ...]:
    """Return the steps in a day, a week and a year, as far as dates are evenly spaced enough.

    >>> seasons_of(np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]"))
    (7, 365)
    """
    times = np.asarray(times)
    if times.dtype.kind != "M" or len(times) < 2:
        return ()
    steps = np.diff(days_of(times))
    step = float(np.median(steps))
    if np.mean(steps > 1.5 * step) > _FREE_DAYS:
        step = float(steps[steps < _LONGEST_BREAK * step].mean())
    counts = (round(days / step) for days in (1.0, 7.0, 365.25))
    return tuple(count for count in counts if 1 < count <= LONGEST_SEASON)
