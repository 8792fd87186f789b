"""A comparison as somebody watches it: bars in a terminal, plain lines anywhere else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import singledispatchmethod
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from reports.words import counted, seconds
from search.metrics import get
from search.progress import (
    DataGuarded,
    EpochFinished,
    Event,
    ModelFinished,
    ModelStarted,
    StageStarted,
    TrialFinished,
)

_STAGES = {
    "search": "searching",
    "nested": "judging the search by nested cross-validation",
    "refit": "fitting on the whole training part",
    "test": "looking at the test part",
    "repeat": "fitting again with further seeds",
}


class Lines(AbstractContextManager["Lines"]):
    """One plain line for whatever is worth keeping in a log.

    Parameters
    ----------
    console : rich.console.Console
        Where the lines go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._n_trials = 0
        self._best: float | None = None

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind: lines need no clearing up."""

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._show(event)

    @singledispatchmethod
    def _show(self, event: Event) -> None:
        """Stay silent about events that are too many for a log, as the epochs are."""

    @_show.register
    def _(self, event: DataGuarded) -> None:
        for warning in event.warnings:
            self._print(f"warning: {warning}")

    @_show.register
    def _(self, event: ModelStarted) -> None:
        self._n_trials, self._best = event.n_trials, None
        self._print(_heading(event))

    @_show.register
    def _(self, event: StageStarted) -> None:
        self._print(f"  {_STAGES.get(event.stage, event.stage)}")

    @_show.register
    def _(self, event: TrialFinished) -> None:
        is_news = event.best != self._best or event.status not in ("complete", "pruned")
        self._best = event.best
        if is_news:
            self._print(f"  {_trial(event, self._n_trials)}, {seconds(event.seconds)}")

    @_show.register
    def _(self, event: ModelFinished) -> None:
        self._print(f"  {_ending(event)}")

    def _print(self, line: str) -> None:
        # Plain text: no markup of ours, and a log is not wrapped at the width of a terminal.
        self._console.print(Text(line), soft_wrap=True)


class Bars(AbstractContextManager["Bars"]):
    """Three bars, of the models, the trials of one and the epochs of one, with the time left.

    Parameters
    ----------
    console : rich.console.Console
        A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
        )
        self._models = self._add("models")
        self._trials = self._add("trials")
        self._epochs = self._add("epochs")
        self._position = 0

    def __enter__(self) -> Bars:
        """Draw the bars until the end of the block."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bars away; what was printed above them stays."""
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._show(event)

    @singledispatchmethod
    def _show(self, event: Event) -> None:
        """Stay silent about events that have no bar."""

    @_show.register
    def _(self, event: DataGuarded) -> None:
        for warning in event.warnings:
            self._progress.console.print(Text(f"warning: {warning}"))

    @_show.register
    def _(self, event: ModelStarted) -> None:
        self._position = event.position
        self._progress.update(
            self._models,
            total=event.n_models,
            completed=event.position,
            note=f"{event.title} ({event.model})",
            visible=True,
        )
        self._restart(self._trials, total=event.n_trials, completed=event.n_done)
        self._progress.update(self._epochs, visible=False)

    @_show.register
    def _(self, event: StageStarted) -> None:
        self._progress.update(self._trials, note=_STAGES.get(event.stage, event.stage))
        self._progress.update(self._epochs, visible=False)

    @_show.register
    def _(self, event: TrialFinished) -> None:
        self._progress.update(self._trials, advance=1, note=_score(event))
        self._progress.update(self._epochs, visible=False)
        trials = self._progress.tasks[self._trials]
        # Whole models would leave the time left unknown until the first one is finished.
        share = trials.completed / max(trials.total or 1, trials.completed)
        self._progress.update(self._models, completed=round(self._position + 0.9 * share, 2))

    @_show.register
    def _(self, event: EpochFinished) -> None:
        if event.epoch == 1 or not self._progress.tasks[self._epochs].visible:
            self._restart(self._epochs, total=event.n_epochs)
        self._progress.update(self._epochs, completed=event.epoch, note=_losses(event))

    @_show.register
    def _(self, event: ModelFinished) -> None:
        self._progress.update(self._models, completed=self._position + 1)
        self._progress.console.print(Text(f"{event.model}: {_ending(event)}"))

    def _add(self, name: str) -> TaskID:
        return self._progress.add_task(name, total=None, visible=False, note="")

    def _restart(self, task: TaskID, total: int, completed: int = 0) -> None:
        self._progress.reset(task, total=total, completed=completed, visible=total > 0, note="")


def watcher(console: Console) -> Bars | Lines:
    """Return bars where ``console`` is a terminal, else plain lines."""
    return Bars(console) if console.is_terminal else Lines(console)


def _heading(event: ModelStarted) -> str:
    done = f", {event.n_done} of them done before" if event.n_done else ""
    tuning = f": up to {counted(event.n_trials, 'trial')}{done}" if event.n_trials else ""
    return f"[{event.position + 1}/{event.n_models}] {event.title} ({event.model}){tuning}"


def _trial(event: TrialFinished, n_trials: int) -> str:
    score = _score(event) or event.status
    return f"trial {event.trial + 1} of {n_trials}: {score}"


def _score(event: TrialFinished) -> str:
    if event.value is None:
        return event.status
    best = "" if event.best is None else f" (best {event.best:.4f})"
    return f"{event.value:.4f}{best}"


def _losses(event: EpochFinished) -> str:
    named = {
        "train loss": event.train_loss,
        "valid loss": event.valid_loss,
        "valid score": event.valid_score,
    }
    return ", ".join(f"{name} {value:.4f}" for name, value in named.items() if value is not None)


def _ending(event: ModelFinished) -> str:
    if event.status != "complete":
        reason = " ".join((event.error or "no message").split())
        return f"{event.status} after {seconds(event.seconds)}: {reason}"
    if event.value is None or event.metric is None:
        return f"done in {seconds(event.seconds)}"
    metric = get(event.metric)
    # Scorers negate losses; people do not.
    score = f"{metric.title} {metric.sign * event.value:.4f} on the test part"
    return f"{score}, {seconds(event.seconds)} in all"
