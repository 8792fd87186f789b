"""Logistic regression, scikit-learn's own."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression

from estimators.params import Float, Int
from estimators.spec import Spec

__all__ = ["SPEC", "LogisticRegression"]

SPEC = Spec(
    title="logistic regression",
    summary="A linear decision with calibrated probabilities: quick, hard to beat on small or very "
    "wide data, easy to explain.",
    tasks={"classification": LogisticRegression},
    kinds=frozenset({"table", "image", "text"}),
    prepare="scale",
    params={
        "C": Float(0, open_low=True, search=(1e-4, 1e3), log=True),
        "max_iter": Int(0),
    },
    # The class's own 100 iterations end before convergence on raw pixels: 336 were needed on wine
    # with one common scale, C = 10,000.
    defaults={"max_iter": 5000},
    reference="D. R. Cox, The regression analysis of binary sequences, Journal of the Royal "
    "Statistical Society B 20 (1958) 215-242.",
)
