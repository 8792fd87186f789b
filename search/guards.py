"""Leaks and flaws, looked for: in the data before anything is trained, and in what came out.

Every guard gives a number, a plain sentence and the place that says what to do. A guard is no
proof: a warning asks to look, and silence means that none of these flaws was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipelines.dataset import Dataset

from . import guard_columns, guard_copies, guard_split
from .finding import Finding
from .metrics import get
from .statistics import Estimate, PairedTest

__all__ = ["Finding", "check_data", "check_run"]

_FAR = 3.0  # standard errors
_ERROR_LEFT = 0.6  # of the validation error; a final fit on more rows seldom gains as much


def check_data(data: Dataset, *, random_state: int = 0) -> list[Finding]:
    """Look for flaws of a data set and its split; nothing is trained on all of it.

    Copies of test rows among the training rows (exact and near), columns that give the target
    away, columns that number the rows, preparation that was fitted on both parts, groups and time
    cut by the split, and parts that differ.

    Parameters
    ----------
    data : Dataset
        Any kind; of a series only time, groups and missing classes are looked at.
    random_state : int, default=0
        Seed of the samples that stand for large data.

    Returns
    -------
    list of Finding
        Warnings first.

    Examples
    --------
    >>> from pipelines import load_dataset
    >>> check_data(load_dataset("wine"))
    []
    """
    rng = np.random.default_rng(random_state)
    found = [
        *guard_copies.check(data, rng),
        *guard_columns.check(data, rng),
        *guard_split.check(data),
    ]
    return sorted(found, key=lambda finding: finding.severity != "warning")


def check_run(
    metric: str,
    validation: Mapping[str, Sequence[float]],
    test: Mapping[str, Estimate],
    tests: Iterable[PairedTest] = (),
    *,
    dummy: str = "dummy",
) -> list[Finding]:
    """Look for scores that should make one wonder.

    Parameters
    ----------
    metric : str
        Name of the metric of all scores.
    validation : mapping of str to sequence of float
        Scores of the chosen candidate on the validation folds, for every model.
    test : mapping of str to Estimate
        Score on the test part with its interval (95 %), for every model.
    tests : iterable of PairedTest, default=()
        Pairs of models on the test part; those with the dummy are read.
    dummy : str, default="dummy"
        Name of the dummy model.

    Returns
    -------
    list of Finding
        Test scores far above validation, and models that are no better than the dummy.

    Examples
    --------
    >>> sure = Estimate(0.99, 0.97, 1.0, "Wilson")
    >>> found = check_run("accuracy", {"knn": [0.7, 0.72, 0.69, 0.71]}, {"knn": sure})
    >>> found[0].guard
    'test above validation'
    """
    found = [
        _above_validation(name, metric, np.asarray(scores, dtype=float), test[name])
        for name, scores in validation.items()
        if name in test and name != dummy
    ]
    found += [_like_dummy(pair, dummy) for pair in tests if dummy in (pair.first, pair.second)]
    return [finding for finding in found if finding is not None]


def _above_validation(name: str, metric: str, folds: np.ndarray, test: Estimate) -> Finding | None:
    """Compare the error on the test part with that on the folds, both with their uncertainty."""
    folds = folds[np.isfinite(folds)]
    if len(folds) < 2 or not math.isfinite(test.value):
        return None
    best = 1.0 if get(metric).greater_is_better else 0.0
    expected, error = best - float(folds.mean()), best - test.value
    # Folds share training rows, so their mean scatters as one of them does (no 1 / sqrt(n)).
    scatter = math.hypot(float(folds.std(ddof=1)), (test.high - test.low) / (2 * 1.96))
    if error > _ERROR_LEFT * expected or expected - error <= _FAR * scatter:
        return None
    return Finding(
        "test above validation",
        "warning",
        expected - error,
        f"{name} scores {test.value:.3f} ({get(metric).title}) on the test part, far above its "
        f"{folds.mean():.3f} in validation: test rows may have leaked into the training part.",
        "the-test-part-is-used-once",
    )


def _like_dummy(pair: PairedTest, dummy: str) -> Finding | None:
    name, sign = (pair.second, -1) if pair.first == dummy else (pair.first, 1)
    if name == dummy or (sign * pair.difference > 0 and pair.adjusted <= 0.05):
        return None
    return Finding(
        "like the dummy",
        "warning",
        sign * pair.difference,
        f"{name} is not better than the dummy beyond chance (difference in "
        f"{get(pair.metric).title} {sign * pair.difference:+.3f}, p = {pair.adjusted:.2g}).",
        "the-dummy-takes-part",
    )
