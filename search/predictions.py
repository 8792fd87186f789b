"""What a model answers: asked for once, and encoded as the metrics take it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.base import is_classifier, is_outlier_detector

Need = Literal["label", "probability", "score"]


@dataclass(frozen=True)
class Answers:
    """Truth and what a model answers, encoded for one metric; ``answer`` is None if missing."""

    truth: np.ndarray
    answer: np.ndarray | None


def predictions(
    model: Any, X: Any, needs: Iterable[Need] = ("label", "probability", "score")
) -> dict[str, np.ndarray]:
    """Return what a fitted model answers: keyword arguments of ``search.metrics.evaluate``.

    Parameters
    ----------
    model : fitted estimator or pipeline
        A classifier, regressor, clusterer or outlier detector.
    X : array-like of n rows
        The rows to predict.
    needs : iterable of {"label", "probability", "score"}
        What is wanted; what the model cannot give is left out.

    Returns
    -------
    dict of str to ndarray
        ``y_pred``, ``y_proba``, ``y_score``, ``classes``, as far as wanted and available. Of an
        outlier detector: 1 for abnormal, and scores that grow with abnormality. ``y_score`` is
        asked for only where there are no probabilities.
    """
    needs = set(needs)
    if is_outlier_detector(model):
        return _outlier_predictions(model, X, needs)
    found = {"y_pred": np.asarray(model.predict(X))} if "label" in needs else {}
    if not is_classifier(model):
        return found
    found["classes"] = np.asarray(model.classes_)
    if needs & {"probability", "score"} and hasattr(model, "predict_proba"):
        found["y_proba"] = _probabilities(model, X)
    elif "score" in needs and hasattr(model, "decision_function"):
        found["y_score"] = np.asarray(model.decision_function(X))
    return found


def encode_numbers(y_true: Any, y_pred: Any = None, unit: float = 1.0) -> Answers:
    """Return truth and prediction of a regression as flat float arrays, counted in a unit."""
    answer = None if y_pred is None else np.asarray(y_pred, dtype=float).ravel() / unit
    return Answers(np.asarray(y_true, dtype=float).ravel() / unit, answer)


def encode_classes(
    needs: Need,
    y_true: Any,
    y_pred: Any = None,
    *,
    y_proba: Any = None,
    y_score: Any = None,
    classes: Any = None,
) -> Answers:
    """Return labels as integers from 0, and the answer that ``needs`` names (see `evaluate`)."""
    known = _distinct(y_true, y_pred, classes)
    truth = np.searchsorted(known, y_true)
    if needs == "label":
        return Answers(truth, None if y_pred is None else np.searchsorted(known, y_pred))
    scores = y_proba if needs == "probability" or y_score is None else y_score
    columns = known if classes is None else np.asarray(classes)
    return Answers(truth, None if scores is None else _by_class(scores, columns, known))


def _probabilities(model: Any, X: Any) -> np.ndarray:
    """Return probabilities in float64; rows rounded to fewer digits still add up to one."""
    rounded = np.asarray(model.predict_proba(X))
    proba = rounded.astype(np.float64)
    return proba if rounded.dtype == np.float64 else proba / proba.sum(axis=1, keepdims=True)


def _outlier_predictions(model: Any, X: Any, needs: set[Need]) -> dict[str, np.ndarray]:
    """Turn scikit-learn's -1 for abnormal into 1, and its normality into abnormality."""
    found = {"classes": np.array([0, 1])}
    if "label" in needs:
        found["y_pred"] = (np.asarray(model.predict(X)) == -1).astype(int)
    if "score" in needs:
        found["y_score"] = -np.asarray(model.decision_function(X))
    return found


def _distinct(*parts: Any) -> np.ndarray:
    """Return the sorted distinct labels of all parts that are not None."""
    return np.unique(np.concatenate([np.unique(np.asarray(p)) for p in parts if p is not None]))


def _by_class(scores: Any, columns: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return scores as ``(n, classes)`` in the order of ``known``; unseen classes score 0."""
    scores = np.asarray(scores, dtype=float)
    if scores.ndim == 1:
        scores = np.column_stack([-scores, scores] if len(columns) == 2 else [scores])
    if scores.shape[1] != len(columns):
        raise ValueError(
            f"classes must name each column of y_proba or y_score, got {len(columns)} classes and "
            f"{scores.shape[1]} columns."
        )
    by_class = np.zeros((len(scores), len(known)))
    by_class[:, np.searchsorted(known, columns)] = scores
    return by_class
