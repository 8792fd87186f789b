"""A run directory as the sections read it: every model with its scores, costs and predictions."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean, median
from typing import Any

import numpy as np

from reports.blocks import Row
from reports.evidence import Evidence, weigh
from reports.words import clean, distinct
from search.metrics import METRICS, Metric
from search.predictions import encode_classes, encode_numbers
from search.run_directory import RunDirectory


@dataclass(frozen=True)
class Predictions:
    """What a model said of the test part; class labels as positions in ``Run.classes``."""

    rows: np.ndarray
    truth: np.ndarray
    answer: np.ndarray
    proba: np.ndarray | None = None
    score: np.ndarray | None = None


@dataclass(frozen=True)
class Model:
    """One model of the comparison, whether it ended well or not."""

    name: str
    title: str
    position: int
    about: Row = field(repr=False)
    rows: list[Row] = field(repr=False)
    refit_metric: Metric = field(repr=False)

    @property
    def is_dummy(self) -> bool:
        """Whether it is the baseline."""
        return self.name == "dummy"

    @property
    def series(self) -> int | None:
        """Its colour, dash and marker in every plot; None is the baseline's."""
        return None if self.is_dummy else self.position

    @cached_property
    def test(self) -> dict[str, float]:
        """Raw test score of each metric that could be computed."""
        rows = self._at("test")
        return {r["metric"]: _raw(r) for r in rows if r["metric"] and r["value"] is not None}

    @cached_property
    def seeds(self) -> list[float]:
        """Raw test score with every seed, that of the judged model first; none without a score."""
        name = self.refit_metric.name
        again = [r for r in self._at("repeat") if r["metric"] == name and r["value"] is not None]
        return [self.test[name], *map(_raw, again)] if self.done else []

    @property
    def done(self) -> bool:
        """Whether it has a test score to be compared by."""
        return self.refit_metric.name in self.test

    @cached_property
    def trouble(self) -> Row | None:
        """The row that says how it ended, where that was not well."""
        ends = [r for r in self.rows if r["status"] != "complete" and r["trial"] is None]
        return ends[-1] if ends and not self.done else None

    @property
    def status(self) -> str:
        """How it ended: "complete", "failed", "timed out", ..., or "unfinished"."""
        if self.done:
            return "complete"
        return self.trouble["status"] if self.trouble else "unfinished"

    @cached_property
    def refit(self) -> Row:
        """The row of the final fit; empty where there was none."""
        rows = [r for r in self._at("refit") if r["status"] == "complete"]
        return rows[-1] if rows else {}

    @property
    def params(self) -> Row:
        """The parameters of the final fit."""
        return self.refit.get("params") or {}

    @property
    def extra(self) -> Row:
        """What the final fit cost besides time."""
        return self.refit.get("extra") or {}

    @property
    def fit_seconds(self) -> float | None:
        """Seconds of the final fit."""
        return self.refit.get("seconds")

    @cached_property
    def predict_seconds(self) -> list[float] | None:
        """Median, least and most seconds to predict the whole test part."""
        for row in self._at("test"):
            repeats = row["extra"].get("repeats") or ([row["seconds"]] if row["seconds"] else [])
            if repeats:
                return [median(repeats), min(repeats), max(repeats)]
        return None

    @property
    def validation(self) -> float | None:
        """Mean raw score of the best trial over its folds."""
        folds = self.best_folds
        return self.refit_metric.sign * fmean(folds) if folds else None

    @cached_property
    def best_folds(self) -> list[float]:
        """Scores of the best trial on its folds, losses negated; none where no trial is whole."""
        folds = defaultdict(list)
        spoiled = set()
        for row in self._at("search"):
            if row["metric"] not in (None, self.refit_metric.name):
                continue
            if row["status"] != "complete" or row["value"] is None:
                spoiled.add(row["trial"])
            elif row["metric"]:
                folds[row["trial"]].append(row["value"])
        whole = [values for trial, values in folds.items() if trial not in spoiled]
        return max(whole, key=fmean, default=[])

    @cached_property
    def trials(self) -> dict[int, str]:
        """Status of every trial of the search: "complete" if all its folds are."""
        status: dict[int, str] = {}
        for row in self._at("search"):
            if row["trial"] is not None and status.get(row["trial"], "complete") == "complete":
                status[row["trial"]] = row["status"]
        return status

    def _at(self, stage: str) -> list[Row]:
        return [row for row in self.rows if row["stage"] == stage]


class Run:
    """All that a report says comes from here.

    Parameters
    ----------
    path : path-like
        The run directory.

    Raises
    ------
    search.run_directory.RunError
        If there is no run in it, or a file of it is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.directory = RunDirectory(path)
        self.manifest: Row = clean(self.directory.manifest)
        self.data: Row = self.manifest["data"]
        self.question: Row = self.manifest["question"]
        self.task: str = self.data["task"]
        self.kind: str = self.data["kind"]
        self.metric = METRICS[self.question["refit"]]
        self.metrics = [METRICS[name] for name in self.question["metrics"]]

    @cached_property
    def models(self) -> list[Model]:
        """The models in the order of the question."""
        rows = defaultdict(list)
        for row in self.directory.rows():
            rows[row["model"]].append(clean(row))
        names = self.question["models"]
        about = [self.manifest["models"].get(name, {}) for name in names]
        titles = distinct([a.get("title") or n for a, n in zip(about, names, strict=True)])
        return [
            Model(name, titles[i], i, about[i], rows[name], self.metric)
            for i, name in enumerate(names)
        ]

    @cached_property
    def ranked(self) -> list[Model]:
        """The models with a test score, the best first."""
        done = [model for model in self.models if model.done]
        return sorted(done, key=lambda m: -self.metric.sign * m.test[self.metric.name])

    @cached_property
    def is_repeated(self) -> bool:
        """Whether a model was judged with further seeds."""
        return any(len(model.seeds) > 1 for model in self.models)

    @cached_property
    def evidence(self) -> Evidence:
        """Intervals of the scores and tests of their differences."""
        arrays = {model.name: self.raw_predictions(model) for model in self.ranked}
        return weigh(
            self.metric,
            self.metrics,
            {name: found for name, found in arrays.items() if found},
            {m.name: self.metric.sign * m.test[self.metric.name] for m in self.ranked},
            in_time=self.kind == "series" or self.task == "forecasting",
            baseline=next((model.name for model in self.ranked if model.is_dummy), None),
        )

    def estimate(self, model: Model, metric: Metric) -> list[float | None]:
        """Return a test score with the ends of its 95 % interval, each None if unknown."""
        ends = self.evidence.intervals.get((model.name, metric.name), (None, None))
        return [model.test.get(metric.name), *ends]

    @property
    def is_classification(self) -> bool:
        """Whether the answers are class labels."""
        return self.task in ("classification", "anomaly")

    @cached_property
    def sample(self) -> dict[str, np.ndarray]:
        """What the run keeps of the data, see ``data.npz`` in ``docs/architecture.md``."""
        return self.directory.arrays("data")

    def raw_predictions(self, model: Model) -> dict[str, np.ndarray]:
        """Return the arrays of ``predictions/<model>.npz``; empty where there is none."""
        return self.directory.arrays(f"predictions/{model.name}")

    @cached_property
    def predictions(self) -> dict[str, Predictions]:
        """Test predictions by model's name, in the order of :attr:`ranked`."""
        found = {model.name: self.raw_predictions(model) for model in self.ranked}
        return {name: self._encoded(arrays) for name, arrays in found.items() if arrays}

    def _encoded(self, arrays: dict[str, np.ndarray]) -> Predictions:
        truth, answer = arrays["y_true"], arrays["y_pred"]
        rows = arrays.get("rows", np.arange(len(truth)))
        if not self.is_classification:
            numbers = encode_numbers(truth, answer)
            return Predictions(rows, numbers.truth, np.asarray(numbers.answer))
        columns = arrays.get("classes")
        given = {
            "y_proba": arrays.get("y_proba"),
            "y_score": arrays.get("y_score"),
            "classes": columns,
        }
        # the distinct labels of truth and answer are completed, so that all models share them
        proba = encode_classes("probability", truth, self.known, **given).answer
        score = encode_classes("score", truth, self.known, **given).answer
        return Predictions(rows, self.encode(truth), self.encode(answer), proba, score)

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """Return labels as positions in :attr:`classes`."""
        return np.searchsorted(self.known, labels)

    @cached_property
    def known(self) -> np.ndarray:
        """The distinct labels of the data and of all answers, sorted."""
        parts = [self.sample[key] for key in ("train_y", "test_y") if key in self.sample]
        for model in self.ranked:
            arrays = self.raw_predictions(model)
            parts += [arrays[k] for k in ("y_true", "y_pred", "classes") if k in arrays]
        return np.unique(np.concatenate([np.unique(part) for part in parts or [np.array([])]]))

    @cached_property
    def class_names(self) -> list[str]:
        """The full name of each class, in the order of :attr:`known`."""
        names: Sequence[Any] = self.data.get("target_names") or ()
        if len(names) != len(self.known):
            names = [clean(str(label)) for label in self.known]
        return [str(name) for name in names]

    @cached_property
    def classes(self) -> list[str]:
        """A short, distinct name for each class."""
        return distinct(self.class_names)


def _raw(row: Row) -> float:
    """Return a value as the metric defines it: losses positive again."""
    return METRICS[row["metric"]].sign * row["value"]
