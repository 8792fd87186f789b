"""Ordinary least squares, scikit-learn's own."""

from __future__ import annotations

from sklearn.linear_model import LinearRegression

from estimators.params import Bool
from estimators.spec import Spec

__all__ = ["SPEC", "LinearRegression"]

SPEC = Spec(
    title="linear regression",
    summary="Ordinary least squares: nothing to tune, the yardstick of every other regression.",
    tasks={"regression": LinearRegression, "forecasting": LinearRegression},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params={"fit_intercept": Bool()},
)
