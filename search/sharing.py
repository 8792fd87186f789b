"""Work that candidates have in common is done once; the scores stay those of a plain loop.

Four things are shared, each by a rule that leaves every bit where it was:

* the steps of a pipeline before the model, for equal parameters on the same rows;
* principal components: those of a smaller number are the first of a larger one, where the solver
  finds all of them anyway (:mod:`search.shared_components`);
* neighbours: the nearest k are the first of the nearest 100 (:mod:`search.shared_neighbors`);
* trees: a smaller forest is the beginning of a larger one of the same seed
  (:mod:`search.shared_trees`).

What draws random numbers without a fixed seed is not shared: its fits are meant to differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pickle import PicklingError
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline

from search import shared_components, shared_neighbors, shared_trees
from search.cache import Cache


class Sharing:
    """Fits candidates, reusing what earlier ones left in the cache.

    Parameters
    ----------
    largest : mapping of str to int, default={}
        The largest value that a search may give to a parameter, where that is known: what is done
        for it serves all smaller ones.
    limit : int or None, default=None
        Bytes to keep; a quarter of the free memory if None.
    """

    def __init__(self, largest: Mapping[str, int] | None = None, limit: int | None = None) -> None:
        self.largest = dict(largest or {})
        self.limit = limit
        self.cache = Cache(limit)

    def fit(self, estimator: Any, X: Any, y: Any) -> Any:
        """Return ``estimator`` fitted on the rows, or an equal one that answers faster.

        Parameters
        ----------
        estimator : estimator
            Not fitted; it is changed.
        X, y : array-like of n rows, y or None
            The very objects that the other candidates get.
        """
        targets = () if y is None else (y,)
        if not isinstance(estimator, Pipeline):
            return self._fit_model(estimator, "", X, y)
        if estimator.memory is None:
            estimator.memory = _Prefixes(self.cache)
        name, model = estimator.steps[-1]
        last = _Last(model, partial(self._fit_model, model, f"{name}__"))
        estimator.steps[-1] = (name, last)
        estimator.fit(X, *targets)
        estimator.steps[-1] = (name, last.fitted_)
        return estimator

    def __getstate__(self) -> dict[str, Any]:
        """Leave the cache behind: another process makes its own."""
        return {"largest": self.largest, "limit": self.limit}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # a new cache, as in a new object

    def _fit_model(self, model: Any, prefix: str, X: Any, y: Any) -> Any:
        for module in (shared_neighbors, shared_trees):
            if module.can_share(model, X, y):
                return module.fit(model, X, y, self.cache, self.largest.get(prefix + module.PARAM))
        return model.fit(X) if y is None else model.fit(X, y)


def can_pay(estimator: Any) -> bool:
    """Tell whether candidates of this kind have work in common that is worth keeping rows for."""
    return isinstance(estimator, Pipeline) or type(estimator) in (
        *shared_neighbors.MODELS,
        *shared_trees.MODELS,
    )


class _Last(BaseEstimator):
    """The last step of a pipeline while it is fitted: leaves the fit to a function."""

    def __init__(self, model: Any, function: Callable[[Any, Any], Any]) -> None:
        self.model, self.function = model, function

    def fit(self, X: Any, y: Any = None) -> _Last:
        self.fitted_ = self.function(X, y)
        return self


class _Prefixes:
    """A pipeline's ``memory``: the steps before the model, by parameters and rows."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def cache(self, function: Callable[..., Any], ignore: Any = None) -> Callable[..., Any]:
        """Return ``function`` with a memory, as ``joblib.Memory.cache`` does."""
        return partial(self._call, function)

    def _call(self, function: Any, transformer: Any, X: Any, y: Any, **rest: Any) -> Any:
        if type(transformer) is PCA and shared_components.can_share(transformer, X):
            fit = partial(shared_components.fit_transform, transformer, X, self._cache)
        elif _is_repeatable(transformer):
            fit = partial(function, transformer, X, y, **rest)
        else:
            return function(transformer, X, y, **rest)
        if (name := _name_of(transformer)) is None:
            return function(transformer, X, y, **rest)
        return self._cache.get(name, (X, y), lambda: self._remembering(fit()))

    def _remembering(self, result: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return what a step gave, locked, with a transformer that remembers."""
        *outputs, transformer = result
        for output in outputs:
            if isinstance(output, np.ndarray):
                output.setflags(write=False)
        if hasattr(transformer, "transform"):
            return *outputs, _Remembering(transformer, self._cache)
        return result


class _Remembering:
    """A fitted transformer that knows what it made of an object it has seen before."""

    def __init__(self, transformer: Any, cache: Cache) -> None:
        self._transformer = transformer
        self._cache = cache

    def transform(self, X: Any) -> Any:
        return self._cache.get("transform", (self._transformer, X), partial(self._transform, X))

    def _transform(self, X: Any) -> Any:
        output = self._transformer.transform(X)
        if isinstance(output, np.ndarray):
            output.setflags(write=False)
        return output

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__sklearn_tags__":  # while it is being copied
            raise AttributeError(name)
        return getattr(self._transformer, name)


def _is_repeatable(transformer: Any) -> bool:
    """Tell whether a fit with the same parameters on the same rows gives the same again."""
    params = transformer.get_params(deep=True)
    seeds = [value for name, value in params.items() if name.split("__")[-1] == "random_state"]
    return all(isinstance(seed, (int, np.integer)) for seed in seeds)


def _name_of(transformer: Any) -> tuple[type, str] | None:
    """Return type and parameters in short; None for what cannot be named, as a lambda."""
    try:
        return type(transformer), joblib.hash(transformer.get_params(deep=True))
    except (PicklingError, AttributeError, TypeError):
        return None
