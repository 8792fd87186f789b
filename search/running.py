"""The course of a search: first points, trial after trial, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.objective import Interrupted, Objective
from search.results import STATES
from search.studies import finished_trials, is_storage_error

Callback = Callable[[Study, FrozenTrial], None]
_N_BEST = 5  # so many points are taken over from an earlier study


def run_trials(
    study: Study,
    objective: Objective,
    *,
    n_trials: int | None,
    patience: int | None,
    callbacks: Sequence[Callback],
    catch: tuple[type[Exception], ...],
    **limits: Any,
) -> None:
    """Run the trials that the study lacks.

    Parameters
    ----------
    study : Study
        Owned by this process.
    objective : Objective
        What a trial does.
    n_trials : int or None
        Number of finished trials that the study shall have in the end.
    patience : int or None
        Stop when so many trials in a row brought nothing better.
    callbacks : sequence of callable
        Called after every trial.
    catch : tuple of exception classes
        Failures that are recorded only.
    **limits : object
        ``timeout`` and ``n_jobs`` of ``study.optimize``.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupted; the trials in progress are left to the next start.
    """
    missing = None if n_trials is None else n_trials - len(finished_trials(study))
    if (missing is not None and missing <= 0) or _is_exhausted(study, patience):
        return
    calls = list(callbacks) if patience is None else [*callbacks, _stop_when_exhausted(patience)]
    try:
        study.optimize(objective, n_trials=missing, callbacks=calls, catch=catch, **limits)
    except Interrupted as interruption:
        cause = interruption.__cause__
        raise (cause if is_storage_error(cause) else KeyboardInterrupt()) from None


def enqueue_first(
    study: Study, objective: Objective, points: Any, *, defaults: bool = True
) -> None:
    """Put the defaults and the given points before everything else, once.

    Parameters
    ----------
    study : Study
        With the trials it has so far.
    objective : Objective
        Whose space and defaults count.
    points : Study or sequence of mapping
        An earlier study gives its five best points.
    defaults : bool, default=True
        Whether the default parameters are tried first.
    """
    start = (
        objective.space.defaults(objective.evaluate.estimator.get_params()) if defaults else None
    )
    if start is not None:
        point, beside = start
        attributes = {"defaults": beside} if beside else None
        study.enqueue_trial(point, user_attrs=attributes, skip_if_exists=True)
    for params in _points_of(points):
        study.enqueue_trial(objective.space.encode(params), skip_if_exists=True)


def _stop_when_exhausted(patience: int) -> Callback:
    """Return a callback that stops a study when so many trials brought nothing better."""

    def stop(study: Study, trial: FrozenTrial) -> None:
        if _is_exhausted(study, patience):
            study.stop()

    return stop


def _is_exhausted(study: Study, patience: int | None) -> bool:
    """Tell whether the last ``patience`` finished trials brought nothing better."""
    finished = [t for t in finished_trials(study) if t.state != TrialState.FAIL]
    if patience is None or not any(t.state == TrialState.COMPLETE for t in finished):
        return False
    best = study.best_trial.number
    return sum(trial.number > best for trial in finished) >= patience


def print_progress(n_trials: int | None) -> Callback:
    """Return a callback that prints one line per trial."""

    def print_line(study: Study, trial: FrozenTrial) -> None:
        done = len(finished_trials(study))
        values = ", ".join(f"{value:.4g}" for value in trial.values or ())
        text = trial.user_attrs.get("error") or f"{STATES[trial.state]} {values}"
        seconds = trial.duration.total_seconds() if trial.duration else 0.0
        print(f"[{done}/{n_trials or '?'}] trial {trial.number}: {text} ({seconds:.1f} s)")

    return print_line


def _points_of(points: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(points, Study):
        yield from points
        return
    best = points.best_trials if len(points.directions) > 1 else _best_of(points)
    yield from (trial.params for trial in best[:_N_BEST])


def _best_of(study: Study) -> list[FrozenTrial]:
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    downwards = study.direction == StudyDirection.MAXIMIZE
    return sorted(complete, key=lambda trial: trial.values[0], reverse=downwards)
