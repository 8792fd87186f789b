"""Detector over the reconstruction of any transformer, principal components by default."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Instance, Int, check_params, domains_of, estimator, param
from estimators.spec import Spec
from estimators.thresholds import ThresholdedDetector


@estimator
class ReconstructionDetector(ThresholdedDetector, BaseEstimator):
    """Call abnormal what a model gives back badly, with a threshold from normal rows alone.

    The model is any transformer with an ``inverse_transform``, or any estimator whose
    ``score_samples`` are low for abnormal rows: an autoencoder, a PCA, a density. No rule for the
    threshold asks for the share of abnormal rows.

    {parameters}

    Attributes
    ----------
    estimator_ : estimator
        The fitted model.
    threshold_ : float
        The greatest error that passes as normal.
    offset_ : float
        Minus the threshold: ``decision_function`` is ``score_samples`` minus it.
    n_features_in_ : int
        Number of features.

    References
    ----------
    .. [1] A. Siffer, P.-A. Fouque, A. Termier, C. Largouet, Anomaly detection in streams with
       extreme value theory, KDD 2017: the rule "pot".
    .. [2] C. Leys, C. Ley, O. Klein, P. Bernard, L. Licata, Detecting outliers: do not use standard
       deviation around the mean, use absolute deviation around the median, Journal of Experimental
       Social Psychology 49 (2013): the rule "mad".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from estimators import ReconstructionDetector
    >>> X = load_iris().data
    >>> detector = ReconstructionDetector(estimator=PCA(2), threshold="mad", k=4.0).fit(X)
    >>> detector.predict([[5.0, 3.4, 1.5, 0.2], [5.0, 0.4, 1.5, 3.2]])
    array([ 1, -1])
    """

    estimator: Any = param(
        default=None,
        domain=Instance((BaseEstimator,), "an estimator object", none=True),
        doc="The model; it is cloned. None is a PCA that keeps 90 % of the variance.",
    )
    folds: int | None = param(
        default=5,
        domain=Int(2, none=True),
        doc="The threshold is taken from errors on rows left out, in so many folds, which are "
        "stretches of rows in their order, and with a fit for each: a model gives back too well "
        "what it was fitted on, and a threshold from that calls new normal rows abnormal. None "
        "takes it nevertheless, and spares the fits.",
    )

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model, and take the threshold from errors on rows that were left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows, normal ones if abnormal ones are to be found.
        y : ignored
            Not used.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is not legal, or the model neither scores nor reconstructs.
        """
        check_params(self, domains_of(type(self)))
        model = PCA(n_components=0.9) if self.estimator is None else clone(self.estimator)
        if not (hasattr(model, "score_samples") or hasattr(model, "inverse_transform")):
            raise ValueError(
                f"{type(self).__name__}: estimator must have score_samples or inverse_transform, "
                f"got {model!r}."
            )
        X = self._read(X, reset=True)
        self._fit_threshold(self._training_errors(model, X))
        self.estimator_: Any = model.fit(X)
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the mean squared error of every reconstruction; low is abnormal.

        A model that reconstructs nothing answers with its own scores.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return _scores(self.estimator_, self._read(X, reset=False))

    def _read(self, X: Any, *, reset: bool) -> Any:
        """Return checked rows; whether images will do is the model's to say."""
        return validate_data(self, X, reset=reset, allow_nd=True, ensure_min_samples=1 + reset)

    def _training_errors(self, model: Any, X: np.ndarray) -> np.ndarray:
        """Return the errors of the rows, of each from a model that has not seen it."""
        n_folds = min(self.folds or 1, len(X) // 2)
        if n_folds < 2:
            return -_scores(clone(model).fit(X), X)
        errors = np.empty(len(X))
        for train, rest in KFold(n_folds).split(X):
            errors[rest] = -_scores(clone(model).fit(X[train]), X[rest])
        return errors


def _scores(model: Any, X: np.ndarray) -> np.ndarray:
    """Return minus the error of every row, or what the model says of it."""
    if not hasattr(model, "inverse_transform"):
        return np.asarray(model.score_samples(X), dtype=float)
    errors = model.inverse_transform(model.transform(X)) - X
    return -np.square(errors).reshape(len(X), -1).mean(axis=1)


SPEC = Spec(
    title="reconstruction by principal components",
    summary="Calls abnormal what the main directions of normal rows do not give back; a baseline.",
    tasks={"anomaly": ReconstructionDetector},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params=domains_of(ReconstructionDetector),
    reference="J. E. Jackson and G. S. Mudholkar, Control procedures for residuals associated with "
    "principal component analysis, Technometrics 21 (1979) 341-349.",
)
