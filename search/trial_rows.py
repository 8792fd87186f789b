"""From a finished trial to the rows and the event that tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from search.evaluation import Evaluator
from search.objective import Objective
from search.progress import TrialFinished, to_plain
from search.results import STATES
from search.run_directory import make_row, plain
from search.space import Space


@dataclass(frozen=True)
class TrialRows:
    """Tells of the trials of one model's search.

    Parameters
    ----------
    model : str
        Its name in the run.
    space : Space
        What is searched.
    pipeline : Pipeline
        What the parameters are set on.
    metric : str
        What is optimised.
    keep : bool
        Whether the trials get rows.
    """

    model: str
    space: Space
    pipeline: Any
    metric: str
    keep: bool

    def message(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Return what the parent is told of a trial: its rows and an event."""
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        event = TrialFinished(
            model=self.model,
            trial=trial.number,
            status=STATES[trial.state],
            value=trial.values[0] if trial.values else None,
            best=max((t.values[0] for t in complete), default=None),
            seconds=trial.duration.total_seconds() if trial.duration else 0.0,
        )
        rows = [plain(row) for row in self.rows(trial)] if self.keep else []
        return {"rows": rows, "event": to_plain(event)}

    def rows(self, trial: FrozenTrial) -> Iterator[dict[str, Any]]:
        """Yield a row for every finished fold, and one for where the trial ended early."""
        folds = trial.user_attrs.get("folds", [])
        common: dict[str, Any] = {
            "trial": trial.number,
            "metric": self.metric,
            "params": self._params(trial),
        }
        for number, fold in enumerate(folds):
            seconds = fold["fit_time"] + fold["score_time"]
            yield make_row(
                self.model, "search", fold=number, value=fold["scores"], seconds=seconds, **common
            )
        if trial.state != TrialState.COMPLETE:
            yield make_row(
                self.model,
                "search",
                fold=len(folds),
                status=STATES[trial.state],
                error=trial.user_attrs.get("error"),
                **common,
            )

    def _params(self, trial: FrozenTrial) -> dict[str, Any]:
        evaluator = Evaluator(self.pipeline, None, None, (), lambda *_: None)
        return Objective(self.space, evaluator, 0, (None,)).params_of_finished(trial)
