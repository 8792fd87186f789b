"""Every metric as a function of row weights, for many columns of weights at once.

scikit-learn's own take one vector of weights; two thousand resamples of ten thousand rows would
take minutes. The tests hold each of these against scikit-learn's with ``sample_weight``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import sparse

from .metrics import get
from .predictions import Answers
from .resampling import Statistic


def weighted(name: str, given: Answers) -> Statistic:
    """Return the metric as ``statistic(weights) -> values``; losses are negated.

    Parameters
    ----------
    name : str
        Name of a metric.
    given : Answers
        Truth and answers, from :func:`search.metrics.answers`; no part of them missing.

    Returns
    -------
    callable
        Takes weights of shape (n, m), returns m values, NaN where a column leaves it undefined.
    """
    if given.answer is None:
        raise ValueError(f"metric {name!r} needs a {get(name).needs}, got answer=None.")
    statistic = _WEIGHTED[name](given.truth, given.answer)
    return partial(_quietly, statistic, get(name).sign)


def _quietly(statistic: Statistic, sign: int, weights: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined columns become NaN
        return sign * statistic(weights).astype(float)


def _mean(values: np.ndarray) -> Statistic:
    return lambda W: values.astype(W.dtype) @ W / W.sum(0)


def _accuracy(truth: np.ndarray, label: np.ndarray) -> Statistic:
    return _mean(truth == label)


def _mse(truth: np.ndarray, value: np.ndarray) -> Statistic:
    return _mean((truth - value) ** 2)


def _rmse(truth: np.ndarray, value: np.ndarray) -> Statistic:
    squares = _mse(truth, value)
    return lambda W: np.sqrt(squares(W))


def _mae(truth: np.ndarray, value: np.ndarray) -> Statistic:
    return _mean(np.abs(truth - value))


def _r2(truth: np.ndarray, value: np.ndarray) -> Statistic:
    centred = truth - truth.mean()
    rows = np.vstack([(truth - value) ** 2, centred**2, centred])

    def r2(W: np.ndarray) -> np.ndarray:
        residual, total, shift = rows.astype(W.dtype) @ W
        return 1 - residual / (total - shift**2 / W.sum(0))

    return r2


def _log_loss(truth: np.ndarray, proba: np.ndarray) -> Statistic:
    tiny = np.finfo(proba.dtype).eps
    share = proba[np.arange(len(truth)), truth] / proba.sum(axis=1)
    return _mean(-np.log(np.clip(share, tiny, 1 - tiny)))


def _brier(truth: np.ndarray, proba: np.ndarray) -> Statistic:
    n_classes = proba.shape[1]
    squares = ((proba - np.eye(n_classes)[truth]) ** 2).sum(axis=1)
    return _mean(squares / 2 if n_classes == 2 else squares)


def _cells(rows: np.ndarray, n_rows: int, chosen: np.ndarray | None = None) -> sparse.csr_array:
    """Return the matrix that adds up, in row r, the weights of the chosen items with ``rows``=r."""
    columns = np.arange(len(rows)) if chosen is None else np.flatnonzero(chosen)
    ones = np.ones(len(columns), dtype=np.float32)
    return sparse.csr_array((ones, (rows[columns], columns)), shape=(n_rows, len(rows)))


def _label_counts(truth: np.ndarray, label: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of weights that gives hits, truths and predictions, (3, classes, m)."""
    n_classes = 1 + max(truth.max(), label.max())
    parts = [
        _cells(truth, n_classes, truth == label),
        _cells(truth, n_classes),
        _cells(label, n_classes),
    ]
    return lambda W: np.stack([part @ W for part in parts])


def _mean_of_finite(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis of what is finite, NaN where nothing is."""
    finite = np.isfinite(values)
    return np.where(finite, values, 0).sum(0) / finite.sum(0)


def _balanced_accuracy(truth: np.ndarray, label: np.ndarray) -> Statistic:
    counts = _label_counts(truth, label)

    def balanced_accuracy(W: np.ndarray) -> np.ndarray:
        hits, truths, _ = counts(W)
        return _mean_of_finite(hits / truths)

    return balanced_accuracy


def _f1_macro(truth: np.ndarray, label: np.ndarray) -> Statistic:
    counts = _label_counts(truth, label)

    def f1_macro(W: np.ndarray) -> np.ndarray:
        hits, truths, predictions = counts(W)
        return _mean_of_finite(2 * hits / (truths + predictions))

    return f1_macro


def _of_positive(
    ratio: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    truth: np.ndarray,
    label: np.ndarray,
) -> Statistic:
    """Return a ratio of the counts of class 1; 0 where it is 0 / 0, as with zero_division=0."""
    hit, true, predicted = (part.astype(float) for part in (truth * label, truth, label))
    rows = np.vstack([hit, true, predicted])
    if rows.max() > 1:
        return lambda W: np.full(W.shape[1], np.nan)
    return lambda W: np.nan_to_num(ratio(*(rows.astype(W.dtype) @ W)))


def _f1(hits: np.ndarray, truths: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return 2 * hits / (truths + predictions)


def _precision(hits: np.ndarray, truths: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return hits / predictions


def _recall(hits: np.ndarray, truths: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return hits / truths


def _ranked(
    positive: np.ndarray, score: np.ndarray
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return a function of weights: the ranking, best first, summed per distinct positive score.

    It gives the weight of the positives at each such score, of the negatives above it, and of the
    negatives that tie with it, each of shape (n_scores, m).
    """
    distinct = np.unique(score[positive])[::-1]
    n_scores = len(distinct)
    level = np.searchsorted(-distinct, -score)  # the first distinct score that is <= the row's
    reached = ~positive & (level < n_scores)
    ties = reached & (distinct[np.minimum(level, n_scores - 1)] == score)
    first, others, equal = (
        _cells(level, n_scores, chosen) for chosen in (positive, reached & ~ties, ties)
    )

    def ranked(W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        positives, between = first @ W, others @ W
        if not equal.nnz:  # as a rule: scores are real numbers
            return positives, np.cumsum(between, axis=0, out=between), np.zeros(1, W.dtype)
        tied = equal @ W
        return positives, np.cumsum(between + tied, axis=0) - tied, tied

    return ranked


def _binary_roc_auc(
    positive: np.ndarray, score: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function of the weights and their sums, which all classes share."""
    if not 0 < positive.sum() < len(positive):
        return lambda W, total: np.full(W.shape[1], np.nan)
    if 2 * positive.sum() > len(positive):  # symmetric, and cheaper with fewer positives
        positive, score = ~positive, -score
    ranked = _ranked(positive, score)

    def roc_auc(W: np.ndarray, total: np.ndarray) -> np.ndarray:
        positives, above, tied = ranked(W)
        n_positive = positives.sum(0, dtype=float)
        beaten = np.einsum("sm,sm->m", positives, above + tied / 2, dtype=float)
        return 1 - beaten / (n_positive * (total - n_positive))

    return roc_auc


def _roc_auc(truth: np.ndarray, scores: np.ndarray) -> Statistic:
    columns = [1] if scores.shape[1] == 2 else np.unique(truth)
    parts = [_binary_roc_auc(truth == c, scores[:, c]) for c in columns if c < scores.shape[1]]

    def roc_auc(W: np.ndarray) -> np.ndarray:
        total = W.sum(0, dtype=float)
        return _mean_of_finite(np.stack([part(W, total) for part in parts]))

    return roc_auc


def _average_precision(truth: np.ndarray, scores: np.ndarray) -> Statistic:
    positive = truth == 1
    if scores.shape[1] != 2 or not positive.any():
        return lambda W: np.full(W.shape[1], np.nan)
    ranked = _ranked(positive, scores[:, 1])

    def average_precision(W: np.ndarray) -> np.ndarray:
        positives, above, tied = ranked(W)
        found = np.cumsum(positives, axis=0)
        precision = np.nan_to_num(found / (found + above + tied))
        return (positives * precision).sum(0) / found[-1]

    return average_precision


def _contingency(truth: np.ndarray, label: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of weights that gives the table of classes and clusters, (c, k, m)."""
    n_classes, n_clusters = truth.max() + 1, label.max() + 1
    cells = _cells(truth * n_clusters + label, n_classes * n_clusters)
    return lambda W: (cells @ W).astype(float).reshape(n_classes, n_clusters, W.shape[1])


def _adjusted_rand(truth: np.ndarray, label: np.ndarray) -> Statistic:
    table = _contingency(truth, label)

    def adjusted_rand(W: np.ndarray) -> np.ndarray:
        cells = table(W)
        both, classes, clusters = (
            (part * (part - 1) / 2).sum(0)
            for part in (cells.reshape(-1, W.shape[1]), cells.sum(1), cells.sum(0))
        )
        total = W.sum(0, dtype=float)
        chance = classes * clusters / (total * (total - 1) / 2)
        return (both - chance) / ((classes + clusters) / 2 - chance)

    return adjusted_rand


def _v_measure(truth: np.ndarray, label: np.ndarray) -> Statistic:
    table = _contingency(truth, label)

    def v_measure(W: np.ndarray) -> np.ndarray:
        cells = table(W) / W.sum(0, dtype=float)
        classes, clusters = _entropy(cells.sum(1)), _entropy(cells.sum(0))
        information = classes + clusters - _entropy(cells.reshape(-1, W.shape[1]))
        return 2 * information / (classes + clusters)

    return v_measure


def _entropy(shares: np.ndarray) -> np.ndarray:
    return -np.nan_to_num(shares * np.log(shares)).sum(0)


_WEIGHTED: dict[str, Callable[[np.ndarray, np.ndarray], Statistic]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1_macro": _f1_macro,
    "f1": partial(_of_positive, _f1),
    "precision": partial(_of_positive, _precision),
    "recall": partial(_of_positive, _recall),
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "brier": _brier,
    "r2": _r2,
    "rmse": _rmse,
    "mse": _mse,
    "mae": _mae,
    "mase": _mae,
    "adjusted_rand": _adjusted_rand,
    "v_measure": _v_measure,
}
