"""What one can ask of a fitted restricted Boltzmann machine: samples, gaps filled, errors.

A machine gives rows x in [0, 1] and hidden units h the probability exp(-E(x, h)) / Z with
E(x, h) = -x'b - h'c - h'Wx, where W is ``components_``, b ``intercept_visible_`` and c
``intercept_hidden_``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from estimators.params import Int
from estimators.seeds import generator_of

from ._boltzmann_rows import mask_like


def rbm_sample(
    rbm: BernoulliRBM, n_samples: int = 1, *, n_steps: int = 1000, random_state: Any = None
) -> np.ndarray:
    """Draw rows from a machine, each by a Gibbs chain of its own.

    Parameters
    ----------
    rbm : BernoulliRBM
        Fitted.
    n_samples : int, default=1
        Number of rows.
    n_steps : int, default=1000
        Steps of every chain; a machine that holds several kinds of rows needs many.
    random_state : int, RandomState or None, default=None
        Seed of the chains; None takes numpy's global generator, as scikit-learn does.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The probabilities of the visible units in the last step: shades, which look better than
        the black and white drawn from them.

    Examples
    --------
    >>> from estimators import BernoulliRBM, rbm_sample
    >>> X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> rbm = BernoulliRBM(8, learning_rate=0.05, n_iter=200, random_state=0).fit(X)
    >>> np.unique(rbm_sample(rbm, 20, random_state=0).round(), axis=0)
    array([[0., 0., 1., 1.],
           [1., 1., 0., 0.]])
    """
    check_is_fitted(rbm)
    Int(1).check(n_samples, "n_samples", "rbm_sample")
    Int(1).check(n_steps, "n_steps", "rbm_sample")
    start = np.tile(expit(rbm.intercept_visible_), (n_samples, 1))
    return _chain(rbm, start, True, n_steps, 1, generator_of(random_state))


def rbm_inpaint(
    rbm: BernoulliRBM, X: Any, mask: Any, *, n_steps: int = 200, random_state: Any = None
) -> np.ndarray:
    """Fill in the missing parts of rows: Gibbs sampling with the known parts held.

    Parameters
    ----------
    rbm : BernoulliRBM
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows in [0, 1]; what stands in the missing places does not matter, NaN included.
    mask : array-like of bool, shape (n_samples, n_features) or (n_features,)
        True where a value is missing.
    n_steps : int, default=200
        Steps of every chain.
    random_state : int, RandomState or None, default=None
        Seed of the chains; None takes numpy's global generator, as scikit-learn does.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        ``X`` with the missing values replaced by the mean probability over the second half of the
        chain.

    Raises
    ------
    ValueError
        If ``mask`` does not fit ``X``, or a known value lies outside [0, 1].

    Examples
    --------
    >>> from estimators import BernoulliRBM, rbm_inpaint
    >>> X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> rbm = BernoulliRBM(8, learning_rate=0.1, n_iter=200, random_state=0).fit(X)
    >>> rbm_inpaint(rbm, [[0, 0, np.nan, np.nan]], [0, 0, 1, 1], random_state=0).round()
    array([[0., 0., 1., 1.]])
    """
    check_is_fitted(rbm)
    Int(1).check(n_steps, "n_steps", "rbm_inpaint")
    X = check_array(X, dtype=np.float64, ensure_all_finite=False)
    mask = mask_like(X, mask, "rbm_inpaint")
    start = np.where(mask, expit(rbm.intercept_visible_), X)
    start = _rows(rbm, start, "rbm_inpaint")
    rng = generator_of(random_state)
    return _chain(rbm, start, mask, n_steps, (n_steps + 1) // 2, rng)


def rbm_pseudo_likelihood(rbm: BernoulliRBM, X: Any) -> np.ndarray:
    """Return the log pseudo-likelihood of rows: the sum of log P(x_i | all other x).

    ``BernoulliRBM.score_samples`` estimates it from one feature drawn at random; this is the whole
    sum, the same each time, and costs as much as reconstructing every row once per hidden unit.

    Parameters
    ----------
    rbm : BernoulliRBM
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows in [0, 1].

    Returns
    -------
    ndarray of shape (n_samples,)

    References
    ----------
    J. Besag, "Statistical analysis of non-lattice data", The Statistician 24 (1975) 179-195.

    Examples
    --------
    >>> from estimators import BernoulliRBM, rbm_pseudo_likelihood
    >>> X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> rbm = BernoulliRBM(8, learning_rate=0.1, n_iter=200, random_state=0).fit(X)
    >>> usual, odd = rbm_pseudo_likelihood(rbm, [[0, 0, 1, 1], [0, 1, 0, 1]])
    >>> bool(usual > odd)
    True
    """
    check_is_fitted(rbm)
    X = _rows(rbm, X, "rbm_pseudo_likelihood")
    W, flips = rbm.components_, 1 - 2 * X
    hidden = X @ W.T + rbm.intercept_hidden_
    gain = flips * rbm.intercept_visible_  # minus the rise of the free energy when a value flips
    for w, a in zip(W, hidden.T, strict=True):
        gain += np.logaddexp(0, a[:, None] + flips * w) - np.logaddexp(0, a)[:, None]
    return -np.logaddexp(0, gain).sum(axis=1)


def rbm_reconstruction_error(rbm: BernoulliRBM, X: Any) -> np.ndarray:
    """Return the mean squared error of rows after one way to the hidden units and back.

    Parameters
    ----------
    rbm : BernoulliRBM
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows in [0, 1].

    Returns
    -------
    ndarray of shape (n_samples,)
        Both ways go by probabilities, so it is the same each time.

    Examples
    --------
    >>> from estimators import BernoulliRBM, rbm_reconstruction_error
    >>> X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> rbm = BernoulliRBM(8, learning_rate=0.1, n_iter=200, random_state=0).fit(X)
    >>> usual, odd = rbm_reconstruction_error(rbm, [[0, 0, 1, 1], [0, 1, 0, 1]])
    >>> bool(usual < odd)
    True
    """
    check_is_fitted(rbm)
    X = _rows(rbm, X, "rbm_reconstruction_error")
    return ((_visible(rbm, _hidden(rbm, X)) - X) ** 2).mean(axis=1)


def _chain(
    rbm: BernoulliRBM,
    x: np.ndarray,
    mask: np.ndarray | bool,
    n_steps: int,
    n_kept: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Return the mean ``P(x | h)`` of the last steps of a Gibbs chain that moves ``mask`` alone."""
    total = np.zeros_like(x)
    for step in range(n_steps):
        h = rng.uniform(size=(len(x), len(rbm.intercept_hidden_))) < _hidden(rbm, x)
        shades = np.where(mask, _visible(rbm, h), x)
        x = np.where(mask, rng.uniform(size=x.shape) < shades, x)
        if step >= n_steps - n_kept:
            total += shades
    return total / n_kept


def _hidden(rbm: BernoulliRBM, x: np.ndarray) -> np.ndarray:
    return expit(x @ rbm.components_.T + rbm.intercept_hidden_)


def _visible(rbm: BernoulliRBM, h: np.ndarray) -> np.ndarray:
    return expit(h @ rbm.components_ + rbm.intercept_visible_)


def _rows(rbm: BernoulliRBM, X: Any, owner: str) -> np.ndarray:
    """Return checked rows; the machine itself would take any number and learn nonsense."""
    X = check_array(X, dtype=np.float64)
    n_features = rbm.components_.shape[1]
    if X.shape[1] != n_features:
        raise ValueError(f"{owner}: X must have {n_features} features, got {X.shape[1]}.")
    if X.min() < 0 or X.max() > 1:
        raise ValueError(
            f"{owner}: X must lie in [0, 1], got values from {X.min():g} to {X.max():g}; scale it "
            "with MinMaxScaler first."
        )
    return X
