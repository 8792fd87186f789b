"""``Backtest``: folds along time, each judged by a model that was fitted before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils.validation import _num_samples

from estimators.params import Domain, Int

_DOMAINS: dict[str, Domain] = {
    "n_splits": Int(1),
    "refit_every": Int(1, none=True),
    "window": Int(1, none=True),
    "gap": Int(0),
}


class Backtest(BaseCrossValidator):
    """Folds that lie one after the other at the end of the rows, each after its training rows.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    refit_every : int or None, default=None
        Rows of a fold: a model is fitted anew after so many. None divides the rows into
        ``n_splits + 1`` parts.
    window : int or None, default=None
        Rows to train on: the latest so many (a sliding window), or None for all (an expanding
        one).
    gap : int, default=0
        Rows between the training rows and the fold that are left out, so that nothing of a
        forecast over several steps is known in training.

    Raises
    ------
    ValueError
        If a parameter is not legal, or there are too few rows.

    Examples
    --------
    >>> for train, test in Backtest(2, refit_every=2, window=3, gap=1).split(np.zeros((9, 1))):
    ...     print(train, test)
    [1 2 3] [5 6]
    [3 4 5] [7 8]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        refit_every: int | None = None,
        window: int | None = None,
        gap: int = 0,
    ) -> None:
        for name, domain in _DOMAINS.items():
            domain.check(locals()[name], name, "Backtest")
        self.n_splits = n_splits
        self.refit_every = refit_every
        self.window = window
        self.gap = gap

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and the judged rows of every fold.

        Parameters
        ----------
        X : array-like of n rows
            In the order of time.
        y, groups : object
            Ignored.

        Yields
        ------
        train, test : ndarray of int
        """
        n_rows = _num_samples(X)
        size = self.refit_every or n_rows // (self.n_splits + 1)
        first = n_rows - self.n_splits * size
        if size < 1 or first - self.gap < (self.window or 1):
            raise ValueError(
                f"Backtest: n_splits folds of refit_every rows must leave {self.window or 1} or "
                f"more rows to train on before the gap, got n_splits={self.n_splits}, "
                f"refit_every={self.refit_every}, gap={self.gap} for {n_rows} rows; take fewer."
            )
        for start in range(first, n_rows, size):
            end = start - self.gap
            begin = 0 if self.window is None else end - self.window
            yield np.arange(begin, end), np.arange(start, start + size)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Ignored.

        Returns
        -------
        int
        """
        return self.n_splits
