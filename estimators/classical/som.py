"""Self-organising maps: MiniSom's, and one that moves all units at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.metrics import pairwise_distances
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import domains_of, estimator
from estimators.spec import Spec

from ._som_params import MapParams, check_map
from ._som_step import errors, winners
from ._som_training import train_in_batches, train_online
from .som_grid import u_matrix


@estimator
class SelfOrganizingMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, MapParams):
    """Self-organising map.

    A grid of units, each a point among the data, learns to cover the data so that units that are
    neighbours on the grid are neighbours among the data too.

    {parameters}

    Attributes
    ----------
    weights_ : ndarray of shape (rows, columns, n_features)
        Where the units lie.
    labels_ : ndarray of shape (n_samples,)
        The unit of every training row, as ``row * n_columns + column``.
    quantization_error_ : float
        Mean Euclidean distance of the training rows to their unit.
    topographic_error_ : float
        Share of the training rows whose two nearest units do not touch on the grid.
    u_matrix_ : ndarray of shape (rows, columns)
        Mean distance of a unit to those it touches: ridges separate clusters.
    hit_map_ : ndarray of int, shape (rows, columns)
        Number of training rows of every unit.
    dead_units_ : ndarray of int, shape (n_dead,)
        Units without a training row.
    component_planes_ : ndarray of shape (n_features, rows, columns)
        One feature of all units at a time.
    n_iter_ : int
        Passes made.

    Notes
    -----
    MiniSom's "chebyshev" drops the sign of differences when it trains [3]_; its weights are kept
    as they are, and ``predict`` uses the true distance.

    References
    ----------
    .. [1] T. Kohonen, "Essentials of the self-organizing map", Neural Networks 37 (2013) 52-65.
    .. [2] K. Kiviluoto, "Topology preservation in self-organizing maps", IEEE International
       Conference on Neural Networks (1996) 294-299.
    .. [3] G. Vettigli, "MiniSom: minimalistic and NumPy-based implementation of the self organizing
       map" (2018), https://github.com/JustGlowing/minisom

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from estimators import SelfOrganizingMap
    >>> X, y = load_iris(return_X_y=True)
    >>> som = SelfOrganizingMap(shape=(1, 3), final_sigma=0.3, random_state=0).fit(X)
    >>> som.hit_map_
    array([[50, 61, 39]])
    """

    def fit(self, X: Any, y: Any = None) -> SelfOrganizingMap:
        """Spread the map over the rows of ``X``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows that differ.
        y : ignored
            Not used.

        Returns
        -------
        SelfOrganizingMap
            Itself.

        Raises
        ------
        ValueError
            If a parameter or ``X`` is not legal.
        """
        X = self._validated(X, reset=True)
        if self.algorithm == "online":
            weights = train_online(self, X, None, range(self.n_iter))
        else:
            weights = train_in_batches(self, X, None, range(self.n_iter), self.batch_size)
        return self._describe(X, weights, self.n_iter)

    def partial_fit(self, X: Any, y: Any = None) -> SelfOrganizingMap:
        """Make the next of the ``n_iter`` passes, or one more like the last, with these rows alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows; the first call starts the map from them.
        y : ignored
            Not used.

        Returns
        -------
        SelfOrganizingMap
            Itself; labels, hits and errors are those of these rows.
        """
        first = not hasattr(self, "weights_")
        X = self._validated(X, reset=first)
        t = 0 if first else self.n_iter_
        weights = None if first else self.weights_.reshape(-1, X.shape[1])
        passes = range(min(t, self.n_iter - 1), min(t, self.n_iter - 1) + 1)
        if self.algorithm == "online":
            weights = train_online(self, X, weights, passes)
        else:
            weights = train_in_batches(self, X, weights, passes, len(X))
        return self._describe(X, weights, t + 1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the nearest unit of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of int, shape (n_samples,)
            Units as ``row * n_columns + column``.
        """
        X, weights = self._ready(X)
        return winners(X, weights, self.distance)

    def transform(self, X: Any) -> np.ndarray:
        """Return the distance of every row to every unit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, rows * columns)
        """
        return pairwise_distances(*self._ready(X), metric=self.distance)

    @property
    def u_matrix_(self) -> np.ndarray:
        return u_matrix(self.weights_, self.topology)

    @property
    def component_planes_(self) -> np.ndarray:
        return np.moveaxis(self.weights_, -1, 0)

    @property
    def dead_units_(self) -> np.ndarray:
        return np.flatnonzero(self.hit_map_ == 0)

    @property
    def _n_features_out(self) -> int:
        return self.hit_map_.size

    def _validated(self, X: Any, reset: bool) -> np.ndarray:
        """Check parameters and training rows."""
        types = [np.float64, np.float32]
        X = validate_data(self, X, dtype=types, ensure_min_samples=2, reset=reset)
        check_map(self, X)
        return X

    def _ready(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return rows to ask about, and the units in their type."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return X, self.weights_.reshape(-1, X.shape[1]).astype(X.dtype)

    def _describe(self, X: np.ndarray, weights: np.ndarray, n_iter: int) -> SelfOrganizingMap:
        """Keep the weights and what the training rows make of them."""
        self.n_iter_ = n_iter
        self.weights_ = weights.reshape(*self.shape, -1).astype(X.dtype)
        self.labels_, self.quantization_error_, self.topographic_error_ = errors(
            *self._ready(X), self
        )
        hits = np.bincount(self.labels_, minlength=len(weights))
        self.hit_map_ = hits.reshape(self.shape)
        return self


SPEC = Spec(
    title="self-organising map",
    summary="A grid of points bent over the data: clusters, and a map of them to look at.",
    tasks={"clustering": SelfOrganizingMap},
    kinds=frozenset({"table", "image"}),
    prepare="scale",
    params=domains_of(SelfOrganizingMap),
    fast={"shape": (1, 3), "final_sigma": 0.3, "n_iter": 10},
    reference="T. Kohonen, Essentials of the self-organizing map, Neural Networks 37 (2013) 52-65.",
)
