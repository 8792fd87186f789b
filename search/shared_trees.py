"""One forest for every number of trees.

Trees get their seeds one after the other, so a smaller forest of the same seed is the beginning of
a larger one.
"""

from __future__ import annotations

import copy
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from search.cache import Cache

MODELS = (RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor)
PARAM = "n_estimators"
_BESIDE = ("n_estimators", "n_jobs", "verbose")


def can_share(model: Any, X: Any, y: Any) -> bool:
    """Tell whether the model is the beginning of a larger forest."""
    return bool(
        type(model) in MODELS
        and isinstance(model.random_state, (int, np.integer))
        and isinstance(model.n_estimators, (int, np.integer))
        and model.n_estimators >= 1
        and not (model.warm_start or model.oob_score)
    )


def fit(model: Any, X: Any, y: Any, cache: Cache, largest: int | None) -> Any:
    """Return the fitted forest, from trees grown for other candidates as far as they go."""
    params = {k: v for k, v in model.get_params().items() if k not in _BESIDE}
    name = (type(model), joblib.hash(params))
    grown = cache.get(name, (X, y), lambda: clone(model).fit(X, y))
    if len(grown.estimators_) < model.n_estimators:
        cache.put(name, (X, y), grown := _grow(grown, model, X, y))
    forest = copy.copy(grown)
    forest.n_estimators = model.n_estimators
    forest.warm_start = False
    forest.estimators_ = grown.estimators_[: model.n_estimators]
    return forest


def _grow(grown: Any, model: Any, X: Any, y: Any) -> Any:
    """Return a forest with the missing trees."""
    if isinstance(getattr(model, "class_weight", None), str):
        return clone(model).fit(X, y)  # scikit-learn warns of growing these
    grown.set_params(n_estimators=model.n_estimators, n_jobs=model.n_jobs, warm_start=True)
    return grown.fit(X, y)
