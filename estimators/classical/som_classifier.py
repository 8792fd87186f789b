"""Classification by a self-organising map whose units are labelled afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import domains_of, estimator
from estimators.spec import Spec

from ._som_params import MapParams
from ._som_step import winners
from .som import SelfOrganizingMap


@estimator
class SOMClassifier(ClassifierMixin, MapParams):
    """Self-organising map as a classifier.

    A map is spread over the rows without their labels; each unit then takes the classes of the
    training rows that it won. A new row gets the classes of the nearest unit that won any.

    {parameters}

    Attributes
    ----------
    som_ : SelfOrganizingMap
        The fitted map.
    classes_ : ndarray of shape (n_classes,)
        Labels seen in ``fit``.
    counts_ : ndarray of int, shape (rows * columns, n_classes)
        Training rows of every class that a unit won.

    References
    ----------
    T. Kohonen, "Essentials of the self-organizing map", Neural Networks 37 (2013) 52-65.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from estimators import SOMClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SOMClassifier(shape=(4, 4), random_state=0).fit(X[::2], y[::2])
    >>> model.score(X[1::2], y[1::2]) > 0.9
    True
    """

    def fit(self, X: Any, y: Any) -> SOMClassifier:
        """Spread the map, then count the classes of every unit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows that differ.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        SOMClassifier
            Itself.

        Raises
        ------
        ValueError
            If a parameter, ``X`` or ``y`` is not legal.
        """
        types = [np.float64, np.float32]
        X, y = validate_data(self, X, y, dtype=types, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.som_ = SelfOrganizingMap(**self.get_params()).fit(X)
        self.counts_ = np.zeros((self.som_.hit_map_.size, len(self.classes_)), dtype=int)
        np.add.at(self.counts_, (self.som_.labels_, codes), 1)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the share of every class among the training rows of the nearest unit with any.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        counts = self.counts_[self.counts_.any(axis=1)]
        weights = self.som_.weights_.reshape(-1, X.shape[1])[self.counts_.any(axis=1)]
        shares = counts / counts.sum(axis=1, keepdims=True)
        return shares[winners(X, weights.astype(X.dtype), self.distance)]

    def predict(self, X: Any) -> np.ndarray:
        """Return the commonest class of the nearest unit with training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]


SPEC = Spec(
    title="self-organising map, labelled",
    summary="A map drawn without labels, then read as a classifier: shows why it answers so.",
    tasks={"classification": SOMClassifier},
    kinds=frozenset({"table", "image"}),
    prepare="scale",
    params=domains_of(SOMClassifier),
    fast={"shape": (3, 3), "n_iter": 10},
    reference="T. Kohonen, Essentials of the self-organizing map, Neural Networks 37 (2013) 52-65.",
)
