"""What Optuna optimises: a trial's candidate, fold after fold, every fold on disk at once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from optuna import Trial, TrialPruned
from optuna.pruners import NopPruner
from optuna.trial import BaseTrial, FixedTrial, FrozenTrial

from estimators.deep.watching import watched
from search.evaluation import Evaluator, Fold
from search.processes import ClusterWorkers, Workers
from search.pruning import prunes_epochs, report_of
from search.space import Space
from search.studies import Direction, is_storage_error

# Objectives that are costs, not metrics: less is better.
COSTS = ("fit_time", "score_time", "size")

# The share of its epochs that a net gets before it may be pruned: the learning rate still rises.
WARM_UP = 0.25


class Interrupted(BaseException):
    """Ends a search at once and leaves its running trial to the next start.

    Optuna counts a trial that raises an ordinary exception, or is interrupted from the keyboard,
    as failed; this one passes.
    """


@dataclass(frozen=True)
class Objective:
    """The function of a trial.

    Parameters
    ----------
    space : Space
        Where candidates come from.
    evaluate : Evaluator, Workers or ClusterWorkers
        ``evaluate(params, fold)`` fits and scores.
    n_folds : int
        Number of folds.
    names : tuple of (str or None)
        The objectives: metrics, None for the only or first one, or :data:`COSTS`.
    n_epochs : int, default=0
        The most epochs that a fit may take; a pruner is told of each of them.
    """

    space: Space
    evaluate: Evaluator | Workers | ClusterWorkers
    n_folds: int
    names: tuple[str | None, ...]
    n_epochs: int = 0

    def __call__(self, trial: Trial) -> tuple[float, ...]:
        folds: list[Fold] = list(trial.user_attrs.get("folds", ()))  # of an interrupted run
        with _Recorder(trial, folds):
            params = self.params_of(trial)
            self._prune(trial, folds)
            for number in range(len(folds), self.n_folds):
                with watched(partial(self._report_epoch, trial, number)):
                    folds.append(self.evaluate(params, number))
                self._report_fold(trial, folds)
                trial.set_user_attr("folds", folds)
                self._prune(trial, folds)
            return tuple(float(np.mean(self._values(name, folds))) for name in self.names)

    @property
    def directions(self) -> list[Direction]:
        """Optuna's word for each objective."""
        return ["minimize" if name in COSTS else "maximize" for name in self.names]

    def params_of(self, trial: BaseTrial) -> dict[str, Any]:
        """Return the parameters that a trial sets."""
        params = self.space.suggest(trial)
        if (beside := trial.user_attrs.get("defaults")) is None:
            return params
        # These could only be put near their default in the space; the trial is of the default.
        current = self.evaluate.estimator.get_params()
        return params | {name: current[name] for name in beside}

    def params_of_finished(self, trial: FrozenTrial) -> dict[str, Any]:
        """Return the parameters that a trial of the past has set, all that it got to choose."""
        again = FixedTrial(trial.params, trial.number)
        for name, value in trial.user_attrs.items():
            again.set_user_attr(name, value)
        try:
            return self.params_of(again)
        except ValueError:  # it ended while it was choosing
            return dict(trial.params)

    def _values(self, name: str | None, folds: Sequence[Fold]) -> list[float]:
        values = [value_of(fold, name) for fold in folds]
        if np.isnan(values).any():
            raise ValueError(f"{name or 'score'} must be a number in every fold, got {values}")
        return values

    def _report_fold(self, trial: Trial, folds: Sequence[Fold]) -> None:
        """Tell the pruner about the last fold."""
        if self._may_prune(trial, folds):
            value = report_of(trial.study.pruner, self._values(self.names[0], folds))
            _report(trial, value, len(folds) * (self.n_epochs + 1) - 1)

    def _report_epoch(
        self, trial: Trial, fold: int, row: Mapping[str, Any], n_epochs: int, model: Any
    ) -> None:
        """Tell the pruner about an epoch, and end the trial if it says so.

        The score of the fold so far stands at steps of its own, where it is compared with those of
        other nets after as many epochs; it is never mixed with scores of folds.
        """
        if not prunes_epochs(trial.study.pruner) or not isinstance(self.evaluate, Evaluator):
            return
        if (scores := self.evaluate.score_epoch(model)) is None:
            return
        value = value_of({"scores": scores}, self.names[0])
        epoch = min(row["epoch"], self.n_epochs)
        _report(trial, value, fold * (self.n_epochs + 1) + epoch - 1)
        if row["epoch"] >= n_epochs * WARM_UP and trial.should_prune():
            raise TrialPruned

    def _prune(self, trial: Trial, folds: Sequence[Fold]) -> None:
        """End the trial if the pruner says so."""
        if self._may_prune(trial, folds) and trial.should_prune():
            raise TrialPruned

    def _may_prune(self, trial: Trial, folds: Sequence[Fold]) -> bool:
        """Tell whether there is a pruner, something to tell it, and something left to save."""
        prunes = not isinstance(trial.study.pruner, NopPruner)
        return prunes and 0 < len(folds) < self.n_folds


def _report(trial: Trial, value: float, step: int) -> None:
    with warnings.catch_warnings():
        # A run may have been killed after it reported, before it wrote the fold down.
        warnings.filterwarnings("ignore", "The reported value is ignored")
        trial.report(value, step)


def value_of(fold: Fold, name: str | None) -> float:
    """Return one objective of a finished fold."""
    if name in COSTS:
        return float(fold[name])
    scores = fold["scores"]
    if not isinstance(scores, Mapping):
        return float(scores)
    return float(scores[next(iter(scores)) if name is None else name])


class _Recorder:
    """Writes down why a trial failed, and lets an interruption pass as one."""

    def __init__(self, trial: Trial, folds: Sequence[Fold]) -> None:
        self.trial, self.folds = trial, folds

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: Any, traceback: Any) -> None:
        if kind is None or issubclass(kind, TrialPruned):
            return
        if issubclass(kind, KeyboardInterrupt) or is_storage_error(error):
            raise Interrupted from error
        if issubclass(kind, Exception):
            text = " ".join(f"{kind.__name__}: {error}".split())
            self.trial.set_user_attr("error", f"fold {len(self.folds)}: {text}")
