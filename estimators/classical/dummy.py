"""The model that looks at no feature: what every other one must beat."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier, DummyRegressor

from estimators.classical.seasonal_naive import SeasonalNaive
from estimators.spec import KINDS, Spec

__all__ = ["SPEC", "DummyClassifier", "DummyRegressor"]

SPEC = Spec(
    title="dummy",
    summary="Always answers with the commonest class, the mean or, of a series, the last value: a "
    "model that is no better has learnt nothing.",
    tasks={
        "classification": DummyClassifier,
        "regression": DummyRegressor,
        "forecasting": SeasonalNaive,
    },
    kinds=frozenset(KINDS),
    params={},
)
