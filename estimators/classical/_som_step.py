"""One step of a batch map: which unit every row goes to, and where the units go then."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from scipy.spatial.distance import cdist
from sklearn.utils import gen_batches

from .som_grid import adjacency

_CHUNK = 4096  # rows whose distances to all units are in memory at a time
_METRIC = {"manhattan": "cityblock", "chebyshev": "chebyshev"}
_BLOCK = 16  # rank by which the factors of the weights grow
_TOLERANCE = 3e-5  # by which a unit may be off in its factors, as a share of the longest one


def distances(X: Any, weights: Any, distance: str, factors: Any = None) -> Any:
    """Return a number per row and unit that grows with their distance. Shape: ``(n, units)``.

    For "euclidean" it is half the squared distance without the part that all units share, for
    "cosine" minus the cosine times the length of the row: enough to tell who wins. ``factors`` are
    those of :func:`low_rank`.
    """
    if distance == "euclidean":
        product = X @ weights.T if factors is None else X @ factors[1].T @ factors[0].T
        product *= -1
        product += (weights * weights).sum(1) / 2
        return product
    if distance == "cosine":
        lengths = (weights * weights).sum(1) ** 0.5
        return -(X @ weights.T) / (lengths + 1e-8)
    return cdist(X, weights, metric=_METRIC[distance])


def winners(X: Any, weights: Any, distance: str) -> Any:
    """Return the unit nearest to every row. Shape: ``(n,)``."""
    parts = [
        distances(X[rows], weights, distance).argmin(1) for rows in gen_batches(len(X), _CHUNK)
    ]
    return _joined(parts)


def best_two(X: np.ndarray, weights: np.ndarray, distance: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest and the second nearest unit of every row; twice the same if there is one.

    >>> best_two(np.array([[0.1], [2.9]]), np.array([[0.0], [1.0], [3.0]]), "euclidean")
    (array([0, 2]), array([1, 1]))
    """
    best, second = [], []
    for rows in gen_batches(len(X), _CHUNK):
        found = distances(X[rows], weights, distance)
        best.append(found.argmin(axis=1))
        if len(weights) > 1:
            np.put_along_axis(found, best[-1][:, None], np.inf, axis=1)
        second.append(found.argmin(axis=1))
    return np.concatenate(best), np.concatenate(second)


def errors(X: np.ndarray, weights: np.ndarray, model: Any) -> tuple[np.ndarray, float, float]:
    """Return the unit of every row, the quantization error and the topographic error."""
    best, second = best_two(X, weights, model.distance)
    touching = adjacency(model.shape, model.topology) | np.eye(len(weights), dtype=bool)
    apart = [np.linalg.norm(X[r] - weights[best[r]], axis=1) for r in gen_batches(len(X), _CHUNK)]
    return best, float(np.concatenate(apart).mean()), float((~touching[best, second]).mean())


def batch_step(X: Any, weights: Any, pull: Any, distance: str, rate: float) -> Any:
    """Return the weights after one step with all of ``X``, towards the means of what pulls them.

    ``pull`` is the neighbourhood, of shape ``(units, units)``; a unit that nothing pulls stays.
    With ``rate=1`` a unit goes all the way (Kohonen's batch map).
    """
    sums, counts = _per_unit(X, weights, distance)
    strength, hit = pull @ counts, counts > 0  # of a small batch few units are hit
    means = (pull[:, hit] @ sums[hit]) / strength.clip(1e-30)[:, None]
    moved = (1 - rate) * weights + rate * means
    return moved * (strength > 0)[:, None] + weights * (strength <= 0)[:, None]


def _per_unit(X: Any, weights: Any, distance: str) -> tuple[Any, Any]:
    """Return the sum of the rows that each unit won, and their number."""
    n_units = len(weights)
    if not isinstance(X, np.ndarray):
        found = winners(X, weights, distance)
        counts = found.bincount(minlength=n_units).to(X.dtype)
        return X.new_zeros((n_units, X.shape[1])).index_add_(0, found, X), counts
    factors = None
    if distance == "euclidean" and len(X) > 8 * n_units:
        factors = low_rank(weights)
    sums, counts = np.zeros_like(weights), np.zeros(n_units, dtype=X.dtype)
    for rows in gen_batches(len(X), _CHUNK):  # a chunk is summed while it is in the cache
        part = X[rows]
        found = distances(part, weights, distance, factors).argmin(axis=1)
        ones, ends = np.ones(len(part), dtype=X.dtype), np.arange(len(part) + 1)
        won = scipy.sparse.csr_matrix((ones, found, ends), (len(part), n_units))
        sums += won.T @ part
        counts += np.bincount(found, minlength=n_units)
    return sums, counts


def low_rank(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return thin factors of ``weights``, None if they are not thin enough to save work.

    The units of a wide neighbourhood are smooth over the grid, hence of low rank: most products
    with the rows can be left out. The factors are found block by block by random projection [1]_.

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", SIAM Review 53
       (2011) 217-288.

    >>> smooth = np.outer(np.linspace(0, 1, 50), np.arange(60.0))
    >>> left, right = low_rank(smooth)
    >>> left.shape, right.shape, bool(np.allclose(left @ right, smooth))
    ((50, 16), (16, 60), True)
    """
    n_units, n_features = weights.shape
    limit = 0.7 * n_units * n_features / (n_units + n_features)
    rng, rest = np.random.RandomState(0), weights.copy()
    allowed = _TOLERANCE * np.linalg.norm(weights, axis=1).max()
    left, right = [], []
    for _ in range(int(limit) // _BLOCK):
        directions = rng.standard_normal((n_features, _BLOCK)).astype(weights.dtype)
        basis, _ = np.linalg.qr(rest @ directions)
        left.append(basis)
        right.append(basis.T @ rest)
        rest -= basis @ right[-1]
        if np.linalg.norm(rest, axis=1).max() <= allowed:
            return np.hstack(left), np.vstack(right)
    return None


def _joined(parts: list[Any]) -> Any:
    """Return numpy arrays, or torch tensors, as one."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import torch  # on first use: importing it costs more than most fits

    return torch.cat(parts)
