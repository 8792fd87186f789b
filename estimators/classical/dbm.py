"""Deep Boltzmann machine: layers of units that are on or off, each bound to the next."""

from __future__ import annotations

from itertools import accumulate
from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from estimators.params import Int, check_params, domains_of, estimator
from estimators.rows import check_differ
from estimators.seeds import generator_of
from estimators.spec import Spec

from ._boltzmann_rows import ProbabilityInput, mask_like
from ._dbm_layers import Layers
from ._dbm_params import MachineParams
from ._dbm_training import stacked, train_together


@estimator
class DeepBoltzmannMachine(ProbabilityInput, ClassNamePrefixFeaturesOutMixin, MachineParams):
    """Deep Boltzmann machine.

    It learns which values occur together, in layers: the first sees the rows, every other one the
    layer below. Layers are trained one by one (contrastive divergence) and then all together, by
    mean-field expectations given the rows against persistent Gibbs chains.

    Values lie in [0, 1] and are taken as probabilities; where the training rows go beyond one, all
    are divided by the greatest.

    {parameters}

    Attributes
    ----------
    weights_ : list of ndarray
        Weights between neighbouring layers, of shape (n_features, first layer) and so on.
    biases_ : list of ndarray
        Biases of all layers, the visible one first.
    filters_ : list of ndarray
        For every hidden layer what its units look for among the features, (units, n_features): the
        weights of the first, and of the others their products with those below.
    scale_ : float
        What rows are divided by.
    history_ : list of dict
        One row per epoch of the common training: epoch, train_loss (mean squared error of the
        reconstruction by mean field).
    n_features_in_ : int
        Number of features.

    References
    ----------
    .. [1] R. Salakhutdinov, G. Hinton, "Deep Boltzmann machines", AISTATS (2009) 448-455.

    Examples
    --------
    >>> from estimators import DeepBoltzmannMachine
    >>> X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> dbm = DeepBoltzmannMachine(layer_sizes=(8, 4), n_iter=200, random_state=0).fit(X)
    >>> np.unique(dbm.sample(20, random_state=0).round(), axis=0)
    array([[0., 0., 1., 1.],
           [1., 1., 0., 0.]])
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train layer by layer, then all layers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows without negative values, two or more that differ.
        y : ignored
            Not used.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter or ``X`` is not legal.
        """
        check_params(self, domains_of(type(self)))
        X = self._read(X, reset=True, ensure_min_samples=2)
        check_differ(X, type(self).__name__)
        self.scale_ = max(1.0, float(X.max()))
        X = X / X.dtype.type(self.scale_)
        rng = generator_of(self.random_state)
        layers = stacked(self, X, rng)
        self.history_ = train_together(self, layers, X, rng)
        self.weights_, self.biases_ = layers.weights, layers.biases
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return how probable it is that hidden units are on, by mean field.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, sum of layer_sizes)
            All hidden layers side by side, from below.
        """
        check_is_fitted(self)
        rows = self._scaled(self._read(X, reset=False))
        return np.hstack(self._layers().mean_field(rows, self.n_mean_field)[1:])

    def sample(self, n: int = 1, random_state: Any = None, *, n_steps: int = 1000) -> np.ndarray:
        """Draw rows, each by a Gibbs chain of its own.

        Parameters
        ----------
        n : int, default=1
            How many.
        random_state : int, RandomState or None, default=None
            Seed of the chains.
        n_steps : int, default=1000
            Steps of every chain.

        Returns
        -------
        ndarray of shape (n, n_features)
            The probabilities of the visible units in the last step, times ``scale_``.
        """
        check_is_fitted(self)
        Int(1).check(n, "n", type(self).__name__)
        Int(1).check(n_steps, "n_steps", type(self).__name__)
        start = np.tile(expit(self.biases_[0]), (n, 1))
        return self._layers().chain(start, generator_of(random_state), n_steps) * self.scale_

    def inpaint(
        self, X: Any, mask: Any, *, n_steps: int = 200, random_state: Any = None
    ) -> np.ndarray:
        """Fill in the missing parts of rows: Gibbs sampling with the known parts held.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; what stands in the missing places does not matter, NaN included.
        mask : array-like of bool, shape (n_samples, n_features) or (n_features,)
            True where a value is missing.
        n_steps : int, default=200
            Steps of every chain.
        random_state : int, RandomState or None, default=None
            Seed of the chains.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            ``X`` with the missing values replaced by their mean over the second half of the chain.

        Raises
        ------
        ValueError
            If ``mask`` does not fit ``X``, or a known value is negative or missing.
        """
        check_is_fitted(self)
        owner = type(self).__name__
        Int(1).check(n_steps, "n_steps", owner)
        X = check_array(X, dtype=np.float64, ensure_all_finite=False)
        mask = mask_like(X, mask, owner)
        known = self._read(np.where(mask, 0.0, X), reset=False)
        start = np.where(mask, expit(self.biases_[0]), self._scaled(known))
        n_kept = (n_steps + 1) // 2
        shades = self._layers().chain(start, generator_of(random_state), n_steps, n_kept, mask)
        return np.where(mask, shades * self.scale_, known)

    @property
    def filters_(self) -> list[np.ndarray]:
        return [product.T for product in accumulate(self.weights_, np.matmul)]

    @property
    def _n_features_out(self) -> int:
        return sum(len(bias) for bias in self.biases_[1:])

    def _layers(self) -> Layers:
        return Layers(self.weights_, self.biases_)

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return (X / X.dtype.type(self.scale_)).clip(max=1)


SPEC = Spec(
    title="deep Boltzmann machine",
    summary="Layers of which each learns what occurs together below: draws rows, fills gaps.",
    tasks={"generation": DeepBoltzmannMachine},
    kinds=frozenset({"table", "image"}),
    prepare="minmax",
    params=domains_of(DeepBoltzmannMachine),
    fast={"layer_sizes": (16, 8), "n_iter": 15, "pretrain_iter": 5, "batch_size": 16},
    reference="R. Salakhutdinov and G. Hinton, Deep Boltzmann machines, AISTATS (2009) 448-455.",
)
