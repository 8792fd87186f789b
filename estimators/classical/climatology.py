"""Forecasts by the calendar alone: what is usual at this time of the year."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Float, Int, check_params, domains_of, estimator, param
from estimators.spec import Spec


@estimator
class Climatology(RegressorMixin, BaseEstimator):
    """Forecast what is usual at this time of the year.

    The mean course of a period as a sum of waves, fitted by least squares; the mean alone where
    the rows to fit are shorter than a period, as waves fitted to a part of it run wild beyond. The
    values before are not looked at.

    {parameters}

    Attributes
    ----------
    coef_ : ndarray of shape (1 + 2 * harmonics,)
        The mean, then sines and cosines of all waves.
    n_features_in_ : int
        Number of columns.

    References
    ----------
    D. S. Wilks, Statistical Methods in the Atmospheric Sciences, 4th ed., section 10.4 (2019).

    Examples
    --------
    >>> from estimators import Climatology
    >>> days = np.arange(1000.0)
    >>> y = 10 + np.sin(2 * np.pi * days / 365.25)
    >>> model = Climatology().fit(days.reshape(-1, 1), y)
    >>> model.predict([[365.25 / 4]]).round(6)
    array([11.])
    """

    period: float = param(
        default=365.25, domain=Float(0, open_low=True), doc="Length of the period, as `time` is."
    )
    harmonics: int = param(
        default=3, domain=Int(1, search=(1, 6)), doc="Number of waves in a period."
    )
    time: int = param(default=-1, domain=Int(), doc="Column of the time; in days, usually.")

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the mean course.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of which one column is the time.
        y : array-like of shape (n_rows,)
            The values to forecast.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such column.
        """
        check_params(self, domains_of(type(self)))
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        if not -X.shape[1] <= self.time < X.shape[1]:
            raise ValueError(
                f"Climatology: time must name a column of X, got time={self.time} for "
                f"n_features={X.shape[1]}."
            )
        waves = self._waves(X)
        n_seen = waves.shape[1] if np.ptp(X[:, self.time]) >= self.period else 1
        self.coef_ = np.zeros(waves.shape[1])
        self.coef_[:n_seen] = np.linalg.lstsq(waves[:, :n_seen], y, rcond=None)[0]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the usual value of every row's time.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows as in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        waves = self._waves(validate_data(self, X, dtype=np.float64, reset=False))
        # row by row: a product of matrices rounds by the number of rows
        return np.einsum("ij,j->i", waves, self.coef_)

    def _waves(self, X: np.ndarray) -> np.ndarray:
        """Return 1, and sine and cosine of every wave, of shape (n_rows, 1 + 2 * harmonics)."""
        angle = 2 * np.pi * X[:, [self.time]] / self.period * np.arange(1, self.harmonics + 1)
        return np.hstack([np.ones((len(X), 1)), np.sin(angle), np.cos(angle)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # of rows that are no series
        return tags


SPEC = Spec(
    title="climatology",
    summary="Forecasts what is usual at this time of the year, whatever yesterday was.",
    tasks={"forecasting": Climatology},
    kinds=frozenset({"series"}),
    prepare="history",
    params=domains_of(Climatology),
    reference="D. S. Wilks, Statistical Methods in the Atmospheric Sciences (2019)",
)
