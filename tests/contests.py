"""Small data, models that misbehave, and fixtures for the tests of comparisons."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from pipelines.dataset import Dataset
from search import Comparison, compare
from search.child import Outcome

SEEN: list[tuple[str, np.ndarray]] = []


def dataset(X, y, **fields):
    test = np.arange(len(y)) % 4 == 3
    parts = {"X_train": X[~test], "y_train": y[~test], "X_test": X[test], "y_test": y[test]}
    given = {"name": "tiny", "task": "classification", "kind": "table"}
    return Dataset(**{**given, **parts, **fields})


@pytest.fixture(scope="module")
def iris():
    return dataset(*load_iris(return_X_y=True), name="iris")


def run_here(function, argument, receive, *, limits, inherit=()):
    """Do what ``run_in_child`` does without the second that a child takes to start."""
    function(argument, lambda message: receive(json.loads(json.dumps(message))))
    return Outcome("complete", None, 0)


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    SEEN.clear()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, iris):
    """Return the undisturbed comparison that others are compared with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        return compare(["knn"], iris, n_trials=3, run_dir=tmp_path_factory.mktemp("runs") / "iris")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, iris):
    """A comparison in real children, and the events it sent."""
    events = []
    folder = tmp_path_factory.mktemp("runs") / "iris"
    comparison = compare(["knn"], iris, n_trials=3, run_dir=folder, progress=events.append)
    return comparison, events


class Noting(ClassifierMixin, BaseEstimator):
    """Notes the rows it is shown; answers the class of the nearest row by its first column."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y):
        SEEN.append(("fit", np.array(X)))
        self.classes_, self._x, self._y = np.unique(y), np.array(X)[:, 0], np.array(y)
        return self

    def predict(self, X):
        SEEN.append(("predict", np.array(X)))
        return self._y[np.abs(np.array(X)[:, :1] + self.shift - self._x).argmin(axis=1)]


class Failing(ClassifierMixin, BaseEstimator):
    def __init__(self, error=ValueError, text="the moon is in the wrong phase\nagain"):
        self.error, self.text = error, text

    def fit(self, X, y):
        raise self.error(self.text)


class Complaining(LogisticRegression):
    def fit(self, X, y):
        warnings.warn("it did not converge", UserWarning, stacklevel=1)
        self.unsaveable_ = (number for number in range(3))
        return super().fit(X, y)


SHIFTS = {"noting": {"shift": [0.0, 0.5, 1.0]}}


def essence(comparison: Comparison) -> tuple[str, list[tuple]]:
    """Return all that must not depend on when a run was interrupted; no line may be there twice."""
    lines = (comparison.run_dir / "rows.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    parts = ("model", "stage", "trial", "fold", "metric", "value", "status", "params")
    found = [tuple(json.dumps(row[part]) for part in parts) for row in rows]
    assert len(set(found)) == len(found)
    assert len(comparison.rows) == len(rows)
    columns = ["status", "accuracy", "log_loss", "validation", "trials", "params"]
    return comparison.table()[columns].to_json(), sorted(found)
