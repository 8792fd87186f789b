"""k nearest neighbours, scikit-learn's own."""

from __future__ import annotations

from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from estimators.params import AnyOf, Choice, Float, Int
from estimators.spec import Spec

__all__ = ["SPEC", "KNeighborsClassifier", "KNeighborsRegressor"]

SPEC = Spec(
    title="k nearest neighbours",
    summary="Answers as the most similar training rows do: no training, slow to predict on much "
    "data, strong where distances mean something.",
    tasks={
        "classification": KNeighborsClassifier,
        "regression": KNeighborsRegressor,
        "forecasting": KNeighborsRegressor,
    },
    kinds=frozenset({"table", "image", "text", "series"}),
    prepare="scale",
    text_components=200,
    params={
        "n_neighbors": Int(1, search=(1, 30), log=True),
        "weights": Choice(
            options=("uniform", "distance"), search=("uniform", "distance"), none=True
        ),
        # Manhattan and Euclid have fast paths; a p between them costs many times more.
        "p": AnyOf((Choice(options=(1, 2)), Float(0, open_low=True)), search=(1, 2)),
    },
    reference="T. Cover and P. Hart, Nearest neighbor pattern classification, IEEE Transactions on "
    "Information Theory 13 (1967) 21-27.",
)
