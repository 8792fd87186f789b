"""From what ``compare`` is asked to the run directory that holds the answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.dataset import Dataset
from search.address import without_password
from search.disk import RunError
from search.entries import Entry
from search.manifest import describe, refuse_another_question, write_sample
from search.metrics import get, metrics_for
from search.run_directory import RunDirectory
from search.validation import choose_cv, describe_cv, search_part


def question_of_run(given: Mapping[str, Any], taking_part: Sequence[Entry]) -> dict[str, Any]:
    """Return all that the answer depends on, besides the data."""
    data, seed = given["data"], given["random_state"]
    cv = choose_cv(search_part(data, given["search_rows"], seed), given["cv"], seed)
    n_classes = len(np.unique(data.y_train))
    metrics = [get(name).name for name in given["metrics"] or metrics_for(data.task, n_classes)]
    if not metrics:
        raise ValueError(f"compare: metrics must name one at least for {data.task}, got none.")
    same = (
        "n_trials", "timeout", "evaluation", "repeats", "search_rows", "pruner", "random_state",
    )  # fmt: skip
    return {
        "models": [entry.name for entry in taking_part],
        "metrics": metrics,
        "refit": metrics[0],
        "cv": describe_cv(cv),
        "spaces": {e.name: e.space.describe() for e in taking_part if e.is_given},
        **{name: given[name] for name in same},
    }


def run_folder(run_dir: Any, data: Dataset, *, resume: bool) -> Path:
    """Return the folder of a run, named after the data if it was given no name."""
    if run_dir is not None:
        return Path(run_dir)
    if resume:
        raise ValueError("compare: run_dir must name the run to go on with, got run_dir=None.")
    return Path("runs") / f"{data.name}-{datetime.now():%Y%m%d-%H%M%S}"


def open_run(
    path: Path,
    data: Dataset,
    taking_part: Sequence[Entry],
    question: Any,
    *,
    given: Mapping[str, Any],
    storage: str | None,
    resume: bool,
) -> RunDirectory:
    """Return the run in a folder, made or resumed."""
    if (path / "manifest.json").exists():
        if not resume:
            raise RunError(
                f"{path} holds a run already; go on with it by resume=True (--resume), or choose "
                "another folder (--out)."
            )
        run = RunDirectory(path)
        refuse_another_question(run, data, question)
    else:
        models = {entry.name: entry.model for entry in taking_part}
        manifest = describe(data, models, question)
        further = {"given": dict(given), "storage": _describe_storage(storage)}
        run = RunDirectory.create(path, manifest | further)
    if not run.arrays("data"):
        write_sample(run, data, question["random_state"])
    return run


def _describe_storage(storage: str | None) -> dict[str, str] | None:
    """Return where the studies stand, if not in the run directory, and what their names begin with.

    A password is not kept: it comes from the environment (PGPASSWORD) or from a file (.pgpass).
    """
    if storage is None:
        return None
    return {"url": without_password(storage), "studies": f"{uuid.uuid4().hex[:12]}-"}
