"""Tests over the folds of a cross-validation, and the spread of scores from seed to seed.

The training parts of folds overlap, so the folds' scores are correlated and the plain paired
t-test finds differences where there are none; both tests here correct for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class FoldTest:
    """Mean difference over folds with its interval, p-value, effect size and method.

    ``effect_size`` is the mean difference in standard deviations of the folds' differences.
    """

    difference: float
    low: float
    high: float
    p_value: float
    effect_size: float
    method: str = "Nadeau-Bengio corrected t-test"


@dataclass(frozen=True)
class BayesianTest:
    """Posterior probabilities that the first is better, both are equal, the second is better."""

    first_better: float
    equivalent: float
    second_better: float
    rope: float
    method: str = "Bayesian correlated t-test"


@dataclass(frozen=True)
class Spread:
    """How far the scores of one model scatter.

    Parameters
    ----------
    mean : float
        Mean score.
    seed, fold, rest : float
        Standard deviation from seed to seed, from fold to fold, and of what is left (the two
        together, and noise). With one fold ``seed`` is all there is and the others are NaN.
    low, high : float
        Interval of ``seed`` (chi-squared); NaN unless there is one fold.
    """

    mean: float
    seed: float
    fold: float
    rest: float
    low: float
    high: float


def corrected_t_test(
    first: Any, second: Any, *, n_train: int, n_test: int, level: float = 0.95
) -> FoldTest:
    """Test the scores of two models over the same folds, corrected for their overlap.

    Parameters
    ----------
    first, second : array-like of shape (n_folds,)
        Scores of both models, fold by fold; repeats follow each other.
    n_train, n_test : int
        Rows in the training and in the test part of one fold.
    level : float, default=0.95
        Level of the interval.

    Returns
    -------
    FoldTest
        Of the difference first minus second.

    References
    ----------
    Nadeau, Bengio, "Inference for the generalization error", Machine Learning 52, 2003.

    Examples
    --------
    >>> test = corrected_t_test([0.9, 0.8, 0.7], [0.8, 0.7, 0.65], n_train=60, n_test=30)
    >>> round(test.difference, 3), round(test.p_value, 3)
    (0.083, 0.087)
    """
    posterior = _Posterior.of(first, second, n_train, n_test)
    mean, scale, freedom = posterior.mean, posterior.scale, posterior.freedom
    if scale == 0:
        certain = 1.0 if mean == 0 else 0.0
        effect = 0.0 if mean == 0 else math.copysign(math.inf, mean)
        return FoldTest(mean, mean, mean, certain, effect)
    half = scale * float(stats.t.ppf((1 + level) / 2, freedom))
    p_value = 2 * float(stats.t.sf(abs(mean) / scale, freedom))
    return FoldTest(mean, mean - half, mean + half, p_value, mean / posterior.deviation)


def bayesian_t_test(
    first: Any, second: Any, *, n_train: int, n_test: int, rope: float = 0.01
) -> BayesianTest:
    """Return how probable it is that one model is better by more than ``rope``.

    Parameters
    ----------
    first, second : array-like of shape (n_folds,)
        Scores of both models, fold by fold.
    n_train, n_test : int
        Rows in the training and in the test part of one fold.
    rope : float, default=0.01
        Region of practical equivalence: differences up to this matter to nobody.

    Returns
    -------
    BayesianTest
        Three probabilities that add up to 1.

    References
    ----------
    Corani, Benavoli, "A Bayesian approach for comparing cross-validated algorithms on multiple data
    sets", Machine Learning 100, 2015.

    Examples
    --------
    >>> test = bayesian_t_test([0.9, 0.8, 0.7], [0.8, 0.7, 0.6], n_train=60, n_test=30)
    >>> test.first_better > 0.99
    True
    """
    if not rope >= 0:
        raise ValueError(f"rope must be >= 0, got {rope=}.")
    posterior = _Posterior.of(first, second, n_train, n_test)
    if posterior.scale == 0:
        mean = posterior.mean
        return BayesianTest(float(mean > rope), float(abs(mean) <= rope), float(mean < -rope), rope)
    student = stats.t(posterior.freedom, posterior.mean, posterior.scale)
    above, below = float(student.sf(rope)), float(student.cdf(-rope))
    return BayesianTest(above, max(0.0, 1 - above - below), below, rope)


def seed_spread(scores: Any, *, level: float = 0.95) -> Spread:
    """Return how much of the scatter of a model's scores comes from its seed.

    Parameters
    ----------
    scores : array-like of shape (n_seeds,) or (n_seeds, n_folds)
        Scores of the same model trained with different seeds, on one or several splits.
    level : float, default=0.95
        Level of the interval.

    Returns
    -------
    Spread
        Standard deviations; the components of variance are the analysis of variance's, and a
        negative one is 0.

    Examples
    --------
    >>> spread = seed_spread([0.91, 0.93, 0.92])
    >>> round(spread.mean, 2), round(spread.seed, 2)
    (0.92, 0.01)
    """
    table = np.asarray(scores, dtype=float)
    if table.ndim not in (1, 2) or len(table) < 2:
        raise ValueError(f"scores must hold two or more seeds, got shape {table.shape}.")
    if table.ndim == 1 or table.shape[1] == 1:
        return _one_fold_spread(table.ravel(), level)
    n_seeds, n_folds = table.shape
    seeds, folds, mean = table.mean(axis=1), table.mean(axis=0), float(table.mean())
    rest = float(((table - seeds[:, None] - folds + mean) ** 2).sum())
    rest /= (n_seeds - 1) * (n_folds - 1)
    seed = max(0.0, float(seeds.var(ddof=1)) - rest / n_folds)
    fold = max(0.0, float(folds.var(ddof=1)) - rest / n_seeds)
    return Spread(mean, math.sqrt(seed), math.sqrt(fold), math.sqrt(rest), math.nan, math.nan)


def _one_fold_spread(scores: np.ndarray, level: float) -> Spread:
    freedom = len(scores) - 1
    squares = freedom * float(scores.var(ddof=1))
    high, low = stats.chi2.ppf([(1 - level) / 2, (1 + level) / 2], freedom)
    seed = math.sqrt(squares / freedom)
    mean = float(scores.mean())
    return Spread(
        mean, seed, math.nan, math.nan, math.sqrt(squares / low), math.sqrt(squares / high)
    )


@dataclass(frozen=True)
class _Posterior:
    """Student's t of the mean difference: both tests read it, each in its own words."""

    mean: float
    scale: float
    deviation: float
    freedom: int

    @classmethod
    def of(cls, first: Any, second: Any, n_train: int, n_test: int) -> _Posterior:
        first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
        if first.shape != second.shape or first.ndim != 1 or len(first) < 2:
            raise ValueError(
                "first and second must be the scores of the same two or more folds, got shapes "
                f"{first.shape} and {second.shape}."
            )
        if n_train < 1 or n_test < 1:
            raise ValueError(f"n_train and n_test must be >= 1, got {n_train=}, {n_test=}.")
        differences = first - second
        variance = float(differences.var(ddof=1))
        if variance <= 1e-24 * max(1e-12, float(np.abs(differences).max()) ** 2):
            variance = 0.0  # equal differences, but for rounding
        scale = math.sqrt(variance * (1 / len(first) + n_test / n_train))
        return cls(float(differences.mean()), scale, math.sqrt(variance), len(first) - 1)
