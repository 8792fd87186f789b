"""How sure the scores of a run and their differences are: the statistics of ``search``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from search.metrics import Metric
from search.statistics import BestSet, PairedTest, best_set, interval, pairwise_tests, time_blocks

Arrays = Mapping[str, Any]
Ends = tuple[float | None, float | None]


@dataclass(frozen=True)
class Evidence:
    """What the test part carries.

    Parameters
    ----------
    intervals : mapping of (model, metric) to (low, high)
        95 % intervals as the metric defines its values, losses positive; None where undefined.
    tests : list of PairedTest
        All pairs of models by the metric that is optimised; greater differences are better.
    best : BestSet or None
        The models that the data cannot tell from the best; None without models.
    """

    intervals: Mapping[tuple[str, str], Ends]
    tests: list[PairedTest]
    best: BestSet | None

    def test_of(self, better: str, other: str) -> PairedTest | None:
        """Return the test of a pair, turned so that ``better`` comes first."""
        for test in self.tests:
            if (test.first, test.second) == (better, other):
                return test
            if (test.first, test.second) == (other, better):
                return turned(test)
        return None


def weigh(
    refit: Metric,
    metrics: Iterable[Metric],
    predictions: Mapping[str, Arrays],
    scores: Mapping[str, float],
    *,
    in_time: bool,
    baseline: str | None = None,
) -> Evidence:
    """Return intervals of all scores, and the paired tests of all models.

    Parameters
    ----------
    refit : Metric
        What the models are compared by.
    metrics : iterable of Metric
        What intervals are wanted for.
    predictions : mapping of str to mapping
        The arrays of each model's prediction file.
    scores : mapping of str to float
        Each model's test score, greater is better.
    in_time : bool
        Whether the test rows follow each other in time, so that neighbours are alike.
    baseline : str or None, default=None
        The model that looks at no feature; tests against it are corrected among themselves.
    """
    if not predictions:
        return Evidence({}, [], None)
    first = next(iter(predictions.values()))
    y_true = first["y_true"]
    groups = time_blocks(len(y_true)) if in_time else first.get("groups")
    intervals = {
        (name, metric.name): _interval(metric, arrays, groups)
        for name, arrays in predictions.items()
        for metric in metrics
    }
    tests = pairwise_tests(refit.name, y_true, predictions, baseline=baseline, groups=groups)
    tested = {name for test in tests for name in (test.first, test.second)} or set(predictions)
    judged = {name: score for name, score in scores.items() if name in tested}
    return Evidence(intervals, tests, best_set(judged, tests))


def turned(test: PairedTest) -> PairedTest:
    """Return a test seen from its second model."""
    return PairedTest(
        test.second, test.first, test.metric, -test.difference, -test.high, -test.low,
        test.p_value, test.adjusted, -test.effect_size, test.method,
    )  # fmt: skip


def _interval(metric: Metric, arrays: Arrays, groups: Any) -> Ends:
    keys = ("y_pred", "y_proba", "y_score", "classes", "scale")
    given = {key: arrays[key] for key in keys if key in arrays}
    low, high = interval(metric.name, arrays["y_true"], groups=groups, **given)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None, None
    return (low, high) if metric.greater_is_better else (-high, -low)
