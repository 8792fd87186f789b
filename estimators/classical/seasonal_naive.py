"""Forecasts without a model: the last value, and the value one season before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Int, check_params, domains_of, estimator, param
from estimators.spec import Spec


class _Naive(RegressorMixin, BaseEstimator, ABC):
    """A forecast that is one of the values before; nothing is learnt."""

    @abstractmethod
    def _lag(self) -> int:
        """Return how many steps before its value stood."""

    def fit(self, X: Any, y: Any) -> Self:
        """Check the rows; nothing is learnt from them.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Values before, latest first; columns after them do not matter.
        y : array-like of shape (n_rows,)
            The values to forecast.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a row holds fewer values than a season.
        """
        check_params(self, domains_of(type(self)))
        X, _ = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        if self._lag() > X.shape[1]:
            raise ValueError(
                f"{type(self).__name__}: period must be at most the number of values that a row "
                f"holds, got period={self._lag()} for n_features={X.shape[1]}."
            )
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the value before that stands for each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows as in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return X[:, self._lag() - 1]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # of rows that are no series
        return tags


@estimator
class Persistence(_Naive):
    """Forecast the last value.

    Rows hold the values before, latest first, as those of every forecasting data set do.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> from estimators import Persistence
    >>> X, y = np.array([[3.0, 2.0, 1.0], [4.0, 3.0, 2.0]]), np.array([4.0, 5.0])
    >>> Persistence().fit(X, y).predict(X)
    array([3., 4.])
    """

    def _lag(self) -> int:
        return 1


@estimator
class SeasonalNaive(_Naive):
    """Forecast the value one season before.

    Rows hold the values before, latest first, as those of every forecasting data set do. Nothing is
    learnt; a forecaster that is no better is of no use.

    {parameters}

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.

    References
    ----------
    R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2
    (2021).

    Examples
    --------
    >>> from estimators import SeasonalNaive
    >>> X, y = np.array([[3.0, 2.0, 1.0], [4.0, 3.0, 2.0]]), np.array([4.0, 5.0])
    >>> SeasonalNaive(period=3).fit(X, y).predict(X)
    array([1., 2.])
    """

    period: int = param(
        default=1,
        domain=Int(1),
        doc="Steps in a season. Where it is 1, `make_pipeline` sets that of the data.",
    )

    def _lag(self) -> int:
        return self.period


SPEC = Spec(
    title="seasonal naive",
    summary="Forecasts the value one season before (a day, week or year): the yardstick of every "
    "forecast of what repeats itself.",
    tasks={"forecasting": SeasonalNaive},
    kinds=frozenset({"series"}),
    prepare="history",
    params=domains_of(SeasonalNaive),
    reference="R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice (2021)",
)
