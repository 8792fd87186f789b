"""How much a score owes to the seed: what was found is fitted and judged again with further seeds.

The repeats come after everything is chosen, and choose nothing themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from imblearn.pipeline import Pipeline
from sklearn.base import clone

from pipelines.dataset import Dataset
from search.costs import seconds_of
from search.forecasts import naive_error
from search.metrics import evaluate
from search.predictions import predictions
from search.run_directory import RunDirectory, make_row

Rows = list[dict[str, Any]]


def n_seeds(pipeline: Pipeline, question: Mapping[str, Any]) -> int:
    """Return with how many seeds a model is judged: one where it draws no random numbers."""
    return int(question.get("repeats", 1)) if _drawing(pipeline) else 1


def repeats(
    name: str,
    pipeline: Pipeline,
    data: Dataset,
    question: Mapping[str, Any],
    standing: Iterable[Mapping[str, Any]] = (),
) -> Iterator[Rows]:
    """Fit and judge a pipeline with further seeds, one after the other.

    Parameters
    ----------
    name : str
        The model's name in the run.
    pipeline : Pipeline
        With the parameters that were found.
    data : Dataset
        The whole training part is fitted, the test part judges.
    question : mapping
        The question of the run, with ``repeats``, ``metrics`` and ``random_state``.
    standing : iterable of dict, default=()
        Rows of the run; what stands there is not done again.

    Yields
    ------
    list of dict
        The rows of one seed, one for each metric.
    """
    known = _judged(standing, name, question)
    for number in range(1, n_seeds(pipeline, question)):
        if number not in known:
            yield _judge(name, number, pipeline, data, question)


def is_repeated(run: RunDirectory, name: str) -> bool:
    """Tell whether a model was judged with all the seeds that its final fit speaks of."""
    rows = [row for row in run.rows() if row["model"] == name]
    wanted = [row["extra"].get("n_seeds", 1) for row in rows if row["stage"] == "refit"]
    return len(_judged(rows, name, run.manifest["question"])) >= max(wanted, default=1) - 1


def _judge(
    name: str, number: int, pipeline: Pipeline, data: Dataset, question: Mapping[str, Any]
) -> Rows:
    seed = (question["random_state"] + number) % 2**32
    model = clone(pipeline).set_params(**dict.fromkeys(_drawing(pipeline), seed))
    seconds = seconds_of(lambda: model.fit(data.X_train, data.y_train))
    found = predictions(model, data.X_test)
    scores = evaluate(question["metrics"], data.y_test, **found, scale=naive_error(data))
    return [
        make_row(
            name, "repeat", fold=number, metric=metric, value=value, seconds=seconds,
            extra={"seed": seed},
        )
        for metric, value in scores.items()
    ]  # fmt: skip


def _drawing(pipeline: Pipeline) -> list[str]:
    """Return the parameters that seed the steps of a pipeline."""
    return [name for name in pipeline.get_params() if name.endswith("__random_state")]


def _judged(rows: Iterable[Mapping[str, Any]], name: str, question: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the repeats of which every metric stands."""
    found = [
        row["fold"]
        for row in rows
        if (row["model"], row["stage"], row["status"]) == (name, "repeat", "complete")
    ]
    return {number for number in found if found.count(number) == len(question["metrics"])}
