"""One-class support vector machine, scikit-learn's own."""

from __future__ import annotations

from sklearn.svm import OneClassSVM

from estimators.params import AnyOf, Choice, Float
from estimators.spec import Spec

__all__ = ["SPEC", "OneClassSVM"]

SPEC = Spec(
    title="one-class support vector machine",
    summary="Draws a boundary around the normal rows: for some thousand rows and few columns.",
    tasks={"anomaly": OneClassSVM},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params={
        "nu": Float(0, 1, open_low=True, search=(0.01, 0.5), log=True),
        "gamma": AnyOf(
            (Choice(options=("scale", "auto")), Float(0, search=(1e-4, 1.0), log=True)),
        ),
    },
    reference="B. Schölkopf, J. C. Platt, J. Shawe-Taylor, A. J. Smola and R. C. Williamson, "
    "Estimating the support of a high-dimensional distribution, Neural Computation 13 (2001) "
    "1443-1471.",
)
