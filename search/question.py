"""What a study is about, as short texts: it is resumed for the same question only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import joblib

from search.evaluation import Evaluator
from search.objective import Objective

# They change how a fit runs, not what comes out.
_IRRELEVANT = ("n_jobs", "verbose", "memory", "device", "compile")


def question_of(
    evaluator: Evaluator, objective: Objective, data: Sequence[Any], scoring: Any
) -> dict[str, str]:
    """Return a fingerprint of each part of the question that a search asks.

    Parameters
    ----------
    evaluator : Evaluator
        With estimator and folds.
    objective : Objective
        With space and objectives.
    data : sequence of array-like
        X, y and all metadata.
    scoring : object
        What is measured.

    Returns
    -------
    dict of str to str
        Equal for equal parts, in every process.
    """
    params = evaluator.estimator.get_params(deep=True)
    relevant = {k: v for k, v in params.items() if k.split("__")[-1] not in _IRRELEVANT}
    return {
        "data": joblib.hash(list(data)),
        "cv": joblib.hash([list(split) for split in evaluator.splits]),
        "space": joblib.hash(objective.space.describe()),
        "estimator": joblib.hash([type(evaluator.estimator).__name__, _text(relevant)]),
        "scoring": joblib.hash([_text(scoring), _text(list(objective.names))]),
    }


def _text(value: Any) -> str:
    """Return a text without addresses; functions by name."""
    if isinstance(value, Mapping):
        return repr({key: _text(value[key]) for key in sorted(value)})
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
