"""What comes after the trials of a search: ``cv_results_``, the best candidate, its final fit."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial
from sklearn.model_selection._search import BaseSearchCV  # predict, routing, cv_results_

from search.evaluation import Evaluator
from search.objective import Objective
from search.results import check_outcome, columns_of, fold_table
from search.studies import finished_trials


class ChoosingSearch(BaseSearchCV):
    """A search whose trials stand in ``study_``; chooses among them as scikit-learn's searches."""

    return_train_score = False

    def _results(self, objective: Objective) -> dict[str, Any]:
        trials = finished_trials(self.study_)
        if self.sampler == "grid":
            trials.sort(key=lambda trial: objective.space.place_in_grid(trial.params))
        self._check_refit_of_callable(trials)
        check_outcome(trials, type(self).__name__)
        params = [objective.params_of_finished(trial) for trial in trials]
        table = fold_table(trials, objective.n_folds)
        with warnings.catch_warnings():
            # The means of pruned and failed trials are NaN on purpose.
            warnings.filterwarnings("ignore", "One or more of the test scores are non-finite")
            return self._format_results(params, objective.n_folds, table, columns_of(trials))

    def _check_refit_of_callable(self, trials: Sequence[FrozenTrial]) -> None:
        """Refuse a refit that a callable does not measure; only now its metrics are known."""
        scores = [fold["scores"] for trial in trials for fold in trial.user_attrs.get("folds", ())]
        if callable(self.scoring) and scores and isinstance(scores[0], Mapping):
            self._check_refit_for_multimetric(scores[0])

    def _choose(self, metric: Any) -> None:
        """Set the best candidate, as scikit-learn's searches do."""
        names = [k.removeprefix("mean_test_") for k in self.cv_results_ if "mean_test_" in k]
        self.multimetric_ = names != ["score"]
        if callable(self.scoring) and self.multimetric_:
            metric = self.refit
        if not self.refit and self.multimetric_:
            return
        self.best_index_ = self._select_best_index(self.refit, metric, self.cv_results_)
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        if not callable(self.refit):
            self.best_score_ = self.cv_results_[f"mean_test_{metric}"][self.best_index_]

    def _refit(self, evaluator: Evaluator) -> None:
        """Fit the best candidate on all rows."""
        self.best_estimator_ = evaluator.candidate(self.best_params_)
        targets = () if evaluator.y is None else (evaluator.y,)
        started = time.perf_counter()
        self.best_estimator_.fit(evaluator.X, *targets, **evaluator.fit_params)
        self.refit_time_ = time.perf_counter() - started
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
