"""One model's way through a comparison, in a process of its own: search, final fit, one test.

What it finds it sends to the parent: ``{"rows": [...]}`` to be written down, ``{"event": {...}}``
to be shown, ``{"end": {...}}`` how it ended if not well, ``{"stop": "..."}`` if no model can go on.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from imblearn.pipeline import Pipeline
from optuna import Study
from sklearn.base import clone

import estimators
from estimators.deep.watching import watched
from pipelines import make_pipeline
from pipelines.dataset import Dataset
from search.child import Send, peak_memory
from search.costs import Warnings, describe_fit, seconds_of, time_predictions
from search.disk import RunError, refusals_in_words
from search.entries import Entry
from search.forecasts import describe_forecasts, naive_error
from search.handover import load_data
from search.insights import insights, write_insights
from search.metrics import evaluate, scorers
from search.optuna_search import OptunaSearchCV
from search.predictions import predictions
from search.progress import EpochFinished, Event, ModelStarted, StageStarted, to_plain
from search.repeats import n_seeds, repeats
from search.run_directory import RunDirectory, make_row, plain
from search.studies import StudyError, finished_trials, keep_copy
from search.trial_rows import TrialRows
from search.validation import (
    can_validate,
    choose_cv,
    groups_of,
    groups_of_test,
    part_of,
    search_part,
)

OUTER_FOLDS = 5  # of nested cross-validation
_OUTER = ("nested", "complete")  # stage and status of what an outer fold brought


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One model, and all that its process must know beside the manifest.

    Parameters
    ----------
    entry : Entry
        The model and its space.
    title : str
        Its name for people.
    run, data : Path
        The run directory, and the file of the Dataset.
    cv : int, splitter or None
        How the search validates; None leaves it to the data.
    n_jobs : int or None
        Processes of the search.
    position : int
        Which of the models it is, from 0.
    storage : tuple of (str, str) or None, default=None
        Server with the studies, and what their names begin with; None keeps them in the run.
    backend : str or None, default=None
        Dask cluster for the folds.
    only_searches : bool, default=False
        Whether it helps with the trials and leaves everything else to another process.
    """

    entry: Entry
    title: str
    run: Path
    data: Path
    cv: Any
    n_jobs: int | None
    position: int
    storage: tuple[str, str] | None = None
    backend: str | None = None
    only_searches: bool = False


def compete(contestant: Contestant, send: Send) -> None:
    """Take a model through the stages that it has not finished."""
    try:
        _Course(contestant, send).run()
    except (RunError, StudyError) as error:
        send({"stop": str(error)})
    except Exception as error:  # the one broad handler: what goes wrong with a model is data
        send({"end": _describe_error(error)})


class _Course:
    """The stages of one model."""

    def __init__(self, contestant: Contestant, send: Send) -> None:
        self.contestant, self.send = contestant, send
        self.entry, self.name = contestant.entry, contestant.entry.name
        self.directory = RunDirectory(contestant.run)
        self.question = self.directory.manifest["question"]
        self.metric, self.seed = self.question["refit"], self.question["random_state"]
        self.data = load_data(contestant.data)
        n_trials = self.question["n_trials"] if self.entry.is_searched else 1
        self.n_trials = n_trials if can_validate(self.data) else 0
        self.warnings = Warnings()
        rows = [row for row in self.directory.rows() if row["model"] == self.name]
        outer = [row["fold"] for row in rows if (row["stage"], row["status"]) == _OUTER]
        self.judged = {f for f in outer if outer.count(f) == len(self.question["metrics"])}
        self.n_done = len({row["trial"] for row in rows} - {None})
        if self.directory.is_done(self.name):  # and only further seeds are left
            self.n_trials = min(self.n_trials, self.n_done)

    def run(self) -> None:
        """Go through the stages in their order."""
        nested = self.question["evaluation"] == "nested"
        self._show(
            ModelStarted(
                model=self.name,
                title=self.contestant.title,
                position=self.contestant.position,
                n_models=len(self.question["models"]),
                n_trials=self.n_trials * (1 + OUTER_FOLDS * nested),
                n_done=self.n_done,
            )
        )
        with self.warnings.collected(), watched(self._show_epoch):
            if nested:
                self._judge_search()
            best = self._best_params()
            if not self.contestant.only_searches:
                self._judge(best)

    def _best_params(self) -> dict[str, Any]:
        """Return what the search finds; nothing where there is nothing to judge a search by."""
        if not can_validate(self.data):
            self.warnings.add("not tuned: the training part holds no abnormal row to judge by")
            return {}
        self._enter("search")
        return dict(self._search(self.data, self.name).best_params_)

    def _judge_search(self) -> None:
        """Search in every outer training part, and judge what was found on the outer rest."""
        self._enter("nested")
        splitter = choose_cv(self.data, OUTER_FOLDS, self.seed)
        X, y = self.data.X_train, self.data.y_train
        for fold, (train, rest) in enumerate(splitter.split(X, y, **groups_of(self.data))):
            if fold not in self.judged:
                self._judge_fold(fold, part_of(self.data, train), part_of(self.data, rest))

    def _judge_fold(self, fold: int, train: Dataset, rest: Dataset) -> None:
        search = self._search(train, f"{self.name}-outer-{fold}", keep_trials=False)
        if self.contestant.only_searches:
            return
        params = search.best_params_
        pipeline = self._pipeline(params)
        seconds = seconds_of(lambda: pipeline.fit(train.X_train, train.y_train))
        found = predictions(pipeline, rest.X_train)
        scores = evaluate(self.question["metrics"], rest.y_train, **found, scale=naive_error(train))
        inner = {self.metric: float(search.best_score_)}
        common: dict[str, Any] = {"fold": fold, "seconds": seconds, "params": params}
        self._write(
            make_row(
                self.name, "nested", metric=n, value=v, extra={"inner": inner.get(n)}, **common
            )
            for n, v in scores.items()
        )

    def _search(self, data: Dataset, study_name: str, keep_trials: bool = True) -> OptunaSearchCV:
        """Return the search for the best parameters, run to its end."""
        data = search_part(data, self.question["search_rows"], self.seed)
        pipeline = self._pipeline({})
        report = TrialRows(self.name, self.entry.space, pipeline, self.metric, keep_trials)
        storage, prefix = self.contestant.storage or (self.directory.storage, "")
        search = OptunaSearchCV(
            pipeline,
            self.entry.space,
            n_trials=self.n_trials,
            timeout=self.question["timeout"],
            cv=choose_cv(data, self.contestant.cv, self.seed),
            scoring=scorers([self.metric], naive_error(data))[self.metric],
            refit=False,
            storage=storage,
            study_name=prefix + study_name,
            pruner=self.question["pruner"],
            n_jobs=self.contestant.n_jobs,
            backend=self.contestant.backend,
            callbacks=[
                lambda study, trial: self.send(report.message(study, trial)),
                self._stop_if_over,
            ],
            random_state=self.seed,
        )
        search.fit(data.X_train, data.y_train, **groups_of(data))
        if self.contestant.only_searches:
            return search
        if prefix:
            keep_copy(search.study_, self.directory.storage, study_name)
        # Those that were finished, and not written down, when an earlier process was killed.
        for trial in finished_trials(search.study_) if keep_trials else ():
            self._write(report.rows(trial))
        return search

    def _stop_if_over(self, study: Study, _trial: Any) -> None:
        """Stop helping when the run has given the model up, or is done with it."""
        if self.contestant.only_searches and self.directory.status(self.name) is not None:
            study.stop()

    def _judge(self, params: Mapping[str, Any]) -> None:
        """Test what was found, and then see what other seeds would have brought."""
        if not self.directory.is_done(self.name):
            self._test(params)
        pipeline = self._pipeline(params)
        if n_seeds(pipeline, self.question) > 1:
            self._enter("repeat")
        for rows in repeats(self.name, pipeline, self.data, self.question, self.directory.rows()):
            self._write(rows)

    def _test(self, params: Mapping[str, Any]) -> None:
        """Fit on the whole training part, look at the test part once, and never come back."""
        self._enter("refit")
        pipeline = self._pipeline(params)
        fit_seconds = seconds_of(lambda: pipeline.fit(self.data.X_train, self.data.y_train))
        self._enter("test")
        X, y = self.data.X_test, self.data.y_test
        found = predictions(pipeline, X)
        seconds, timed = time_predictions(pipeline, X)
        scores = evaluate(self.question["metrics"], y, **found, scale=naive_error(self.data))
        peak = peak_memory()  # before saving, whose libraries are none of the model's
        path = self._save(pipeline)
        self._write_answers(pipeline, found)
        described = describe_fit(pipeline, path) | {
            "peak_memory": peak,
            "warnings": self.warnings.texts(),
            "n_seeds": n_seeds(pipeline, self.question),
        }
        rows = [make_row(self.name, "refit", seconds=fit_seconds, params=params, extra=described)]
        more: dict[str, Any] = {"seconds": seconds, "extra": {"repeats": timed}}
        rows += [make_row(self.name, "test", metric=m, value=v, **more) for m, v in scores.items()]
        self._write(rows)  # all at once: a model is done or not

    def _write_answers(self, pipeline: Pipeline, found: dict[str, np.ndarray]) -> None:
        """Write what was answered to the test part, and what the model shows of itself."""
        y, more = self.data.y_test, dict[str, Any](groups_of_test(self.data))
        try:
            more |= describe_forecasts(pipeline, self.data, found["y_pred"])
        except ValueError as error:  # as of more neighbours than part of the training rows has
            self.warnings.add(f"forecasts without intervals: {error}")
            more |= {"scale": naive_error(self.data)}
        arrays = {"rows": np.arange(len(y)), "y_true": y, **more, **found}
        self.directory.write_arrays(f"predictions/{self.name}", arrays)
        write_insights(self.directory, self.name, insights(pipeline, self.data, found))

    def _save(self, pipeline: Pipeline) -> Path:
        """Write model and history; return where the model stands, if it could be saved."""
        path = self.directory.model_path(self.name)
        try:
            with refusals_in_words(path):
                estimators.save(pipeline, path)
        except TypeError as error:  # something of the user's that skops cannot store
            self.warnings.add(f"the fitted model was not saved: {error}")
        epochs = getattr(pipeline[-1], "history_", None)
        if epochs:
            self.directory.write_history(self.name, epochs)
        return path

    def _pipeline(self, params: Mapping[str, Any]) -> Pipeline:
        pipeline = make_pipeline(self.entry.model, self.data, random_state=self.seed)
        return pipeline.set_params(**clone(dict(params), safe=False))

    def _enter(self, stage: str) -> None:
        self._show(StageStarted(model=self.name, stage=stage))

    def _show_epoch(self, row: Mapping[str, Any], n_epochs: int, _model: Any) -> None:
        losses = {name: row[name] for name in ("train_loss", "valid_loss", "valid_score")}
        event = EpochFinished(model=self.name, epoch=row["epoch"], n_epochs=n_epochs, **losses)
        self.send({"event": plain(to_plain(event))})

    def _show(self, event: Event) -> None:
        self.send({"event": to_plain(event)})

    def _write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.send({"rows": [plain(row) for row in rows]})


def _describe_error(error: Exception) -> dict[str, str]:
    text = f"{type(error).__name__}: {error}"
    # torch and numpy say it in words or in the name of the class.
    hints = ("MemoryError", "OutOfMemory", "can't allocate memory", "out of memory")
    return {
        "status": "out of memory" if any(hint in text for hint in hints) else "failed",
        "error": text,
        "traceback": "".join(traceback.format_exception(error)),
    }
