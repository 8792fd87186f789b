"""Several models on several data sets: Friedman's test and the critical difference of Nemenyi."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class RankTest:
    """Mean ranks of models over data sets.

    Parameters
    ----------
    ranks : dict of str to float
        Mean rank of every model, 1 is best, in that order.
    p_value : float
        Of the hypothesis that all models are equal.
    critical_difference : float
        Two models whose mean ranks differ by more are different.
    groups : tuple of tuple of str
        The largest sets of models that the data cannot tell apart (the bars of the diagram).
    n_sets : int
        Number of data sets.
    method : str
        Name of the test.
    """

    ranks: dict[str, float]
    p_value: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    n_sets: int
    method: str


def friedman_nemenyi(scores: Any, names: Sequence[str], *, alpha: float = 0.05) -> RankTest:
    """Compare models over several data sets by their ranks.

    Parameters
    ----------
    scores : array-like of shape (n_sets, n_models)
        Score of every model on every data set, greater is better, none missing.
    names : sequence of str
        Names of the models.
    alpha : float, default=0.05
        Level of the critical difference.

    Returns
    -------
    RankTest
        Mean ranks, p-value, critical difference and groups. With two models, for which Friedman's
        test does not exist, the p-value is that of Wilcoxon's signed-rank test.

    References
    ----------
    Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.

    Examples
    --------
    >>> test = friedman_nemenyi([[0.9, 0.8, 0.7]] * 6, ["forest", "knn", "dummy"])
    >>> test.groups
    (('forest', 'knn'), ('knn', 'dummy'))
    """
    table = np.asarray(scores, dtype=float)
    _check(table, names, alpha)
    n_sets, n_models = table.shape
    ranks = stats.rankdata(-table, axis=1).mean(axis=0)
    order = np.argsort(ranks, kind="stable")
    studentized = stats.studentized_range.ppf(1 - alpha, n_models, math.inf) / math.sqrt(2)
    difference = float(studentized * math.sqrt(n_models * (n_models + 1) / (6 * n_sets)))
    return RankTest(
        {names[i]: float(ranks[i]) for i in order},
        _p_value(table),
        difference,
        _groups([names[i] for i in order], ranks[order], difference),
        n_sets,
        "Friedman and Nemenyi" if n_models > 2 else "Wilcoxon and Nemenyi",
    )


def _check(table: np.ndarray, names: Sequence[str], alpha: float) -> None:
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise ValueError(
            "scores must be finite, two or more data sets by two or more models, got shape "
            f"{table.shape} with {int(np.sum(~np.isfinite(table)))} values missing."
        )
    if len(names) != table.shape[1]:
        raise ValueError(
            f"names must name each column of scores, got {len(names)} names and "
            f"{table.shape[1]} columns."
        )
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha=}.")


def _p_value(table: np.ndarray) -> float:
    if np.all(table == table[:, :1]):
        return 1.0
    if table.shape[1] == 2:
        return float(stats.wilcoxon(table[:, 0], table[:, 1]).pvalue)
    return float(stats.friedmanchisquare(*table.T).pvalue)


def _groups(names: list[str], ranks: np.ndarray, difference: float) -> tuple[tuple[str, ...], ...]:
    """Return the longest runs of models, best first, within the critical difference."""
    ends = np.searchsorted(ranks, ranks + difference, side="right")
    starts = [i for i in range(len(ranks)) if i == 0 or ends[i] > ends[i - 1]]
    return tuple(tuple(names[i : ends[i]]) for i in starts if ends[i] - i > 1)
