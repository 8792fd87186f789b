"""Support vector machines, scikit-learn's own."""

from __future__ import annotations

from sklearn.svm import SVC, SVR

from estimators.params import AnyOf, Choice, Float
from estimators.spec import Spec

__all__ = ["SPEC", "SVC", "SVR"]

# The kernel stays "rbf": with a small gamma and a large C it acts as the linear one (Keerthi and
# Lin, Neural Computation 15 (2003) 1667-1689), so a search needs no conditional branch.
SPEC = Spec(
    title="support vector machine",
    summary="The widest margin between classes, curved by a kernel: strong on up to some ten "
    "thousand rows; training time grows with their square.",
    tasks={"classification": SVC, "regression": SVR, "forecasting": SVR},
    kinds=frozenset({"table", "image", "text", "series"}),
    prepare="scale",
    text_components=200,
    params={
        "C": Float(0, open_low=True, search=(1e-1, 1e3), log=True),
        "gamma": AnyOf(
            (Choice(options=("scale", "auto")), Float(0, search=(1e-4, 1.0), log=True)),
        ),
        "epsilon": Float(0),
        "kernel": Choice(options=("linear", "poly", "rbf", "sigmoid", "precomputed")),
    },
    reference="C. Cortes and V. Vapnik, Support-vector networks, Machine Learning 20 (1995) "
    "273-297.",
)
