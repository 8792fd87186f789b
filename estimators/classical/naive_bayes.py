"""Naive Bayes over counted words, scikit-learn's own."""

from __future__ import annotations

from sklearn.naive_bayes import MultinomialNB

from estimators.params import AnyOf, Bool, Float, Sequence
from estimators.spec import Spec

__all__ = ["SPEC", "MultinomialNB"]

SPEC = Spec(
    title="naive Bayes",
    summary="Counts how often each class uses each word: trains in an instant, the mark that other "
    "models of texts have to beat.",
    tasks={"classification": MultinomialNB},
    kinds=frozenset({"text"}),
    prepare="tfidf",
    params={
        "alpha": AnyOf((Float(0, search=(1e-3, 3.0), log=True), Sequence(Float(0)))),
        "fit_prior": Bool(search=(True, False)),
    },
    # TF-IDF makes counts smaller than one, and the class's own alpha of 1 drowns them.
    defaults={"alpha": 0.1},
    reference="A. McCallum, K. Nigam, A comparison of event models for naive Bayes text "
    "classification, AAAI Workshop on Learning for Text Categorization (1998).",
)
