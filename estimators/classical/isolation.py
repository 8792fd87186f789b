"""Isolation forest, scikit-learn's own."""

from __future__ import annotations

from sklearn.ensemble import IsolationForest

from estimators.params import AnyOf, Choice, Float, Int
from estimators.spec import Spec

__all__ = ["SPEC", "IsolationForest"]

SPEC = Spec(
    title="isolation forest",
    summary="Calls abnormal what random cuts set apart early: quick on much data, little to tune.",
    tasks={"anomaly": IsolationForest},
    kinds=frozenset({"table", "image", "series"}),
    params={
        "n_estimators": Int(1, search=(50, 400)),
        "max_samples": AnyOf(
            (
                Choice(options=("auto",)),
                Int(1),
                Float(0, 1, open_low=True, search=(0.1, 1.0)),
            ),
        ),
        # The class itself sets no bound to an integer.
        "max_features": AnyOf((Int(), Float(0, 1, open_low=True, search=(0.2, 1.0)))),
    },
    fast={"n_estimators": 10},
    reference="F. T. Liu, K. M. Ting and Z.-H. Zhou, Isolation forest, IEEE International "
    "Conference on Data Mining (2008) 413-422.",
)
