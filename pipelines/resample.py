"""Balance the classes of the training rows; what is predicted is never resampled."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing, check_array

from estimators.params import Int, check_params, domains_of, estimator, param, seed


class _Sampler(BaseEstimator):
    """A step of an imbalanced-learn pipeline that changes rows in ``fit`` only."""

    def fit(self, X: Any, y: Any) -> _Sampler:
        """Check the parameters; there is nothing to learn."""
        check_params(self, domains_of(type(self)))
        return self


@estimator
class Oversampler(_Sampler):
    """Add rows to the smaller classes between neighbours of the same class (SMOTE).

    {parameters}

    References
    ----------
    N. Chawla, K. Bowyer, L. Hall and W. Kegelmeyer, SMOTE: synthetic minority over-sampling
    technique, Journal of Artificial Intelligence Research 16 (2002) 321-357.

    Examples
    --------
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.repeat([0, 1], [14, 6])
    >>> np.bincount(Oversampler(random_state=0).fit_resample(X, y)[1])
    array([14, 14])
    """

    k_neighbors: int = param(
        default=5, domain=Int(1), doc="How many neighbours of a row a new one may lie between."
    )
    random_state: Any = param(default=None, domain=seed(), doc="Seed of the new rows.")

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Return all rows and the new ones.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)
            Numbers without NaN.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        X, y : array-like of n_new >= n rows
            The old rows first.

        Raises
        ------
        ValueError
            If a class that is to grow has no more than ``k_neighbors`` rows.
        """
        self.fit(X, y)
        check_enough_neighbors(y, self.k_neighbors)
        smote = SMOTE(k_neighbors=self.k_neighbors, random_state=self.random_state)
        return smote.fit_resample(X, y)


@estimator
class Undersampler(_Sampler):
    """Leave out rows of the larger classes at random, whatever a row is: numbers, image or text.

    {parameters}

    Examples
    --------
    >>> X, y = np.array(["a", "b", "c", "d"], dtype=object), np.array([0, 0, 0, 1])
    >>> np.bincount(Undersampler(random_state=0).fit_resample(X, y)[1])
    array([1, 1])
    """

    random_state: Any = param(default=None, domain=seed(), doc="Seed of the choice of rows.")

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Return as many rows of every class as the smallest has.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of n rows
            Rows of any shape.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        X, y : array-like of n_new <= n rows
            The rows that stay.
        """
        self.fit(X, y)
        rows = np.arange(len(y)).reshape(-1, 1)
        sampler = RandomUnderSampler(random_state=self.random_state)
        chosen, y = sampler.fit_resample(rows, y)
        return _safe_indexing(X, chosen.ravel()), y


def check_enough_neighbors(y: Any, k_neighbors: int) -> None:
    """Raise a ValueError that names the class of ``y`` that is too small for SMOTE."""
    y = check_array(y, ensure_2d=False, dtype=None)
    classes, counts = np.unique(y, return_counts=True)
    smallest = counts.argmin()
    if counts[smallest] <= k_neighbors and counts[smallest] < counts.max():
        raise ValueError(
            f"resample='smote' needs more than k_neighbors={k_neighbors} rows of every class, but "
            f"class {classes[smallest]!s:.50} has {counts[smallest]}; lower resample__k_neighbors, "
            "use resample='undersample' or leave it out."
        )
