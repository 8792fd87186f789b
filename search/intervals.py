"""Confidence intervals of scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from .metrics import answers, get
from .predictions import Answers
from .resampling import Resampled, resample
from .weighted_metrics import weighted


@dataclass(frozen=True)
class Estimate:
    """A score with its interval and the name of the method that gave the interval."""

    value: float
    low: float
    high: float
    method: str


def interval(
    metric: str,
    y_true: Any,
    y_pred: Any = None,
    *,
    y_proba: Any = None,
    y_score: Any = None,
    classes: Any = None,
    scale: Any = None,
    groups: Any = None,
    level: float = 0.95,
    random_state: int = 0,
) -> tuple[float, float]:
    """Return the confidence interval of a score, as :func:`estimate` gives it.

    Examples
    --------
    >>> low, high = interval("accuracy", [0, 1] * 50, [0, 1] * 48 + [1, 0] * 2)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.902 to 0.984
    """
    found = estimate(
        metric, y_true, y_pred, y_proba=y_proba, y_score=y_score, classes=classes, scale=scale,
        groups=groups, level=level, random_state=random_state,
    )  # fmt: skip
    return found.low, found.high


def estimate(
    metric: str,
    y_true: Any,
    y_pred: Any = None,
    *,
    y_proba: Any = None,
    y_score: Any = None,
    classes: Any = None,
    scale: Any = None,
    groups: Any = None,
    level: float = 0.95,
    random_state: int = 0,
) -> Estimate:
    """Return a score with its confidence interval.

    Wilson's interval for accuracy; the BCa bootstrap of rows for every other metric.

    Parameters
    ----------
    metric : str
        Name of a metric of ``search.metrics``.
    y_true, y_pred, y_proba, y_score, classes, scale : array-like or None
        As :func:`search.metrics.evaluate` takes them.
    groups : array-like of shape (n,) or None, default=None
        Rows of one group belong together (a person, a block of :func:`time_blocks`); groups are
        resampled, not rows, for accuracy too.
    level : float, default=0.95
        Level of confidence.
    random_state : int, default=0
        Seed of the bootstrap.

    Returns
    -------
    Estimate
        Value, low, high (losses negated) and method. All NaN where the metric is undefined. Where
        no resample changes the score: at 0 or 1, the bounds of the metric, Wilson's interval with
        the size of the rarest class; elsewhere (as for the ROC AUC of a constant score) an
        interval of no width.

    References
    ----------
    Brown, Cai, DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16,
    2001. Efron, "Better bootstrap confidence intervals", JASA 82, 1987.
    """
    check_level(level)
    answered = {"y_proba": y_proba, "y_score": y_score, "classes": classes, "scale": scale}
    given = answers(metric, y_true, y_pred, **answered)
    n_units = len(given.truth) if groups is None else len(np.unique(groups))
    if given.answer is None or n_units < 2:
        return Estimate(math.nan, math.nan, math.nan, "undefined")
    if metric == "accuracy" and groups is None:
        hits = given.truth == given.answer
        return _wilson(float(np.mean(hits)), len(hits), level, "Wilson")
    found = resample(weighted(metric, given), len(given.truth), groups=groups, seed=random_state)
    return _of_resampled(found, get(metric).bounded, given, level)


def check_level(level: float) -> None:
    """Refuse a level of confidence that is none."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level=}.")


def _wilson(value: float, n: int, level: float, method: str) -> Estimate:
    low, high = proportion_confint(value * n, n, alpha=1 - level, method="wilson")
    return Estimate(value, min(float(low), value), max(float(high), value), method)


def _of_resampled(found: Resampled, bounded: bool, given: Answers, level: float) -> Estimate:
    value = found.observed
    if not np.isfinite(value):
        return Estimate(math.nan, math.nan, math.nan, "undefined")
    if not found.is_constant:
        return Estimate(value, *found.bca_interval(level), _method(found))
    if bounded and (value > 1 - 1e-9 or value < 1e-9):
        rarest = int(np.unique(given.truth, return_counts=True)[1].min())
        return _wilson(round(value), rarest, level, f"Wilson with the {rarest} rows of a class")
    return Estimate(value, value, value, "constant under resampling")


def _method(found: Resampled) -> str:
    return f"BCa {found.method}" if len(found.replicates) else f"Student's t, {found.method}"
