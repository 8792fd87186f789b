"""Whether models differ on the same rows, and which ones are as good as the best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from .intervals import check_level
from .metrics import answers
from .resampling import Resampled, resample
from .weighted_metrics import weighted

Predictions = Mapping[str, Any]


@dataclass(frozen=True)
class PairedTest:
    """The difference of two models on the same rows.

    Parameters
    ----------
    first, second : str
        Names of the models.
    metric : str
        Name of the metric.
    difference, low, high : float
        Score of the first minus score of the second, with its interval; greater is better, so
        a positive difference speaks for the first, of losses too.
    p_value : float
        Of the hypothesis that there is no difference, two-sided, of this pair alone.
    adjusted : float
        The same after Holm's correction for all pairs that were tested together; those with a
        baseline among themselves.
    effect_size : float
        The difference in standard deviations of the difference of a single row (Cohen's d of
        paired values), NaN where no resample changes it; for accuracy Cohen's g, the share of the
        disagreements that the first model gets right, less one half.
    method : str
        Names of the methods behind p-value and interval.
    """

    first: str
    second: str
    metric: str
    difference: float
    low: float
    high: float
    p_value: float
    adjusted: float
    effect_size: float
    method: str


@dataclass(frozen=True)
class BestSet:
    """Which models the data cannot tell from the best one.

    Parameters
    ----------
    best : str
        The model of the highest score.
    members : tuple of str
        The best and all that are not significantly worse, by score.
    winner : str or None
        The best model if it is the only member, else None: then the data name no single winner.
    """

    best: str
    members: tuple[str, ...]
    winner: str | None


def paired_test(
    metric: str,
    y_true: Any,
    first: Predictions,
    second: Predictions,
    *,
    groups: Any = None,
    level: float = 0.95,
    random_state: int = 0,
) -> PairedTest:
    """Test whether two models differ on the same rows.

    Accuracy: McNemar's exact test, with the interval of Bonett and Price. Every other metric: the
    paired bootstrap, both models judged on the same resamples, which gives the standard error of
    the difference to Student's t.

    Parameters
    ----------
    metric : str
        Name of a metric.
    y_true : array-like of shape (n,)
        Truth.
    first, second : mapping
        The answers of both models: ``y_pred``, ``y_proba``, ``y_score``, ``classes`` as far as
        given, as :func:`search.metrics.predictions` returns them.
    groups, level, random_state
        See :func:`estimate`.

    Returns
    -------
    PairedTest
        Of models named "first" and "second".

    Examples
    --------
    >>> truth = [0, 1] * 20
    >>> test = paired_test("accuracy", truth, {"y_pred": truth}, {"y_pred": [0] * 40})
    >>> test.difference, test.p_value < 0.001
    (0.5, True)
    """
    models = {"first": first, "second": second}
    return pairwise_tests(
        metric, y_true, models, groups=groups, level=level, random_state=random_state
    )[0]


def pairwise_tests(
    metric: str,
    y_true: Any,
    models: Mapping[str, Predictions],
    *,
    baseline: str | None = None,
    groups: Any = None,
    level: float = 0.95,
    random_state: int = 0,
) -> list[PairedTest]:
    """Test every pair of models on the same rows, p-values Holm-corrected for all pairs.

    Whether a model is better than a baseline is another question than which model is the best, so
    that pairs with the baseline are a family of their own: more models do not hide that each of
    them has learnt something.

    Parameters
    ----------
    metric : str
        Name of a metric.
    y_true : array-like of shape (n,)
        Truth.
    models : mapping of str to mapping
        Name and answers of every model, see :func:`paired_test`. A model for which the metric is
        undefined takes part in no pair.
    baseline : str or None, default=None
        Name of the model that looks at no feature, if it is among them.
    groups, level, random_state
        See :func:`estimate`.

    Returns
    -------
    list of PairedTest
        In the order of ``itertools.combinations``.
    """
    check_level(level)
    given = {name: answers(metric, y_true, **_wanted(model)) for name, model in models.items()}
    judged = {name: one for name, one in given.items() if one.answer is not None}
    if metric == "accuracy" and groups is None:
        hits = {name: one.truth == one.answer for name, one in judged.items()}
        tests = [
            _mcnemar(a, b, hits[a], hits[b], level) for a, b in itertools.combinations(hits, 2)
        ]
    else:
        drawn = {
            name: resample(weighted(metric, one), len(one.truth), groups=groups, seed=random_state)
            for name, one in judged.items()
        }
        defined = [name for name, one in drawn.items() if np.isfinite(one.observed)]
        tests = [
            _bootstrap(a, b, metric, drawn[a] - drawn[b], level)
            for a, b in itertools.combinations(defined, 2)
        ]
    return _by_family(tests, baseline)


def best_set(
    scores: Mapping[str, float], tests: Iterable[PairedTest], *, alpha: float = 0.05
) -> BestSet:
    """Return the models that the data cannot tell from the best.

    Holm's correction over all pairs, not over those with the best alone: the best is chosen by the
    same scores. So the chance that any model is called worse than an equal or better one, and with
    it the chance of a false winner, is at most ``alpha``; and so is the chance that any model is
    called better than a baseline that is as good.

    Parameters
    ----------
    scores : mapping of str to float
        Score of every model, greater is better; NaN takes no part.
    tests : iterable of PairedTest
        All pairs of them, from :func:`pairwise_tests`.
    alpha : float, default=0.05
        Level of the tests.

    Returns
    -------
    BestSet
        The best, the members of its set, and the winner if there is one.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979.
    """
    ranked = sorted(
        (name for name in scores if np.isfinite(scores[name])), key=lambda n: -scores[n]
    )
    if not ranked:
        raise ValueError(f"best_set: scores must hold a finite score, got {dict(scores)}.")
    adjusted = {frozenset((test.first, test.second)): test.adjusted for test in tests}
    best = ranked[0]
    members = [name for name in ranked[1:] if adjusted[frozenset((best, name))] > alpha]
    alone = len(ranked) > 1 and not members
    return BestSet(best, (best, *members), best if alone else None)


def _wanted(model: Predictions) -> dict[str, Any]:
    """Keep what the metrics take; a prediction file holds row numbers too."""
    return {key: model.get(key) for key in ("y_pred", "y_proba", "y_score", "classes", "scale")}


def _mcnemar(
    first: str, second: str, hits: np.ndarray, other_hits: np.ndarray, level: float
) -> PairedTest:
    """Compare two models by the rows that just one of them gets right.

    Exact test: McNemar, Psychometrika 12, 1947. Interval: Bonett and Price, "Adjusted Wald
    confidence interval for a difference of binomial proportions based on paired data", Journal of
    Educational and Behavioral Statistics 37, 2012.
    """
    n = len(hits)
    gains, losses = int(np.sum(hits & ~other_hits)), int(np.sum(other_hits & ~hits))
    discordant = gains + losses
    p_value = float(stats.binomtest(gains, discordant).pvalue) if discordant else 1.0
    up, down = (gains + 1) / (n + 2), (losses + 1) / (n + 2)
    variance = (up + down - (up - down) ** 2) / (n + 2)
    half = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(variance)
    return PairedTest(
        first, second, "accuracy",
        (gains - losses) / n, max(up - down - half, -1.0), min(up - down + half, 1.0),
        p_value, p_value, gains / discordant - 0.5 if discordant else 0.0,
        "McNemar's exact test, Bonett-Price interval",
    )  # fmt: skip


def _bootstrap(
    first: str, second: str, metric: str, difference: Resampled, level: float
) -> PairedTest:
    value, p_value = difference.observed, difference.t_test()
    low, high = difference.t_interval(level)
    spread = difference.standard_error * math.sqrt(difference.n_units)
    effect = value / spread if not difference.is_constant else 0.0 if p_value == 1 else math.nan
    return PairedTest(
        first, second, metric, value, low, high, p_value, p_value, effect,
        f"paired t-test with the standard error of the {difference.method}",
    )  # fmt: skip


def _by_family(tests: list[PairedTest], baseline: str | None) -> list[PairedTest]:
    """Correct the pairs with the baseline, and all others, each among themselves."""
    is_with = [baseline in (test.first, test.second) for test in tests]
    families = {
        kind: iter(_holm([t for t, own in zip(tests, is_with, strict=True) if own == kind]))
        for kind in (True, False)
    }
    return [next(families[kind]) for kind in is_with]


def _holm(tests: list[PairedTest]) -> list[PairedTest]:
    """Correct all p-values (statsmodels' own collects garbage at every call, 0.1 s each)."""
    ordered = sorted(tests, key=lambda test: test.p_value)
    steps = [(len(tests) - i) * test.p_value for i, test in enumerate(ordered)]
    adjusted = dict(zip(map(id, ordered), np.maximum.accumulate([0.0, *steps])[1:], strict=True))
    return [replace(test, adjusted=min(float(adjusted[id(test)]), 1.0)) for test in tests]
