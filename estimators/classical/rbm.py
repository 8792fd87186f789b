"""Restricted Boltzmann machine, scikit-learn's own, with functions to sample and to fill gaps."""

from __future__ import annotations

from typing import Any, Self

from sklearn import neural_network

from estimators.params import Float, Int
from estimators.spec import Spec

from ._boltzmann_rows import ProbabilityInput
from ._rbm_answers import rbm_inpaint, rbm_pseudo_likelihood, rbm_reconstruction_error, rbm_sample

__all__ = [
    "SPEC",
    "BernoulliRBM",
    "rbm_inpaint",
    "rbm_pseudo_likelihood",
    "rbm_reconstruction_error",
    "rbm_sample",
]


class BernoulliRBM(ProbabilityInput, neural_network.BernoulliRBM):
    """Restricted Boltzmann machine: scikit-learn's, which does not take negative values.

    Parameters
    ----------
    n_components : int, default=256
        Hidden units.
    learning_rate : float, default=0.1
        Size of the steps.
    batch_size : int, default=10
        Rows per step.
    n_iter : int, default=10
        Passes over the training rows.
    verbose : int, default=0
        Whether to tell of every pass.
    random_state : int, RandomState or None, default=None
        Seed of weights, chains and the order of the rows.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Weights between hidden and visible units.
    intercept_hidden_ : ndarray of shape (n_components,)
        Biases of the hidden units.
    intercept_visible_ : ndarray of shape (n_features,)
        Biases of the visible units.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import BernoulliRBM
    >>> X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> BernoulliRBM(2, n_iter=50, random_state=0).fit_transform(X).shape
    (100, 2)
    >>> BernoulliRBM(2).fit(-X)
    Traceback (most recent call last):
    ...
    ValueError: Negative values in data passed to X in BernoulliRBM: values are taken as...
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn which values occur together.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in [0, 1]. Greater values are taken as they are, as scikit-learn does.
        y : ignored
            Not used.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is not legal, or a value of ``X`` is negative or missing.
        """
        self._read(X, reset=True, accept_sparse="csr")
        return super().fit(X, y)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        self._read(X, reset=not hasattr(self, "components_"), accept_sparse="csr")
        return super().partial_fit(X, y)


SPEC = Spec(
    title="restricted Boltzmann machine",
    summary="Learns which values occur together; draws new rows, fills gaps, makes features.",
    tasks={"generation": BernoulliRBM},
    kinds=frozenset({"table", "image"}),
    prepare="minmax",
    params={
        "n_components": Int(1, search=(16, 512), log=True),
        "learning_rate": Float(0, open_low=True, search=(1e-3, 0.3), log=True),
        "batch_size": Int(1, search=(8, 128), log=True),
        "n_iter": Int(0, search=(5, 100), log=True),
    },
    fast={"n_components": 16, "n_iter": 20, "learning_rate": 0.05},
    reference="T. Tieleman, Training restricted Boltzmann machines using approximations to the "
    "likelihood gradient, International Conference on Machine Learning (2008) 1064-1071.",
)
