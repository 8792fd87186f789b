"""Metrics that scikit-learn has not quite as we need them, on encoded labels (integers from 0)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn import metrics as sk

Function = Callable[[np.ndarray, np.ndarray], float]


def balanced_accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean recall of the classes that occur; scikit-learn's own warns of predicted others."""
    return sk.recall_score(
        y_true, y_pred, labels=np.unique(y_true), average="macro", zero_division=0
    )


def of_positive(function: Callable[..., float]) -> Function:
    """Return the metric of the second class of two, NaN where there are more."""

    def of_positive(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        if max(y_true.max(), y_pred.max()) > 1:
            return float("nan")
        return function(y_true, y_pred, labels=[1], average="macro", zero_division=0)

    return of_positive


def roc_auc(y_true: np.ndarray, scores: np.ndarray) -> float:
    """ROC AUC; of several classes the mean of one against the rest, over those that occur."""
    if scores.shape[1] == 2:
        columns = [1]
    else:
        columns = [c for c in range(scores.shape[1]) if np.any(y_true == c)]
    if len(np.unique(y_true)) < 2:
        return float("nan")
    return float(np.mean([sk.roc_auc_score(y_true == c, scores[:, c]) for c in columns]))


def average_precision(y_true: np.ndarray, scores: np.ndarray) -> float:
    """Average precision of the second class of two, NaN where there are more."""
    if scores.shape[1] != 2 or not np.any(y_true == 1):
        return float("nan")
    return sk.average_precision_score(y_true, scores[:, 1])


def of_probabilities(function: Callable[..., float]) -> Function:
    """Return a metric of probabilities that copes with classes absent from the truth."""

    def of_probabilities(y_true: np.ndarray, proba: np.ndarray) -> float:
        if proba.shape[1] < 2:
            return float("nan")
        return function(y_true, proba, labels=np.arange(proba.shape[1]))

    return of_probabilities


def r2(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """R^2, NaN for a single row."""
    return sk.r2_score(y_true, y_pred) if len(y_true) > 1 else float("nan")
