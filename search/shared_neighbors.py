"""One neighbour query for every number of neighbours and both weights.

The k nearest rows are the first k of a longer list. Only where rows lie equally far may the list
of another length hold them in another order, or other ones of them; the queries in which that
could matter are asked again for this very k.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib
import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.metrics._pairwise_distances_reduction import ArgKmin  # asks as it is asked by them
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

from search.cache import Cache

MODELS = (KNeighborsClassifier, KNeighborsRegressor)
PARAM = "n_neighbors"
_BESIDE = ("n_neighbors", "weights", "n_jobs")


@dataclass(frozen=True)
class Nearest:
    """The nearest rows of a query, by distance.

    Parameters
    ----------
    distances : ndarray of shape (n_queries, length)
        Ascending, but for rounding.
    rows : ndarray of shape (n_queries, length)
        Numbers of the fitted rows.
    n_rows : int
        Number of fitted rows.
    tolerance : float
        How far squared distances of one pair may differ between two queries.
    """

    distances: np.ndarray
    rows: np.ndarray
    n_rows: int
    tolerance: float

    def undecided(self, k: int, y: np.ndarray, by_votes: bool) -> np.ndarray:
        """Tell for which queries the first k may not answer as a query for k does.

        They may not where rows tie with each other and differ in the target: at the k-th place, and
        within the k where the order counts (a sum of floats depends on it).
        """
        squared = self.distances.astype(float) ** 2
        rounding = 16 * np.finfo(self.distances.dtype).eps * squared[:, 1:]
        tied = np.diff(squared, axis=1) <= self.tolerance + rounding
        targets = y[self.rows].reshape(*self.rows.shape, -1)
        differ = (targets[:, 1:] != targets[:, :-1]).any(axis=2)
        if not by_votes:
            differ |= self.distances[:, 1:] != self.distances[:, :-1]
        inside, ahead = tied[:, : k - 1] & differ[:, : k - 1], self._ties_ahead(tied, differ, k)
        if not by_votes:
            return inside.any(axis=1) | ahead
        return ahead | _ties_behind(tied, differ, k)

    def _ties_ahead(self, tied: np.ndarray, differ: np.ndarray, k: int) -> np.ndarray:
        """Tell which queries have, from the k-th place on, a tie with another target."""
        n_pairs = tied.shape[1]
        # A tie that reaches the end of the list may go on with anything.
        ahead = np.full(len(tied), n_pairs + 1 < self.n_rows)
        for pair in range(n_pairs - 1, k - 2, -1):
            ahead = tied[:, pair] & (differ[:, pair] | ahead)
        return ahead & (k < self.n_rows)


def _ties_behind(tied: np.ndarray, differ: np.ndarray, k: int) -> np.ndarray:
    """Tell which queries have a tie across the k-th place that holds another target before it."""
    behind = np.zeros(len(tied), dtype=bool)
    for pair in range(min(k, tied.shape[1])):
        behind = tied[:, pair] & (differ[:, pair] | behind)
    return behind & (k <= tied.shape[1])


def can_share(model: Any, X: Any, y: Any) -> bool:
    """Tell whether a longer list of neighbours serves the model."""
    return bool(
        type(model) in MODELS
        and isinstance(X, np.ndarray)
        and model.weights in ("uniform", "distance", None)
        and isinstance(model.metric, str)
        and model.metric != "precomputed"
        and isinstance(model.n_neighbors, (int, np.integer))
        and 1 <= model.n_neighbors <= len(X)
    )


def fit(model: Any, X: np.ndarray, y: Any, cache: Cache, largest: int | None) -> Any:
    """Return the fitted model, whose ``kneighbors`` looks into the list that all share."""
    params = {k: v for k, v in model.get_params().items() if k not in _BESIDE}
    # With algorithm="auto" scikit-learn scans all rows for half of them or more.
    few = model.n_neighbors < len(X) // 2
    name = ("neighbors", type(model), joblib.hash(params), few)
    index = cache.get(name, (X, y), lambda: clone(model).fit(X, y))
    shared = copy.copy(index)
    shared.n_neighbors, shared.n_jobs = model.n_neighbors, model.n_jobs
    # "uniform" would not ask kneighbors, but count votes on its way; None counts them after it.
    shared.weights = None if model.weights == "uniform" else model.weights
    length = min(max(model.n_neighbors, largest or 0) + 1, len(X))
    shared.kneighbors = partial(_first, shared, index, X, y, length, cache)
    return shared


def _first(
    model: Any,
    index: Any,
    fitted: np.ndarray,
    y: Any,
    length: int,
    cache: Cache,
    X: Any = None,
    n_neighbors: int | None = None,
    return_distance: bool = True,
) -> Any:
    """Return the neighbours of X, in place of ``model.kneighbors``."""
    k = model.n_neighbors
    if X is None or n_neighbors not in (None, k):
        return index.kneighbors(X, n_neighbors, return_distance)
    found = cache.get("nearest", (index, X), lambda: _ask(index, fitted, X, length))
    if found.rows.shape[1] < min(k + 1, len(fitted)):
        cache.put("nearest", (index, X), found := _ask(index, fitted, X, length))
    # The order is all the same where votes are counted.
    by_votes = isinstance(model, KNeighborsClassifier) and model.weights is None
    undecided = found.undecided(k, np.asarray(y), by_votes)
    distances, rows = found.distances[:, :k], found.rows[:, :k]
    if undecided.any():
        distances, rows = distances.copy(), rows.copy()
        distances[undecided], rows[undecided] = _ask_again(index, X, k, undecided)
    return (distances, rows) if return_distance else rows


def _ask(index: Any, fitted: np.ndarray, X: np.ndarray, length: int) -> Nearest:
    # Rows are ranked by x.x - 2 x.y + y.y where all are scanned: a sum of rounded products.
    norms = sum(np.einsum("ij,ij->i", part, part, dtype=float).max() for part in (X, fitted))
    tolerance = float(X.shape[1] * np.finfo(float).eps * norms)
    distances, rows = index.kneighbors(X, length)
    return Nearest(distances, rows, len(fitted), tolerance)


def _ask_again(index: Any, X: np.ndarray, k: int, wanted: np.ndarray) -> Any:
    """Return distances and rows for the wanted queries, as a query for all of X finds them.

    A tree answers every query by itself. Where all rows are scanned, a query is answered along with
    the others of its chunk, and by one thread if there are many chunks.
    """
    if index._fit_method in ("kd_tree", "ball_tree"):
        return index.kneighbors(X[wanted], k)
    size = get_config()["pairwise_dist_chunk_size"]
    has_chunks = 4 * size * _openmp_effective_n_threads() < len(X) or len(index._fit_X) < len(X)
    if not (has_chunks and ArgKmin.is_usable_for(X, index._fit_X, index.effective_metric_)):
        return tuple(part[wanted] for part in index.kneighbors(X, k))
    chunk = np.arange(len(X)) // size
    asked = np.isin(chunk, chunk[wanted])
    found = ArgKmin.compute(
        X=X[asked],
        Y=index._fit_X,
        k=k,
        metric=index.effective_metric_,
        metric_kwargs=index.effective_metric_params_,
        strategy="parallel_on_X",
        return_distance=True,
    )
    return tuple(part[wanted[asked]] for part in found)
