"""One step of a batch map: which unit every row goes to, and where the units go then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from scipy.spatial.distance import cdist
from sklearn.utils import gen_batches

from ._slabs import in_one_thread, over_slabs
from .som_grid import adjacency

_CHUNK = 512  # rows compared with all units at a time: the result stays in the cache
_ON_DEVICE = 4096  # the same on a torch device
_METRIC = {"manhattan": "cityblock", "chebyshev": "chebyshev"}
_BLOCK = 16  # rank by which the factors of the weights grow
_TOLERANCE = 3e-5  # by which a unit may be off in its factors, as a share of the longest one


def closeness(weights: Any, distance: str, factors: Any = None) -> Callable[[Any], Any]:
    """Return a function of rows: a number per row and unit that falls with their distance.

    For "euclidean" it is minus half the squared distance without the part that all units share, for
    "cosine" the cosine times the length of the row: enough to tell who wins. ``factors`` are those
    of :func:`low_rank`.

    >>> closeness(np.array([[0.0], [4.0]]), "euclidean")(np.array([[1.0], [3.0]]))
    array([[ 0., -4.],
           [ 0.,  4.]])
    """
    if distance == "cosine":
        lengths = (weights * weights).sum(1) ** 0.5
        directions = weights / (lengths + 1e-8)[:, None]
        return lambda X: X @ directions.T
    if distance != "euclidean":
        return lambda X: -cdist(X, weights, metric=_METRIC[distance])
    half = (weights * weights).sum(1) / 2

    def euclidean(X: Any) -> Any:
        product = X @ weights.T if factors is None else X @ factors[1].T @ factors[0].T
        product -= half
        return product

    return euclidean


def winners(X: np.ndarray, weights: np.ndarray, distance: str) -> np.ndarray:
    """Return the unit nearest to every row. Shape: ``(n,)``."""
    near = closeness(weights, distance)
    return np.concatenate(list(over_slabs(lambda rows: _nearest(X[rows], near), len(X))))


def _nearest(X: np.ndarray, near: Callable[[Any], Any]) -> np.ndarray:
    """Return the unit nearest to every row, by a function of :func:`closeness`."""
    return np.concatenate([near(X[rows]).argmax(1) for rows in gen_batches(len(X), _CHUNK)])


def best_two(X: np.ndarray, weights: np.ndarray, distance: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest and the second nearest unit of every row; twice the same if there is one.

    >>> best_two(np.array([[0.1], [2.9]]), np.array([[0.0], [1.0], [3.0]]), "euclidean")
    (array([0, 2]), array([1, 1]))
    """
    near, best, second = closeness(weights, distance), [], []
    for rows in gen_batches(len(X), _CHUNK):
        found = near(X[rows])
        best.append(found.argmax(axis=1))
        if len(weights) > 1:
            np.put_along_axis(found, best[-1][:, None], -np.inf, axis=1)
        second.append(found.argmax(axis=1))
    return np.concatenate(best), np.concatenate(second)


def errors(X: np.ndarray, weights: np.ndarray, model: Any) -> tuple[np.ndarray, float, float]:
    """Return the unit of every row, the quantization error and the topographic error."""

    def look(rows: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        best, second = best_two(X[rows], weights, model.distance)
        return best, second, np.linalg.norm(X[rows] - weights[best], axis=1)

    parts = zip(*over_slabs(look, len(X)), strict=True)
    best, second, apart = (np.concatenate(part) for part in parts)
    touching = adjacency(model.shape, model.topology) | np.eye(len(weights), dtype=bool)
    return best, float(apart.mean()), float((~touching[best, second]).mean())


def batch_step(X: Any, weights: Any, pull: Any, distance: str, rate: float) -> Any:
    """Return the weights after one step with all of ``X``, towards the means of what pulls them.

    ``pull`` is the neighbourhood, of shape ``(units, units)``; a unit that nothing pulls stays.
    With ``rate=1`` a unit goes all the way (Kohonen's batch map).
    """
    sums, counts = _per_unit(X, weights, distance)
    hit = counts > 0  # of a small batch few units are hit
    with in_one_thread():
        strength = pull @ counts
        means = (pull[:, hit] @ sums[hit]) / strength.clip(1e-30)[:, None]
    moved = (1 - rate) * weights + rate * means
    return moved * (strength > 0)[:, None] + weights * (strength <= 0)[:, None]


def _per_unit(X: Any, weights: Any, distance: str) -> tuple[Any, Any]:
    """Return the sum of the rows that each unit won, and their number."""
    if not isinstance(X, np.ndarray):
        return _per_unit_of_tensor(X, weights, distance)
    n_units, factors = len(weights), None
    if distance == "euclidean" and len(X) > 8 * n_units:
        with in_one_thread():
            factors = low_rank(weights)
    near = closeness(weights, distance, factors)

    def won(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        part = X[rows]
        found = _nearest(part, near)
        ones, ends = np.ones(len(part), dtype=X.dtype), np.arange(len(part) + 1)
        hits = scipy.sparse.csr_matrix((ones, found, ends), (len(part), n_units))
        return hits.T @ part, np.bincount(found, minlength=n_units)

    sums, counts = np.zeros_like(weights), np.zeros(n_units, dtype=X.dtype)
    for more, hits in over_slabs(won, len(X)):
        sums += more
        counts += hits
    return sums, counts


def _per_unit_of_tensor(X: Any, weights: Any, distance: str) -> tuple[Any, Any]:
    """Return the same on a torch device."""
    sums, counts = weights.new_zeros(weights.shape), weights.new_zeros(len(weights))
    near = closeness(weights, distance)
    for part in X.split(_ON_DEVICE):
        found = near(part).argmax(1)
        sums.index_add_(0, found, part)
        counts += found.bincount(minlength=len(weights))
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
    n_blocks = int(0.7 * n_units * n_features / (n_units + n_features)) // _BLOCK
    rng, rest = np.random.RandomState(0), weights.copy()
    longest = np.linalg.norm(weights, axis=1).max()
    left, right = [], []
    for n in range(1, n_blocks + 1):
        directions = rng.standard_normal((n_features, _BLOCK)).astype(weights.dtype)
        basis, _ = np.linalg.qr(rest @ directions)
        left.append(basis)
        right.append(basis.T @ rest)
        rest -= basis @ right[-1]
        off = np.linalg.norm(rest, axis=1).max()
        if off <= _TOLERANCE * longest:
            return np.hstack(left), np.vstack(right)
        if off > _TOLERANCE ** (n / n_blocks) * longest:  # later blocks take ever smaller shares
            return None
    return None
