"""Help with the trials of a run whose studies stand on a server, from any process or machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.dataset import Dataset
from search.child import Limits, Message, run_in_child
from search.contestant import Contestant, compete
from search.disk import RunError
from search.entries import entries
from search.given import given_again
from search.handover import write_data
from search.manifest import refuse_another_question
from search.progress import Event, from_plain
from search.run_directory import RunDirectory
from search.validation import choose_cv, describe_cv, search_part


def assist(
    run_dir: str | os.PathLike[str],
    data: Dataset,
    *,
    models: Sequence[Any] | Mapping[str, Any] | None = None,
    cv: Any = None,
    spaces: Mapping[str, Any] | None = None,
    storage: str | None = None,
    n_jobs: int | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    progress: Callable[[Event], None] | None = None,
) -> None:
    """Take trials of a run until none is left; nothing in the run directory is written.

    The final fits and the looks at the test part are left to the process that compares. A worker
    may come and go at any time: a trial that it leaves is done by another one.

    Parameters
    ----------
    run_dir : path-like
        Folder of the run, or a copy of it: only ``manifest.json`` and ``rows.jsonl`` are read.
    data : Dataset
        The data of the run.
    models : sequence, mapping or None, default=None
        As ``compare`` was given them; None takes what the run keeps, which is the names of the
        registry.
    cv : int, splitter or None, default=None
        As ``compare`` was given it; None takes what the run keeps.
    spaces : mapping or None, default=None
        As ``compare`` was given them; None takes what the run keeps, which is all but functions
        and lists of objects.
    storage : str or None, default=None
        URL of the database with its password, which the run does not know.
    n_jobs : int or None, default=None
        Processes of this worker.
    time_limit : float or None, default=None
        Seconds after which a model is ended here.
    memory_limit : int or None, default=None
        Bytes of resident memory beyond which a model is ended here.
    progress : callable or None, default=None
        Called with every event of ``search.progress``.

    Raises
    ------
    RunError
        If the studies of the run stand on no server, the data or the question are others, or the
        run does not keep something that it was given.

    Examples
    --------
    >>> from pipelines import load_dataset
    >>> from search import compare
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     comparison = compare(["knn"], load_dataset("iris"), n_trials=1, run_dir=folder)
    ...     assist(folder, load_dataset("iris"))  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    search.disk.RunError: ... has its studies in study.db, where one process works alone; ...
    """
    run = RunDirectory(run_dir)
    shared = run.shared_storage(storage)
    if shared is None:
        raise RunError(
            f"{run.path} has its studies in study.db, where one process works alone; begin the "
            "run with storage=URL (--storage URL) to share its trials."
        )
    question = run.manifest["question"]
    given = given_again(run, models=models, cv=cv, spaces=spaces)
    taking_part = entries(given["models"], data, given["spaces"])
    part = search_part(data, question["search_rows"], question["random_state"])
    asked = {
        "models": [entry.name for entry in taking_part],
        "cv": describe_cv(choose_cv(part, given["cv"], question["random_state"])),
        "spaces": {e.name: e.space.describe() for e in taking_part if e.is_given},
    }
    refuse_another_question(run, data, asked)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.joblib"
        write_data(data, file)
        for position, entry in enumerate(taking_part):
            if run.status(entry.name) is not None:
                continue
            contestant = Contestant(
                entry=entry,
                title=run.manifest["models"][entry.name]["title"],
                run=run.path.resolve(),
                data=file,
                cv=given["cv"],
                n_jobs=n_jobs,
                position=position,
                storage=shared,
                only_searches=True,
            )
            run_in_child(
                compete, contestant, _shown(progress), limits=Limits(time_limit, memory_limit)
            )


def _shown(progress: Callable[[Event], None] | None) -> Callable[[Message], None]:
    """Return what shows the events of a child; its rows are written by whoever compares."""

    def receive(message: Message) -> None:
        if "stop" in message:
            raise RunError(message["stop"])
        if progress is not None and "event" in message:
            progress(from_plain(message["event"]))

    return receive
