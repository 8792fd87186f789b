"""The linear support vector machine over counted words, scikit-learn's own."""

from __future__ import annotations

from sklearn.svm import LinearSVC

from estimators.params import Choice, Float, Int
from estimators.spec import Spec

__all__ = ["SPEC", "LinearSVC"]

SPEC = Spec(
    title="linear support vector machine",
    summary="The widest flat margin between classes, over all words and pairs of words: quick, and "
    "hard to beat on some ten thousand texts; gives no probabilities.",
    tasks={"classification": LinearSVC},
    kinds=frozenset({"text"}),
    prepare="tfidf",
    params={
        "C": Float(0, open_low=True, search=(1e-2, 1e1), log=True),
        "loss": Choice(options=("hinge", "squared_hinge")),
        "max_iter": Int(0),
    },
    reference="T. Joachims, Text categorization with support vector machines, European Conference "
    "on Machine Learning (1998) 137-142.",
)
