"""Automatic relevance determination, scikit-learn's own."""

from __future__ import annotations

from sklearn.linear_model import ARDRegression

from estimators.params import Float, Int
from estimators.spec import Spec

__all__ = ["SPEC", "ARDRegression"]

SPEC = Spec(
    title="automatic relevance determination",
    summary="Bayesian linear regression that prunes the columns it does not need.",
    tasks={"regression": ARDRegression, "forecasting": ARDRegression},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params={
        "alpha_1": Float(0),
        "alpha_2": Float(0),
        "lambda_1": Float(0, search=(1e-8, 1e-2), log=True),
        "lambda_2": Float(0, search=(1e-8, 1e-2), log=True),
        "threshold_lambda": Float(0, search=(1e2, 1e5), log=True),
        "max_iter": Int(1),
    },
    reference="D. J. C. MacKay, Bayesian nonlinear modeling for the prediction competition, ASHRAE "
    "Transactions 100 (1994) 1053-1062.",
)
