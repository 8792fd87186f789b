"""Random forest, scikit-learn's own."""

from __future__ import annotations

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from estimators.params import AnyOf, Choice, Float, Int
from estimators.spec import Spec

__all__ = ["SPEC", "RandomForestClassifier", "RandomForestRegressor"]

SPEC = Spec(
    title="random forest",
    summary="Many decision trees vote: needs no scaling, copes with odd columns, a strong first "
    "choice for tables.",
    tasks={
        "classification": RandomForestClassifier,
        "regression": RandomForestRegressor,
        "forecasting": RandomForestRegressor,
    },
    kinds=frozenset({"table", "image", "series"}),
    params={
        "n_estimators": Int(1, search=(50, 600)),
        "max_depth": Int(1, search=(4, 32), log=True, none=True),
        "max_features": AnyOf(
            (Choice(options=("sqrt", "log2")), Int(1), Float(0, 1, open_low=True)),
            search=("sqrt", "log2", 0.2, 0.5),
            none=True,
        ),
        "min_samples_leaf": Int(1, search=(1, 20), log=True),
        "min_samples_split": Int(2),
    },
    defaults={"n_jobs": -1},
    fast={"n_estimators": 10, "n_jobs": 1},
    reference="L. Breiman, Random forests, Machine Learning 45 (2001) 5-32.",
)
