"""The course of a search: first points, trial after trial, and when to stop."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.evaluation import Evaluator
from search.objective import Interrupted, Objective
from search.processes import n_workers, workers
from search.pruning import as_pruner
from search.results import STATES
from search.samplers import as_sampler
from search.studies import Place, finished_trials, is_storage_error, open_study, seed_of
from search.trial_queue import fill, work_off

if TYPE_CHECKING:
    from search.optuna_search import OptunaSearchCV

Callback = Callable[[Study, FrozenTrial], None]
_N_BEST = 5  # so many points are taken over from an earlier study


def run_study(
    search: OptunaSearchCV, evaluator: Evaluator, objective: Objective, question: Mapping[str, str]
) -> Study:
    """Open the study of a search, run the trials that it lacks, and return it.

    Parameters
    ----------
    search : OptunaSearchCV
        Its parameters say where and how.
    evaluator : Evaluator
        Fits and scores in this process.
    objective : Objective
        What a trial does.
    question : mapping of str to str
        What the study is about.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupted; the trials in progress are left to the next start.
    StudyError
        See :func:`search.studies.open_study`.
    """
    place = Place(search.storage, search.study_name or "search")
    with (
        open_study(place, question, objective.directions) as study,
        workers(evaluator, search.n_jobs, search.backend) as evaluate,
    ):
        wanted = _n_trials(search, objective)
        with place.alone():
            seed = seed_of(study, search.random_state)
            _enqueue_first(study, objective, search.enqueue, defaults=search.sampler != "grid")
            if place.url is not None:
                fill(study, wanted or 0)
        study.sampler = as_sampler(search.sampler, objective.space, seed)
        study.pruner = as_pruner(search.pruner, objective.n_folds * (objective.n_epochs + 1))
        run = _run_missing if place.url is None else _run_shared
        try:
            run(study, dataclasses.replace(objective, evaluate=evaluate), search, wanted)
        except Interrupted as interruption:
            cause = interruption.__cause__
            if cause is not None and is_storage_error(cause):
                raise cause from cause.__cause__
            raise KeyboardInterrupt from None
    return study


def _n_trials(search: OptunaSearchCV, objective: Objective) -> int | None:
    """Return how many finished trials are wanted, None for no limit."""
    if objective.space.is_empty:
        return 1
    if search.n_trials is None and search.sampler == "grid":
        return math.prod(map(len, objective.space.options().values()))
    return search.n_trials


def _run_missing(
    study: Study, objective: Objective, search: OptunaSearchCV, wanted: int | None
) -> None:
    """Run the trials that a study lacks, which nobody else works on."""
    missing = None if wanted is None else wanted - len(finished_trials(study))
    if (missing is None or missing > 0) and not _is_exhausted(study, search.patience):
        _optimizer(study, objective, search, wanted)(search.timeout, missing)


def _run_shared(
    study: Study, objective: Objective, search: OptunaSearchCV, wanted: int | None
) -> None:
    """Take part in a study on a server until its end."""
    if not _is_exhausted(study, search.patience):
        endless = n_workers(search.n_jobs, objective.evaluate) if wanted is None else 0
        optimize = _optimizer(study, objective, search, wanted)
        work_off(study, optimize, endless=endless, timeout=search.timeout)


def _optimizer(
    study: Study, objective: Objective, search: OptunaSearchCV, wanted: int | None
) -> Callable[..., None]:
    """Return ``optimize(timeout, n_trials=None)``."""
    callbacks = list(search.callbacks)
    if search.patience is not None:
        callbacks.append(_stop_when_exhausted(search.patience))
    if search.verbose:
        callbacks.append(_print_progress(wanted))

    def optimize(timeout: float | None, n_trials: int | None = None) -> None:
        study.optimize(
            objective,
            n_trials=n_trials,
            timeout=timeout,
            n_jobs=n_workers(search.n_jobs, objective.evaluate),
            catch=() if search.error_score == "raise" else (Exception,),
            callbacks=callbacks,
        )

    return optimize


def _enqueue_first(study: Study, objective: Objective, points: Any, *, defaults: bool) -> None:
    """Put the defaults and the given points before everything else, once."""
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


def _print_progress(n_trials: int | None) -> Callback:
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
    different = {repr(sorted(trial.params.items())): trial.params for trial in best}
    yield from list(different.values())[:_N_BEST]


def _best_of(study: Study) -> list[FrozenTrial]:
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    downwards = study.direction == StudyDirection.MAXIMIZE
    return sorted(complete, key=lambda trial: trial.values[0], reverse=downwards)
