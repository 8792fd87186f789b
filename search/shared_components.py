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
    number = pca.n_components
    if not isinstance(number, (int, np.integer)) or not 1 <= number <= min(X.shape):
        return False
    # With fewer rows than columns the noise is a mean over what a full analysis leaves out.
    fits = _solver(pca, X) == "full" or (
        _solver(pca, X) == "covariance_eigh" and X.shape[0] >= X.shape[1]
    )
    return fits and pca.copy


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
    if _solver(whole, X) == "full":
        return whole, whole.fit_transform(X)
    return whole.fit(X), None


def _solver(pca: PCA, X: np.ndarray) -> str:
    """Return the solver that scikit-learn takes for any number of components, or "auto"."""
    if pca.svd_solver == "auto" and X.shape[1] <= 1_000 and X.shape[0] >= 10 * X.shape[1]:
        return "covariance_eigh"
    if pca.svd_solver == "auto" and max(X.shape) <= 500:
        return "full"
    return pca.svd_solver


def _first(full: PCA, number: int) -> PCA:
    """Return the analysis that has only the first components."""
    part = copy.copy(full)
    part.n_components = number
    part.n_components_ = number
    # A compact copy, as scikit-learn makes it: sums of products depend on the layout.
    part.components_ = full.components_[:number].copy(order="K")
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_"):
        setattr(part, name, getattr(full, name)[:number].copy())
    rest = full.explained_variance_[number:]
    part.noise_variance_ = rest.mean() if len(rest) else 0.0
    return part
