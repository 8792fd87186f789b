"""From the trials of a study to what scikit-learn's ``cv_results_`` says."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from sklearn.exceptions import FitFailedWarning

from search.evaluation import Fold

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def fold_table(trials: Sequence[FrozenTrial], n_folds: int) -> list[dict[str, Any]]:
    """Return one entry per trial and fold, as scikit-learn's search formats them.

    A fold that was not reached, because the trial was pruned or failed, scores NaN: the mean of
    such a trial is NaN too, and it is ranked last.
    """
    folds = [trial.user_attrs.get("folds", []) for trial in trials]
    finished = [fold for found in folds for fold in found]
    missing = _missing(finished[0]["scores"] if finished else float("nan"))
    return [
        _entry(found[number] if number < len(found) else missing)
        for found in folds
        for number in range(n_folds)
    ]


def columns_of(trials: Sequence[FrozenTrial]) -> dict[str, list[Any]]:
    """Return what stands in ``cv_results_`` beside scikit-learn's columns."""
    return {
        "trial": [trial.number for trial in trials],
        "state": [STATES[trial.state] for trial in trials],
        "error": [trial.user_attrs.get("error") for trial in trials],
    }


def check_outcome(trials: Sequence[FrozenTrial], owner: str) -> None:
    """Warn of failed trials; raise a ValueError if there is nothing else."""
    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    if len(failed) == len(trials):
        error = f": {_most_frequent_error(failed)}" if failed else ""
        raise ValueError(f"{owner}: no trial came to an end, {len(failed)} failed{error}.")
    if failed:
        warnings.warn(
            f"{len(failed)} of {len(trials)} trials failed: {_most_frequent_error(failed)}. "
            'cv_results_["error"] has all messages.',
            FitFailedWarning,
            stacklevel=4,
        )


def _most_frequent_error(failed: Sequence[FrozenTrial]) -> str:
    """Return the text of the most frequent failure, and how often it came."""
    texts = [trial.user_attrs.get("error", "unknown") for trial in failed]
    kinds = [text.partition(": ")[2] or text for text in texts]
    most = max(kinds, key=kinds.count)
    return most if kinds.count(most) == len(kinds) else f"{most} ({kinds.count(most)} times)"


def _missing(scores: float | Mapping[str, float]) -> Fold:
    nan = float("nan")
    unknown = dict.fromkeys(scores, nan) if isinstance(scores, Mapping) else nan
    return {"scores": unknown, "fit_time": nan, "score_time": nan, "n_test": 0}


def _entry(fold: Fold) -> dict[str, Any]:
    return {
        "test_scores": fold["scores"],
        "fit_time": fold["fit_time"],
        "score_time": fold["score_time"],
        "n_test_samples": fold["n_test"],
    }
