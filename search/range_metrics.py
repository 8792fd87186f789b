"""Metrics of anomaly detection that know events, not rows alone; none adjusts by points.

Point adjustment, which counts a whole event as found once one of its rows is, makes random scores
look good (Kim et al., "Towards a rigorous evaluation of time-series anomaly detection", AAAI 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .intervals import Estimate, estimate

Bias = Literal["flat", "front", "back", "middle"]

_BIASES = ("flat", "front", "back", "middle")


@dataclass(frozen=True)
class RangeScores:
    """Range-based precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def range_scores(
    y_true: Any, y_pred: Any, *, alpha: float = 0.0, bias: Bias = "flat", split_costs: bool = True
) -> RangeScores:
    """Return precision and recall over events, which are runs of abnormal rows.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        1 for abnormal, 0 for normal, in the order of time.
    alpha : float, default=0.0
        Share of the recall of an event that is given for finding any of its rows; the rest is for
        how much of it is found.
    bias : {"flat", "front", "back", "middle"}, default="flat"
        Which rows of an event count most in recall. Precision is always flat.
    split_costs : bool, default=True
        Whether an overlap in k pieces is worth a k-th of the same overlap in one.

    Returns
    -------
    RangeScores
        Each 0 where there is nothing to take the mean of.

    References
    ----------
    Tatbul et al., "Precision and recall for time series", NeurIPS 2018.

    Examples
    --------
    >>> range_scores([0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1])
    RangeScores(precision=0.6666666666666666, recall=0.5, f1=0.5714285714285715)
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha=}.")
    if bias not in _BIASES:
        raise ValueError(f"bias must be one of {', '.join(_BIASES)}, got {bias=}.")
    truth, found = _binary(y_true, "y_true"), _binary(y_pred, "y_pred")
    if len(truth) != len(found):
        raise ValueError(
            f"y_true and y_pred must have as many rows as each other, got {len(truth)} and "
            f"{len(found)}."
        )
    recall = _mean_overlap(truth, found, alpha, bias, split_costs)
    precision = _mean_overlap(found, truth, 0.0, "flat", split_costs)
    total = precision + recall
    return RangeScores(precision, recall, 2 * precision * recall / total if total else 0.0)


def detection_scores(
    y_true: Any, scores: Any, threshold: float, *, in_time: bool = False, level: float = 0.95
) -> dict[str, Estimate]:
    """Return precision, recall and F1 at a threshold, with intervals.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        1 for abnormal, 0 for normal.
    scores : array-like of shape (n,)
        Degree of abnormality; a row is called abnormal if its score is at least the threshold.
    threshold : float
        Chosen on training data only.
    in_time : bool, default=False
        Whether rows follow each other in time: then events are resampled whole.
    level : float, default=0.95
        Level of confidence.

    Returns
    -------
    dict of str to Estimate
        "precision", "recall" and "f1".

    Examples
    --------
    >>> found = detection_scores([0, 0, 1, 1] * 10, [0.1, 0.6, 0.7, 0.4] * 10, 0.5)
    >>> found["recall"].value
    0.5
    """
    truth = _binary(y_true, "y_true").astype(int)
    called = (np.asarray(scores) >= threshold).astype(int)
    groups = event_blocks(truth) if in_time else None
    given: dict[str, Any] = {"classes": [0, 1], "groups": groups, "level": level}
    return {name: estimate(name, truth, called, **given) for name in ("precision", "recall", "f1")}


def event_blocks(y_true: Any) -> np.ndarray:
    """Return block numbers of the rows of a series: an event is a block, and so are gaps.

    Gaps are cut into blocks of the length of the median event.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        1 for abnormal, 0 for normal, in the order of time.

    Returns
    -------
    ndarray of shape (n,)
        As ``groups`` of :func:`search.statistics.estimate`.

    Examples
    --------
    >>> event_blocks([0, 0, 0, 1, 1, 0])
    array([0, 0, 1, 2, 2, 3])
    """
    truth = _binary(y_true, "y_true")
    edges = np.flatnonzero(np.diff(truth.astype(int))) + 1
    lengths = [last - first + 1 for first, last in _events(truth)]
    length = int(np.median(lengths)) if lengths else max(1, len(truth) // 20)
    runs = np.split(np.arange(len(truth)), edges)
    starts = [
        run[0] + np.arange(0, len(run), len(run) if truth[run[0]] else length) for run in runs
    ]
    begins = np.zeros(len(truth), dtype=int)
    begins[np.concatenate(starts)] = 1
    return np.cumsum(begins) - 1


def _binary(values: Any, name: str) -> np.ndarray:
    array = np.asarray(values).ravel()
    if len(array) == 0 or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must hold 0 and 1 only, got {np.unique(array)[:5]}.")
    return array.astype(bool)


def _events(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last row of every run of True."""
    steps = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    return list(zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1, strict=True))


def _mean_overlap(
    of: np.ndarray, by: np.ndarray, alpha: float, bias: Bias, split_costs: bool
) -> float:
    """Return the mean over events of ``of`` of how well ``by`` covers them."""
    events = _events(of)
    if not events:
        return 0.0
    rewards = []
    for first, last in events:
        covered = by[first : last + 1]
        weights = _weights(len(covered), bias)
        pieces = max(1, len(_events(covered))) if split_costs else 1
        overlap = float(weights[covered].sum() / weights.sum()) / pieces
        rewards.append(alpha * covered.any() + (1 - alpha) * overlap)
    return float(np.mean(rewards))


def _weights(n: int, bias: Bias) -> np.ndarray:
    rows = np.arange(1, n + 1)
    return {
        "flat": np.ones(n),
        "front": rows[::-1],
        "back": rows,
        "middle": np.minimum(rows, rows[::-1]),
    }[bias]
