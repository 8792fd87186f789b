"""The metrics of every task: their names, what they need of a model, and which one is optimised.

Every value is as scikit-learn's scorers give it: greater is better, so losses are negated.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sklearn import metrics as sk

from .metric import Metric as Metric
from .metric_functions import (
    Function,
    average_precision,
    balanced_accuracy,
    of_positive,
    of_probabilities,
    r2,
    roc_auc,
)
from .predictions import Answers, encode_classes, encode_numbers, predictions


def metrics_for(task: str, n_classes: int | None = None) -> tuple[str, ...]:
    """Return the names of the metrics of a task; the first is the one that is optimised.

    Accuracy is optimised in classification, R^2 in regression, the root mean squared error in
    forecasting, ROC AUC in anomaly detection, the adjusted Rand index in clustering.

    Parameters
    ----------
    task : str
        One of ``estimators.spec.TASKS``.
    n_classes : int or None, default=None
        Number of classes; average precision is given for two only.

    Returns
    -------
    tuple of str
        Empty for "generation", which has no metric here.

    Examples
    --------
    >>> metrics_for("regression")
    ('r2', 'rmse', 'mae')
    """
    if task not in _OF_TASK:
        raise ValueError(f"task must be one of {', '.join(_OF_TASK)}, got {task=}.")
    names = _OF_TASK[task]
    if task == "classification" and n_classes != 2:
        return tuple(name for name in names if name != "average_precision")
    return names


def get(name: str) -> Metric:
    """Return the metric of that name.

    Parameters
    ----------
    name : str
        A key of :data:`METRICS`.

    Returns
    -------
    Metric
        What is known about it.

    Raises
    ------
    ValueError
        If there is no such metric; the message suggests the nearest name.

    Examples
    --------
    >>> get("roc_auc").title
    'ROC AUC'
    """
    if name not in METRICS:
        near = difflib.get_close_matches(str(name), METRICS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(METRICS)}."
        raise ValueError(f"metric must be a name in search.metrics, got {name!r}; {hint}")
    return METRICS[name]


def evaluate(
    names: Iterable[str],
    y_true: Any,
    y_pred: Any = None,
    *,
    y_proba: Any = None,
    y_score: Any = None,
    classes: Any = None,
    scale: Any = None,
) -> dict[str, float]:
    """Judge predictions; losses are negated, so greater is better in every entry.

    Parameters
    ----------
    names : iterable of str
        Names of metrics.
    y_true, y_pred : array-like of shape (n,), y_pred default=None
        Truth and prediction: labels or numbers (0 normal, 1 abnormal in anomaly detection).
    y_proba : array-like of shape (n, classes), default=None
        Probabilities of the classes.
    y_score : array-like of shape (n,) or (n, classes), default=None
        Scores that rank; of two classes, those of the second one. ``y_proba`` stands in for it.
    classes : array-like of shape (classes,), default=None
        The classes in the order of the columns; the sorted labels of ``y_true`` and ``y_pred``
        if None.
    scale : float, default=None
        The unit of a scaled metric, see :func:`search.forecasts.naive_error`.

    Returns
    -------
    dict of str to float
        NaN where the predictions do not give what a metric needs, or where it is undefined (as ROC
        AUC of one class).

    Examples
    --------
    >>> evaluate(["accuracy", "roc_auc"], [0, 1, 1, 0], [0, 1, 0, 0])
    {'accuracy': 0.75, 'roc_auc': nan}
    """
    given = {"y_proba": y_proba, "y_score": y_score, "classes": classes, "scale": scale}
    return {name: _value(get(name), answers(name, y_true, y_pred, **given)) for name in names}


def answers(name: str, y_true: Any, y_pred: Any = None, **given: Any) -> Answers:
    """Return truth and predictions as the function of a metric takes them.

    Parameters
    ----------
    name : str
        Name of a metric.
    y_true, y_pred : array-like of shape (n,), y_pred default=None
        Truth and prediction.
    **given : array-like
        ``y_proba``, ``y_score``, ``classes`` and ``scale`` of :func:`evaluate`.

    Returns
    -------
    Answers
        Encoded truth and answer; the answer is None where it was not given.
    """
    metric, scale = get(name), given.pop("scale", None)
    if set(metric.task) <= set(_NUMBERS):
        is_known = scale is not None or not metric.scaled
        unit = float(scale) if metric.scaled and is_known else 1.0
        return encode_numbers(y_true, y_pred if is_known else None, unit)
    return encode_classes(metric.needs, y_true, y_pred, **given)


def score(
    model: Any, X: Any, y: Any, names: Iterable[str], scale: float | None = None
) -> dict[str, float]:
    """Judge a fitted model by several metrics, asking it once for each kind of answer.

    ``partial(score, names=...)`` is a scorer that scikit-learn's searches take.

    Parameters
    ----------
    model : fitted estimator or pipeline
        What is judged.
    X, y : array-like of n rows
        Data and truth.
    names : iterable of str
        Names of metrics.
    scale : float or None, default=None
        See :func:`evaluate`.

    Returns
    -------
    dict of str to float
        See :func:`evaluate`.
    """
    names = tuple(names)
    found = predictions(model, X, {get(name).needs for name in names})
    return evaluate(names, y, **found, scale=scale)


def scorers(
    names: Iterable[str], scale: float | None = None
) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return one scorer per metric; :func:`score`, which asks the model once, is quicker.

    Parameters
    ----------
    names : iterable of str
        Names of metrics.
    scale : float or None, default=None
        See :func:`evaluate`.

    Returns
    -------
    dict of str to callable
        Each ``scorer(model, X, y) -> float``, NaN where the model cannot give the metric.
    """
    return {get(name).name: partial(_score_one, name=name, scale=scale) for name in names}


def _score_one(model: Any, X: Any, y: Any, name: str, scale: float | None) -> float:
    return score(model, X, y, [name], scale)[name]


def _value(metric: Metric, given: Answers) -> float:
    """Return the metric, negated if it is a loss, or NaN without answers or rows."""
    if given.answer is None or len(given.truth) == 0:
        return float("nan")
    return float(metric.sign * metric.function(given.truth, given.answer))


_LABELS = ("classification",)
_BINARY = ("classification", "anomaly")
_NUMBERS = ("regression", "forecasting")
_CLUSTERS = ("clustering",)
_ERRORS: tuple[tuple[str, str, Function, str], ...] = (
    ("rmse", "root mean squared error", sk.root_mean_squared_error, "neg_root_mean_squared_error"),
    ("mse", "mean squared error", sk.mean_squared_error, "neg_mean_squared_error"),
    ("mae", "mean absolute error", sk.mean_absolute_error, "neg_mean_absolute_error"),
)
_recall, _precision = of_positive(sk.recall_score), of_positive(sk.precision_score)
_log_loss, _brier = of_probabilities(sk.log_loss), of_probabilities(sk.brier_score_loss)
_f1_macro = partial(sk.f1_score, average="macro", zero_division=0)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", _BINARY, "label", True, sk.accuracy_score, "accuracy", True),
        Metric(
            "balanced_accuracy", "balanced accuracy", _BINARY, "label", True,
            balanced_accuracy, "balanced_accuracy", True,
        ),
        Metric("f1_macro", "F1 (macro)", _LABELS, "label", True, _f1_macro, "f1_macro", True),
        Metric("f1", "F1", _BINARY, "label", True, of_positive(sk.f1_score), "f1", True),
        Metric("precision", "precision", _BINARY, "label", True, _precision, "precision", True),
        Metric("recall", "recall", _BINARY, "label", True, _recall, "recall", True),
        Metric("roc_auc", "ROC AUC", _BINARY, "score", True, roc_auc, "roc_auc_ovr", True),
        Metric(
            "average_precision", "average precision", _BINARY, "score", True,
            average_precision, "average_precision", True,
        ),
        Metric("log_loss", "log loss", _LABELS, "probability", False, _log_loss, "neg_log_loss"),
        Metric("brier", "Brier score", _LABELS, "probability", False, _brier, "neg_brier_score"),
        Metric("r2", "R²", _NUMBERS, "label", True, r2, "r2"),
        *(Metric(n, t, _NUMBERS, "label", False, f, s) for n, t, f, s in _ERRORS),
        Metric(
            "mase", "mean absolute scaled error", ("forecasting",), "label", False,
            sk.mean_absolute_error, None, scaled=True,
        ),
        Metric(
            "adjusted_rand", "adjusted Rand index", _CLUSTERS, "label", True,
            sk.adjusted_rand_score, "adjusted_rand_score",
        ),
        Metric(
            "v_measure", "V-measure", _CLUSTERS, "label", True,
            sk.v_measure_score, "v_measure_score", True,
        ),
    )
}  # fmt: skip

_OF_TASK: dict[str, tuple[str, ...]] = {
    "classification": (
        "accuracy", "balanced_accuracy", "f1_macro", "roc_auc", "average_precision", "log_loss",
        "brier",
    ),
    "regression": ("r2", "rmse", "mae"),
    "forecasting": ("rmse", "mse", "mae", "mase", "r2"),
    "anomaly": ("roc_auc", "average_precision", "f1", "precision", "recall"),
    "clustering": ("adjusted_rand", "v_measure"),
    "generation": (),
}  # fmt: skip
