"""The model that looks at no feature: what every other one must beat."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier, DummyRegressor

from estimators.spec import KINDS, Spec

__all__ = ["SPEC", "DummyClassifier", "DummyRegressor"]

SPEC = Spec(
    title="dummy",
    summary="Always answers with the commonest class or the mean: a model that is no better has "
    "learnt nothing.",
    tasks={"classification": DummyClassifier, "regression": DummyRegressor},
    kinds=frozenset(KINDS),
    params={},
)
