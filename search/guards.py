"""Leaks and flaws, looked for: in the data before anything is trained, and in what came out.

Every guard gives a number, a plain sentence and the place that says what to do. A guard is no
proof: a warning asks to look, and silence means that none of these flaws was found. Warnings stop
nothing; what stops a comparison is :func:`require_usable` alone.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.dataset import Dataset

from . import guard_columns, guard_copies, guard_split
from .disk import RunError, write_at_once
from .finding import GUARDS, Finding
from .metrics import get
from .statistics import Estimate, PairedTest

__all__ = [
    "Finding",
    "check_data",
    "check_run",
    "found_in",
    "guard",
    "require_usable",
    "warnings_of",
]

FILE = "guards.json"
_FAR = 3.0  # standard errors
_ERROR_LEFT = 0.6  # of the validation error; a final fit on more rows seldom gains as much


def require_usable(data: Dataset) -> None:
    """Refuse data of which nothing can be learnt, or which judge nothing.

    Parameters
    ----------
    data : Dataset
        What a comparison is asked about.

    Raises
    ------
    ValueError
        If a part has no rows, a target is missing, or the training part holds a single class.
    """
    for part in ("train", "test"):
        y = getattr(data, f"y_{part}")
        if len(y) == 0:
            raise ValueError(f"compare: data must have rows in its {part} part, got none.")
        if n_missing := int(pd.isna(y).sum()):
            raise ValueError(
                f"compare: data must have a target in every row; y_{part} lacks it in {n_missing} "
                "rows, which can be left out."
            )
    if data.task == "clustering" and len(np.unique(data.y_test)) < 2:
        raise ValueError(
            "compare: data must tell classes that clusters are judged by, got none; name their "
            "column (target, --target), or fit the model by itself."
        )
    if data.task == "classification" and len(np.unique(data.y_train)) < 2:
        raise ValueError(
            "compare: data must have two classes or more in its training part, got only "
            f"{data.y_train[0]!r}."
        )


def guard(run: Path, data: Dataset, *, random_state: int = 0) -> list[Finding]:
    """Return what :func:`check_data` finds, looked for once in a run and written down there.

    Parameters
    ----------
    run : Path
        The run directory; ``guards.json`` is read, or written.
    data : Dataset
        What the run is about.
    random_state : int, default=0
        Seed of the samples that stand for large data.

    Returns
    -------
    list of Finding
        Warnings first.
    """
    found = found_in(run)
    if found is None:
        found = check_data(data, random_state=random_state)
        text = json.dumps([dataclasses.asdict(finding) for finding in found], indent=1)
        write_at_once(run / FILE, lambda file: file.write(text.encode()))
    return found


def found_in(run: Path) -> list[Finding] | None:
    """Return the findings that a run holds, or None if its data were not looked at."""
    path = run / FILE
    if not path.exists():
        return None
    try:
        found = [Finding(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise RunError(
            f"{path} is damaged: {error}; delete it, and the run goes without."
        ) from None
    return [finding for finding in found if finding.guard in GUARDS]


def warnings_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the warnings among findings, each with what to do, in plain words."""
    return tuple(f"{f.sentence} {f.advice}" for f in findings if f.severity == "warning")


def check_data(data: Dataset, *, random_state: int = 0) -> list[Finding]:
    """Look for flaws of a data set and its split; nothing is trained on all of it.

    Copies of test rows among the training rows (exact and near), columns that give the target
    away, columns that number the rows, preparation that was fitted on both parts, groups and time
    cut by the split, and parts that differ. Near copies are looked for with 1,000 test rows among
    up to 100,000 training rows, giveaways with 2,000 training rows; all else is exact.

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
    with np.errstate(over="ignore", invalid="ignore"):  # huge numbers are data, too
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
    )
