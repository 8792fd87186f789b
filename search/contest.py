"""``compare``: models against each other on one data set, each tuned, each tested once."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from estimators.params import Choice, Domain, Float, Int
from pipelines.dataset import Dataset
from search.child import Limits, Message, run_in_child
from search.comparison import Comparison
from search.contestant import Contestant, compete
from search.disk import RunError
from search.entries import Entry, entries
from search.given import describe_given
from search.guards import guard, require_usable, warnings_of
from search.handover import write_data
from search.opening import open_run, question_of_run, run_folder
from search.progress import DataGuarded, Event, ModelFinished, StageStarted, from_plain
from search.pruning import PRUNERS
from search.repeats import is_repeated
from search.run_directory import RunDirectory, locked, make_row

_DOMAINS: dict[str, Domain] = {
    "n_trials": Int(1),
    "repeats": Int(1),
    "timeout": Float(0, open_low=True, none=True),
    "search_rows": Int(10, none=True),
    "pruner": Choice(options=PRUNERS, none=True),
    "random_state": Int(0, 2**32 - 1),
    "time_limit": Float(0, open_low=True, none=True),
    "memory_limit": Int(1, none=True),
    "evaluation": Choice(options=("holdout", "nested")),
    "on_error": Choice(options=("record", "raise")),
}


def compare(
    models: Sequence[Any] | Mapping[str, Any] | None,
    data: Dataset,
    *,
    n_trials: int = 20,
    timeout: float | None = None,
    cv: Any = None,
    metrics: Sequence[str] | None = None,
    evaluation: Literal["holdout", "nested"] = "holdout",
    repeats: int = 1,
    spaces: Mapping[str, Any] | None = None,
    search_rows: int | None = 10_000,
    pruner: str | None = "median",
    random_state: int = 0,
    run_dir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    storage: str | None = None,
    n_jobs: int | None = None,
    backend: str | None = None,
    on_error: Literal["record", "raise"] = "record",
    progress: Callable[[Event], None] | None = None,
) -> Comparison:
    """Tune each model on the training part, fit it there, and judge it once on the test part.

    Every model runs in a process of its own, and what is finished is on disk at once: a comparison
    that was interrupted or killed goes on where it stopped with ``resume=True``. A dummy model is
    always among them.

    Parameters
    ----------
    models : sequence, mapping or None
        Names of the registry, or estimators; a mapping gives them names of their own. None takes
        a usual choice for the data.
    data : Dataset
        As ``pipelines.load_dataset`` returns it.
    n_trials : int, default=20
        Candidates that the search tries for each model.
    timeout : float or None, default=None
        Seconds after which the search of a model starts no further candidate.
    cv : int, splitter or None, default=None
        How the search validates. None is one hold-out of a fifth where it has 5,000 rows or more
        (or ten million numbers), else five folds; see ``search.validation.choose_cv``.
    metrics : sequence of str or None, default=None
        Names in ``search.metrics``; the first one is optimised. None takes those of the task.
    evaluation : {"holdout", "nested"}, default="holdout"
        "nested" judges the search as well, by five outer folds of the training part.
    repeats : int, default=1
        With how many seeds the final fit of a model that draws random numbers is judged. The first
        one counts; the further ones choose nothing and show how much the score owes to the seed.
    spaces : mapping or None, default=None
        Search space of a model, by its name; all others have that of the registry. An empty one
        searches nothing: the model is judged with the parameters that it has.
    search_rows : int or None, default=10_000
        The search uses a sample of so many training rows; the final fit uses all of them. None
        uses all in the search too.
    pruner : {"median", "halving", "hyperband", "wilcoxon"} or None, default="median"
        Ends hopeless candidates between folds.
    random_state : int, default=0
        Seed of all that is drawn.
    run_dir : path-like or None, default=None
        Folder of the run; None makes ``runs/<data>-<date>-<time>``.
    resume : bool, default=False
        Go on with the run in that folder, if there is one. It must ask the same question. Models
        that ended badly are tried again.
    time_limit : float or None, default=None
        Seconds after which a model is ended; its row says so.
    memory_limit : int or None, default=None
        Bytes of resident memory beyond which a model is ended; its row says so.
    storage : str or None, default=None
        URL of a PostgreSQL database for the studies, so that ``bakeoff worker`` can help on other
        machines; None keeps them in the run directory. A run that was begun there goes on there.
    n_jobs : int or None, default=None
        Processes of the search, see ``OptunaSearchCV``.
    backend : str or None, default=None
        "dask://HOST:PORT" fits the folds of the search on a Dask cluster; the final fit stays here.
    on_error : {"record", "raise"}, default="record"
        Whether the others go on when a model fails.
    progress : callable or None, default=None
        Called with every event of ``search.progress``.

    Returns
    -------
    Comparison
        What came out, read from the run directory.

    Raises
    ------
    ValueError
        If a parameter is not legal, or a model does not serve the data.
    RunError
        If the folder holds another run, is in use, or cannot be written; or if a model fails and
        ``on_error="raise"``.

    Examples
    --------
    >>> from pipelines import load_dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     comparison = compare(["knn"], load_dataset("iris"), n_trials=2, run_dir=folder)
    ...     comparison.best_
    'knn'
    """
    given = locals()
    for name, domain in _DOMAINS.items():
        domain.check(given[name], name, "compare")
    require_usable(data)
    taking_part = entries(models, data, spaces)
    question = question_of_run(given, taking_part)
    path = run_folder(run_dir, data, resume=resume)
    with _interruption_explained(path), locked(path) as lock, tempfile.TemporaryDirectory() as tmp:
        kept = describe_given(taking_part, cv, spaces)
        run = open_run(
            path, data, taking_part, question, given=kept, storage=storage, resume=resume
        )
        found = guard(run.path, data, random_state=random_state)
        file = Path(tmp) / "data.joblib"
        write_data(data, file)
        limits = Limits(time_limit, memory_limit)
        contest = _Contest(run, file, cv, storage, n_jobs, backend, limits, lock, progress)
        contest.show(DataGuarded(warnings=warnings_of(found)))
        for position, entry in enumerate(taking_part):
            status, error = contest.hold(entry, position)
            if on_error == "raise" and status != "complete":
                raise RunError(f"{entry.name} {status}: {error}")
    return Comparison(path)


@contextmanager
def _interruption_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped; what is finished is kept in {path}, and resume=True (--resume) goes on."
        ) from None


@dataclass
class _Contest:
    """Holds the contest: one contestant after the other, and what they send is written down."""

    run: RunDirectory
    data: Path
    cv: Any
    storage: str | None
    n_jobs: int | None
    backend: str | None
    limits: Limits
    lock: int
    progress: Callable[[Event], None] | None

    def hold(self, entry: Entry, position: int) -> tuple[str, str | None]:
        """Take one model through its stages, unless it is done; return how it ended."""
        started = time.monotonic()
        if not self._is_over(entry.name):
            self._compete(entry, position)
        status, error = self.run.status(entry.name) or ("failed", "it ended without a result")
        metric = self.run.manifest["question"]["refit"]
        scores = [
            row["value"]
            for row in self.run.rows()
            if (row["model"], row["stage"], row["metric"]) == (entry.name, "test", metric)
        ]
        self.show(
            ModelFinished(
                model=entry.name,
                status=status,
                error=error,
                seconds=time.monotonic() - started,
                value=next(iter(scores), None),
                metric=metric,
            )
        )
        return status, error

    def _is_over(self, name: str) -> bool:
        return self.run.is_done(name) and is_repeated(self.run, name)

    def show(self, event: Event) -> None:
        """Tell whoever watches."""
        if self.progress is not None:
            self.progress(event)

    def _compete(self, entry: Entry, position: int) -> None:
        contestant = Contestant(
            entry=entry,
            title=self.run.manifest["models"][entry.name]["title"],
            run=self.run.path.resolve(),
            data=self.data,
            cv=self.cv,
            storage=self.run.shared_storage(self.storage),
            n_jobs=self.n_jobs,
            backend=self.backend,
            position=position,
        )
        inbox = _Inbox(self)
        outcome = run_in_child(compete, contestant, inbox, limits=self.limits, inherit=(self.lock,))
        if self._is_over(entry.name):
            return
        end = inbox.end or {"status": outcome.status, "error": outcome.error}
        extra = {"peak_memory": outcome.peak_memory, "traceback": end.get("traceback")}
        self.run.append(
            [
                make_row(
                    entry.name, inbox.stage, status=end["status"], error=end["error"], extra=extra
                )
            ]
        )


@dataclass
class _Inbox:
    """What one contestant sends: rows to write, events to show, and how it ended."""

    contest: _Contest
    stage: str = "search"
    end: dict[str, Any] = field(default_factory=dict)

    def __call__(self, message: Message) -> None:
        if "stop" in message:
            raise RunError(message["stop"])
        self.contest.run.append(message.get("rows", ()))
        self.end = message.get("end", self.end)
        if "event" in message:
            event = from_plain(message["event"])
            self.stage = event.stage if isinstance(event, StageStarted) else self.stage
            self.contest.show(event)
