"""Pruners by name, and what they are told: scores of folds, and of the epochs of nets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from optuna import pruners
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, WilcoxonPruner

from estimators.deep.watching import MOST_EPOCHS

_BY_NAME: dict[str, Callable[[int], BasePruner]] = {
    "median": lambda n_steps: pruners.MedianPruner(n_startup_trials=5),
    "halving": lambda n_steps: pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "hyperband": lambda n_steps: pruners.HyperbandPruner(max_resource=n_steps),
    "wilcoxon": lambda n_steps: pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2),
}
PRUNERS = tuple(_BY_NAME)


def as_pruner(pruner: str | BasePruner | None, n_steps: int) -> BasePruner:
    """Return the pruner of that name for trials of ``n_steps`` reports; None prunes nothing."""
    if pruner is None:
        return pruners.NopPruner()
    if isinstance(pruner, BasePruner):
        return pruner
    with warnings.catch_warnings():
        # Optuna marks Wilcoxon's as experimental: its interface, which is used here alone.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return _BY_NAME[pruner](n_steps)


def report_of(pruner: BasePruner, scores: Sequence[float]) -> float:
    """Return what to report after the last of ``scores``, one per finished fold.

    Trials are compared at equal steps: by the mean over the same folds, except that Wilcoxon's
    test pairs the folds one by one.
    """
    return float(scores[-1] if isinstance(pruner, WilcoxonPruner) else np.mean(scores))


def prunes_epochs(pruner: BasePruner) -> bool:
    """Tell whether a pruner compares epochs; Wilcoxon's test needs independent scores."""
    return not isinstance(pruner, (pruners.NopPruner, WilcoxonPruner))


def epochs_of(params: Mapping[str, Any], largest: Mapping[str, int]) -> int:
    """Return the most epochs that a fit may take, 0 where there are none.

    Parameters
    ----------
    params : mapping of str to object
        The parameters of the estimator.
    largest : mapping of str to int
        The largest values in the search space.
    """
    given = {n: v for n, v in {**params, **largest}.items() if n.split("__")[-1] == "max_epochs"}
    return max((MOST_EPOCHS if n is None else n for n in given.values()), default=0)
