"""One principal component analysis for every number of components.

The exact solvers find all components and keep the first ones, so a smaller analysis is the
beginning of the full one. (The truncated solvers find other digits for another number.)
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA

from search.cache import Cache


def can_share(pca: PCA, X: Any) -> bool:
    """Tell whether ``pca`` is the beginning of the full analysis of X."""
    if not isinstance(X, np.ndarray) or X.ndim != 2:
        return False
    n_rows, n_columns = X.shape
    tall = n_columns <= 1_000 and n_rows >= 10 * n_columns
    # scikit-learn's rule; small or tall data are solved exactly for any number of components.
    exact = ("full", "covariance_eigh", *(["auto"] if tall or max(X.shape) <= 500 else []))
    number = pca.n_components
    is_number = isinstance(number, (int, np.integer)) and 1 <= number <= min(X.shape)
    return pca.svd_solver in exact and pca.copy and is_number


def fit_transform(pca: PCA, X: np.ndarray, cache: Cache) -> tuple[np.ndarray, PCA]:
    """Return the transformed rows and the fitted analysis, as ``pca.fit_transform`` gives them."""
    whole = clone(pca).set_params(n_components=None)
    params = tuple(sorted((k, v) for k, v in whole.get_params().items() if k != "random_state"))
    full, full_rows = cache.get(("components", params), (X,), lambda: _fit_full(whole, X))
    part = _first(full, pca.n_components)
    if full_rows is None:
        return part.transform(X), part
    return full_rows[:, : pca.n_components], part


def _fit_full(whole: PCA, X: np.ndarray) -> tuple[PCA, np.ndarray | None]:
    """Fit all components; the rows come with them where scikit-learn takes them from the fit."""
    if whole.svd_solver == "full" or (whole.svd_solver == "auto" and not _is_tall(X)):
        return whole, whole.fit_transform(X)
    return whole.fit(X), None


def _is_tall(X: np.ndarray) -> bool:
    return X.shape[1] <= 1_000 and X.shape[0] >= 10 * X.shape[1]


def _first(full: PCA, number: int) -> PCA:
    """Return the analysis that has only the first components."""
    part = copy.copy(full)
    part.n_components = number
    part.n_components_ = number
    part.components_ = full.components_[:number]
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_"):
        setattr(part, name, getattr(full, name)[:number])
    rest = full.explained_variance_[number:]
    part.noise_variance_ = rest.mean() if len(rest) else 0.0
    return part
