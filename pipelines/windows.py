"""Overlapping windows of a series, and what is found in them back on its time stamps."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from estimators.params import Bool, Choice, Int, check_params, domains_of, estimator, param

_HOW = Choice(options=("mean", "max", "last"))


@estimator
class SlidingWindows(TransformerMixin, BaseEstimator):
    """Overlapping windows of a series, and their scores back on the time stamps.

    The last window always ends with the series, so that every time stamp lies in one.

    {parameters}

    Attributes
    ----------
    n_features_in_ : int
        Number of values at a time stamp.

    Examples
    --------
    >>> windows = SlidingWindows(width=3)
    >>> windows.fit_transform(np.arange(5.0).reshape(-1, 1))
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    >>> windows.to_time(np.array([0.0, 0.0, 9.0]), n_rows=5)
    array([0. , 0. , 3. , 4.5, 9. ])
    """

    width: int = param(default=10, domain=Int(1), doc="Time stamps in a window.")
    step: int = param(
        default=1,
        domain=Int(1),
        doc="Time stamps from the start of a window to that of the next, `width` at most.",
    )
    flatten: bool = param(
        default=True,
        domain=Bool(),
        doc="Whether a window is one row of numbers, time stamp after time stamp; otherwise "
        "windows are of shape (width, n_features).",
    )

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the series; nothing is learnt from it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The series, in the order of time.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        check_params(self, domains_of(type(self)))
        X = validate_data(self, X, dtype=np.float64)
        self.starts(len(X))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the windows of a series.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            A series, in the order of time.

        Returns
        -------
        ndarray of shape (n_windows, width * n_features) or (n_windows, width, n_features)
        """
        X = validate_data(self, X, dtype=np.float64, reset=False)
        starts = self.starts(len(X))
        every = sliding_window_view(X, self.width, axis=0)
        found = (every if self.step == 1 else every[starts]).swapaxes(1, 2)
        return np.ascontiguousarray(found.reshape(len(starts), -1) if self.flatten else found)

    def starts(self, n_rows: int) -> np.ndarray:
        """Return the row with which every window starts.

        Parameters
        ----------
        n_rows : int
            Length of the series.

        Returns
        -------
        ndarray of int of shape (n_windows,)

        Raises
        ------
        ValueError
            If the series is shorter than a window.
        """
        if self.step > self.width:
            raise ValueError(
                "SlidingWindows: step must be at most width, or time stamps between two windows "
                f"would be left out; got step={self.step}, width={self.width}."
            )
        last = n_rows - self.width
        if last < 0:
            raise ValueError(
                f"SlidingWindows: width must be at most the length of the series, got "
                f"width={self.width} for n_samples={n_rows}; take a shorter width."
            )
        return np.append(np.arange(0, last, self.step), last)

    def to_time(
        self, scores: Any, n_rows: int, how: Literal["mean", "max", "last"] = "mean"
    ) -> np.ndarray:
        """Return a score for every time stamp from the scores of the windows.

        Parameters
        ----------
        scores : array-like of shape (n_windows,)
            One score for each window of :meth:`transform`.
        n_rows : int
            Length of the series.
        how : {"mean", "max", "last"}, default="mean"
            Mean or maximum over the windows that hold the time stamp; "last" is the score of the
            latest window that has ended by then, which looks at no later value (before the end of
            the first window there is none, and its score stands there).

        Returns
        -------
        ndarray of shape (n_rows,)

        Raises
        ------
        ValueError
            If there are not as many scores as windows.
        """
        _HOW.check(how, "how", "SlidingWindows.to_time")
        scores = check_array(scores, ensure_2d=False, dtype=np.float64, input_name="scores")
        starts = self.starts(n_rows)
        if scores.shape != starts.shape:
            raise ValueError(
                f"SlidingWindows: scores must hold one for each of the {len(starts)} windows, got "
                f"an array of shape {scores.shape}."
            )
        if how == "last":
            ends = starts + self.width - 1
            latest = np.searchsorted(ends, np.arange(n_rows), side="right") - 1
            return scores[np.maximum(latest, 0)]
        if how == "max":
            found = np.full(n_rows, -np.inf)
            for offset in range(self.width):
                np.maximum.at(found, starts + offset, scores)
            return found
        return self._mean(scores, starts, n_rows)

    def _mean(self, scores: np.ndarray, starts: np.ndarray, n_rows: int) -> np.ndarray:
        """Return the mean over the windows of each time stamp."""
        total, count = np.zeros(n_rows), np.zeros(n_rows)
        for offset in range(self.width):
            total[starts + offset] += scores
            count[starts + offset] += 1
        return total / count
