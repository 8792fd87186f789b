"""Local outlier factor, scikit-learn's own."""

from __future__ import annotations

from sklearn.neighbors import LocalOutlierFactor

from estimators.params import Bool, Int
from estimators.spec import Spec

__all__ = ["SPEC", "LocalOutlierFactor"]

SPEC = Spec(
    title="local outlier factor",
    summary="Calls abnormal what lies in a thinner place than its neighbours do.",
    tasks={"anomaly": LocalOutlierFactor},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params={"n_neighbors": Int(1, search=(5, 50), log=True), "novelty": Bool()},
    # Without it the class judges only the rows that it was fitted on.
    defaults={"novelty": True},
    fast={"n_neighbors": 5},
    reference="M. M. Breunig, H.-P. Kriegel, R. T. Ng and J. Sander, LOF: identifying "
    "density-based local outliers, ACM SIGMOD (2000) 93-104.",
)
