"""Trials of a study on a server: made once, each taken by whoever is free first."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import optuna
from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from search.server import EmptyQueueError

_PAUSE = 1.0  # seconds between two looks at trials that others are running
_UNFINISHED = (TrialState.WAITING, TrialState.RUNNING)


def fill(study: Study, n_trials: int) -> None:
    """Add the trials that a study lacks; their parameters are chosen when they are taken."""
    for _ in range(n_trials - len(study.get_trials(deepcopy=False))):
        study.add_trial(optuna.create_trial(state=TrialState.WAITING))


def work_off(
    study: Study, optimize: Callable[[float | None], None], *, endless: int, timeout: float | None
) -> None:
    """Take trials until none is left, and wait for those of others: their workers may die.

    Parameters
    ----------
    study : Study
        On a server.
    optimize : callable
        ``optimize(seconds)`` takes trials, and returns when the search is to end.
    endless : int
        How many trials to add when there is none, where their number is not limited; else 0.
    timeout : float or None
        Seconds after which no trial is started.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while (left := _left(deadline)) is None or left > 0:
        try:
            optimize(left)
        except EmptyQueueError:
            if endless:
                fill(study, len(study.get_trials(deepcopy=False)) + endless)
            elif not study.get_trials(deepcopy=False, states=_UNFINISHED):
                return
            else:
                _look_for_stale_trials(study)
        except ValueError as error:
            # This process was taken for dead, and its trial was finished by another one.
            if not str(error).startswith("Cannot tell a "):
                raise
        else:
            return


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else deadline - time.monotonic()


def _look_for_stale_trials(study: Study) -> None:
    if study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        return
    time.sleep(_PAUSE)
    with warnings.catch_warnings():
        # Optuna marks it as experimental; see search.server for what it does.
        warnings.simplefilter("ignore", ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
