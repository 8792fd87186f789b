"""The model that looks at no feature: what every other one must beat."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier, DummyRegressor

from estimators.classical.seasonal_naive import Persistence
from estimators.spec import KINDS, Spec

__all__ = ["SPEC", "DummyClassifier", "DummyRegressor", "Persistence"]

SPEC = Spec(
    title="dummy",
    summary="Always answers with the commonest class, the mean or, of a series, the last value: a "
    "model that is no better has learnt nothing.",
    tasks={
        "classification": DummyClassifier,
        "regression": DummyRegressor,
        "forecasting": Persistence,
    },
    kinds=frozenset(KINDS),
    params={},
)
