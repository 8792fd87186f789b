"""Comparisons: honest, interruptible at any moment, and clear about what goes wrong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import cross_val_score

from pipelines.dataset import Dataset
from search import Comparison, RunError, compare
from search.child import Outcome
from search.progress import ModelFinished, ModelStarted, StageStarted, TrialFinished
from search.run_directory import RunDirectory
from search.validation import choose_cv

SEEN: list[tuple[str, np.ndarray]] = []


def dataset(X, y, **fields):
    test = np.arange(len(y)) % 4 == 3
    parts = {"X_train": X[~test], "y_train": y[~test], "X_test": X[test], "y_test": y[test]}
    given = {"name": "tiny", "task": "classification", "kind": "table"}
    return Dataset(**{**given, **parts, **fields})


@pytest.fixture(scope="module")
def iris():
    return dataset(*load_iris(return_X_y=True), name="iris")


@pytest.fixture
def in_process(monkeypatch):
    """Run the children here: the same code without a second to start each."""

    def run(function, argument, receive, *, limits, inherit=()):
        function(argument, lambda message: receive(json.loads(json.dumps(message))))
        return Outcome("complete", None, 0)

    monkeypatch.setattr("search.contest.run_in_child", run)
    SEEN.clear()


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


# What comes out


@pytest.fixture(scope="module")
def finished(tmp_path_factory, iris):
    """A comparison in real children, and the events it sent."""
    events = []
    folder = tmp_path_factory.mktemp("runs") / "iris"
    comparison = compare(["knn"], iris, n_trials=3, run_dir=folder, progress=events.append)
    return comparison, events


def test_every_stage_is_told_in_its_order(finished):
    _, events = finished
    knn = [event for event in events if event.model == "knn"]
    assert isinstance(knn[0], ModelStarted)
    assert (knn[0].position, knn[0].n_models, knn[0].n_trials) == (1, 2, 3)
    stages = [event.stage for event in knn if isinstance(event, StageStarted)]
    assert stages == ["search", "refit", "test"]
    assert sum(isinstance(event, TrialFinished) for event in knn) == 3
    assert isinstance(knn[-1], ModelFinished)
    assert (knn[-1].status, knn[-1].metric) == ("complete", "accuracy")


def test_scores_are_those_of_the_saved_model_on_the_test_part(finished, iris):
    comparison, _ = finished
    model, line = comparison.load_model("knn"), comparison.table().loc["knn"]
    assert line["accuracy"] == accuracy_score(iris.y_test, model.predict(iris.X_test))
    assert line["log_loss"] == pytest.approx(
        log_loss(iris.y_test, model.predict_proba(iris.X_test))
    )
    assert model[-1].n_samples_fit_ == len(iris.y_train)


def test_validation_is_what_scikit_learn_makes_of_the_best_parameters(finished, iris):
    comparison, _ = finished
    scores = cross_val_score(
        comparison.load_model("knn"), iris.X_train, iris.y_train, cv=choose_cv(iris, None, 0)
    )
    assert comparison.table().loc["knn", "validation"] == pytest.approx(scores.mean())


def test_predictions_on_disk_are_those_of_the_saved_model(finished, iris):
    comparison, _ = finished
    arrays = RunDirectory(comparison.run_dir).arrays("predictions/knn")
    assert arrays["y_true"].tolist() == iris.y_test.tolist()
    assert arrays["rows"].tolist() == list(range(len(iris.y_test)))
    expected = comparison.load_model("knn").predict_proba(iris.X_test)
    np.testing.assert_array_equal(arrays["y_proba"], expected)


def test_costs_are_measured(finished):
    comparison, _ = finished
    refit = next(r for r in comparison.rows if (r["model"], r["stage"]) == ("knn", "refit"))
    test = next(r for r in comparison.rows if (r["model"], r["stage"]) == ("knn", "test"))
    assert refit["extra"]["model_bytes"] == (comparison.run_dir / "models/knn.skops").stat().st_size
    assert refit["extra"]["peak_memory"] > 50 * 2**20
    assert refit["extra"]["n_parameters"] is None
    assert test["seconds"] == pytest.approx(np.median(test["extra"]["repeats"]))
    assert len(test["extra"]["repeats"]) == 5


def test_a_dummy_is_always_there_and_the_better_model_is_best(finished):
    comparison, _ = finished
    assert list(comparison.table().index) == ["knn", "dummy"]
    assert comparison.best_ == "knn"
    assert Comparison(comparison.run_dir).best_ == "knn"
    assert "knn" in repr(comparison)
    assert "<table" in comparison._repr_html_()


def test_a_second_look_at_a_finished_run_measures_nothing(finished, iris):
    comparison, _ = finished
    before = (comparison.run_dir / "rows.jsonl").read_bytes()
    again = compare(["knn"], iris, n_trials=3, run_dir=comparison.run_dir, resume=True)
    assert (comparison.run_dir / "rows.jsonl").read_bytes() == before
    pd.testing.assert_frame_equal(again.table(), comparison.table())


# Honesty


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("evaluation", ["holdout", "nested"])
def test_nothing_sees_the_test_part_before_the_final_fit_and_nothing_is_fitted_on_it(
    tmp_path, evaluation
):
    X = np.arange(80.0)[:, None]
    data = dataset(X, (X[:, 0] // 10 % 2).astype(int))
    compare(
        {"noting": Noting()},
        data,
        spaces=SHIFTS,
        n_trials=3,
        evaluation=evaluation,
        run_dir=tmp_path / "run",
    )
    test = set(data.X_test.ravel())
    touched = [bool(test & set(rows.ravel())) for _, rows in SEEN]
    first = touched.index(True)
    assert all(what == "predict" for what, _ in SEEN[first:])
    assert len(SEEN[first - 1][1]) == len(data.y_train)
    assert SEEN[first - 1][0] == "fit"
    assert all(len(rows) == len(data.y_test) for _, rows in SEEN[first:])


@pytest.mark.usefixtures("in_process")
def test_nested_judges_by_rows_that_the_search_did_not_see(tmp_path):
    rng = np.random.RandomState(0)
    data = dataset(rng.normal(size=(80, 2)), rng.randint(2, size=80))
    comparison = compare(
        ["knn"],
        data,
        spaces={"knn": {"n_neighbors": list(range(1, 30, 2))}},
        metrics=["accuracy"],
        n_trials=8,
        evaluation="nested",
        run_dir=tmp_path / "run",
    )
    rows = [r for r in comparison.rows if (r["model"], r["stage"]) == ("knn", "nested")]
    assert [r["fold"] for r in rows] == [0, 1, 2, 3, 4]
    outer = [r["value"] for r in rows]
    inner = [r["extra"]["inner"] for r in rows]
    # pure noise: the best of many looks good where it was chosen, and only there
    assert np.mean(inner) > max(0.55, np.mean(outer))
    assert abs(np.mean(outer) - 0.5) < 2 * np.sqrt(0.25 / len(data.y_train))


@pytest.mark.usefixtures("in_process")
def test_the_search_may_use_a_sample_and_the_final_fit_uses_all(tmp_path):
    X = np.arange(80.0)[:, None]
    data = dataset(X, (X[:, 0] // 10 % 2).astype(int))
    compare(
        {"noting": Noting()},
        data,
        spaces=SHIFTS,
        n_trials=2,
        search_rows=20,
        run_dir=tmp_path / "r",
    )
    sizes = [len(rows) for what, rows in SEEN if what == "fit"]
    assert sizes == [16] * 10 + [60]


# Interruptions


def stop_at(kind, model, error=KeyboardInterrupt):
    def progress(event):
        if isinstance(event, kind) and event.model == model:
            raise error

    return progress


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("kind", [ModelStarted, TrialFinished, ModelFinished])
def test_ctrl_c_leaves_a_run_that_resumes_to_the_same_end(tmp_path, iris, kind):
    question = {"n_trials": 3}
    whole = compare(["knn", "logistic"], iris, run_dir=tmp_path / "whole", **question)
    halves = tmp_path / "halves"
    with pytest.raises(KeyboardInterrupt, match=r"stopped; what is finished is kept.*resume=True"):
        compare(
            ["knn", "logistic"], iris, run_dir=halves, progress=stop_at(kind, "knn"), **question
        )
    resumed = compare(["knn", "logistic"], iris, run_dir=halves, resume=True, **question)
    assert essence(resumed) == essence(whole)


SCRIPT = """
import sys
from search import compare
from pipelines import load_dataset
compare(["knn", "logistic"], load_dataset("digits"), n_trials=6, run_dir=sys.argv[1], resume=True)
"""


def run_script(folder: Path, kill_after: float | None = None) -> bool:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)], env=environment)
    try:
        return process.wait(kill_after) == 0
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return False


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


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_as_if_undisturbed(tmp_path):
    assert run_script(tmp_path / "whole")
    rng, folder, n_kills = random.Random(0), tmp_path / "killed", 0
    started = time.monotonic()
    while not run_script(folder, kill_after=rng.uniform(2, 12)):
        n_kills += 1
        assert time.monotonic() - started < 600
    assert n_kills > 0
    assert essence(Comparison(folder)) == essence(Comparison(tmp_path / "whole"))
    storage = RunDirectory(folder).storage
    for name in optuna.get_all_study_names(storage):
        states = {t.state.name for t in optuna.load_study(study_name=name, storage=storage).trials}
        assert states == {"COMPLETE"}


@pytest.mark.usefixtures("in_process")
def test_trials_that_were_not_written_down_are_taken_from_the_study(tmp_path, iris):
    comparison = compare(["knn"], iris, n_trials=3, run_dir=tmp_path / "run")
    before = essence(comparison)
    rows = tmp_path / "run" / "rows.jsonl"
    kept = [line for line in rows.read_text().splitlines(keepends=True) if '"dummy"' in line]
    rows.write_text("".join(kept) + '{"model": "knn", "sta')
    assert (
        essence(compare(["knn"], iris, n_trials=3, run_dir=tmp_path / "run", resume=True)) == before
    )


@pytest.mark.usefixtures("in_process")
def test_a_live_run_keeps_others_out(tmp_path, iris):
    def intrude(event):
        compare(["knn"], iris, run_dir=tmp_path, resume=True)

    with pytest.raises(RunError, match=f"being written by process {os.getpid()}"):
        compare(["knn"], iris, run_dir=tmp_path, progress=intrude)


# What goes wrong


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError, "failed"),
        (MemoryError, "out of memory"),
        (ZeroDivisionError, "failed"),
    ],
)
def test_a_model_that_fails_is_a_row_and_the_others_go_on(tmp_path, iris, error, status):
    models = {"bad": Failing(error), "good": Noting()}
    comparison = compare(models, iris, run_dir=tmp_path / "run")
    table = comparison.table()
    assert list(table["status"]) == ["complete", "complete", status]
    assert "the moon is in the wrong phase again" in table.loc["bad", "error"]
    row = next(r for r in comparison.rows if r["model"] == "bad" and r["trial"] is None)
    assert "Traceback" in row["extra"]["traceback"]
    assert comparison.best_ == "good"


@pytest.mark.usefixtures("in_process")
def test_a_failure_is_recorded_before_it_is_raised(tmp_path, iris):
    models = {"bad": Failing(), "good": Noting()}
    with pytest.raises(RunError, match=r"bad failed: .*wrong phase"):
        compare(models, iris, run_dir=tmp_path / "run", on_error="raise")
    assert Comparison(tmp_path / "run").table().loc["bad", "status"] == "failed"
    assert Comparison(tmp_path / "run").table().loc["good", "status"] == "unfinished"


@pytest.mark.parametrize("status", ["timed out", "out of memory"])
def test_a_child_that_was_ended_is_a_row_and_is_tried_again(tmp_path, iris, monkeypatch, status):
    def end(function, argument, receive, *, limits, inherit=()):
        receive({"event": {"event": "StageStarted", "model": "knn", "stage": "refit"}})
        return Outcome(status, "ended at its limit", 123)

    with monkeypatch.context() as patch:
        patch.setattr("search.contest.run_in_child", end)
        comparison = compare(["knn"], iris, run_dir=tmp_path / "run", n_trials=2, time_limit=1)
    row = next(r for r in comparison.rows if r["model"] == "knn")
    assert (row["status"], row["stage"], row["error"]) == (status, "refit", "ended at its limit")
    assert row["extra"]["peak_memory"] == 123
    assert comparison.best_ is None
    with pytest.raises(RunError, match="no fitted model 'knn'"):
        comparison.load_model("knn")

    def go_on(function, argument, receive, *, limits, inherit=()):
        function(argument, receive)
        return Outcome("complete", None, 0)

    monkeypatch.setattr("search.contest.run_in_child", go_on)
    resumed = compare(["knn"], iris, run_dir=tmp_path / "run", n_trials=2, resume=True)
    assert list(resumed.table()["status"]) == ["complete", "complete"]


@pytest.mark.usefixtures("in_process")
def test_warnings_are_collected_once_with_their_number(tmp_path, iris):
    models = {"complaining": Complaining()}
    comparison = compare(models, iris, run_dir=tmp_path / "run")
    row = next(r for r in comparison.rows if (r["model"], r["stage"]) == ("complaining", "refit"))
    assert "UserWarning: it did not converge (6 times)" in row["extra"]["warnings"]
    assert any("was not saved" in text for text in row["extra"]["warnings"])
    assert row["extra"]["model_bytes"] is None


@pytest.mark.usefixtures("in_process")
def test_class_names_of_any_kind_survive(tmp_path, iris):
    names = np.array(["<script>alert(1)</script>", "ü" * 400, "a\nb"])
    data = replace(iris, y_train=names[iris.y_train], y_test=names[iris.y_test])
    comparison = compare(["knn"], data, n_trials=1, run_dir=tmp_path / "run")
    arrays = RunDirectory(tmp_path / "run").arrays("predictions/knn")
    assert set(arrays["y_pred"]) == set(names)
    assert comparison.table().loc["knn", "accuracy"] > 0.9


@pytest.mark.usefixtures("in_process")
def test_infinity_in_the_data_is_a_model_that_says_so(tmp_path, iris):
    data = replace(iris, X_train=np.where(iris.X_train > 6, np.inf, iris.X_train))
    comparison = compare(["knn"], data, n_trials=1, run_dir=tmp_path / "run")
    assert comparison.table().loc["knn", "status"] == "failed"
    assert "contains infinity" in comparison.table().loc["knn", "error"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": ["knm"]}, "did you mean 'knn'"),
        ({"models": "knn"}, "models must be a list"),
        ({"models": []}, "models must be a list"),
        ({"models": ["knn", "knn"]}, "knn more than once"),
        ({"models": {"a/b": "knn"}}, "names of letters"),
        ({"models": ["cnn"]}, "must serve classification of table data, but cnn takes image"),
        ({"metrics": ["acuracy"]}, "did you mean 'accuracy'"),
        ({"n_trials": 0}, "n_trials must be an integer >= 1, got n_trials=0"),
        ({"time_limit": 0}, "time_limit must be a number > 0"),
        ({"evaluation": "outer"}, "evaluation must be one of 'holdout', 'nested'"),
        ({"random_state": None}, "random_state must be"),
        ({"spaces": {"forest": {}}}, "spaces must be of models that take part"),
        ({"resume": True, "run_dir": None}, "run_dir must name the run"),
    ],
)
def test_a_wrong_question_is_refused_before_anything_is_written(tmp_path, iris, changes, message):
    question = {"models": ["knn"], "data": iris, "run_dir": tmp_path / "run", **changes}
    with pytest.raises(ValueError, match=message):
        compare(**question)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": np.zeros(6), "X_train": np.zeros((6, 1))}, "two classes or more"),
        ({"y_train": np.zeros(0), "X_train": np.zeros((0, 1))}, "rows in its train part"),
        ({"y_test": np.zeros(0), "X_test": np.zeros((0, 1))}, "rows in its test part"),
        ({"y_test": np.full(6, np.nan), "X_test": np.zeros((6, 1))}, "y_test lacks it in 6 rows"),
    ],
)
def test_data_that_cannot_be_judged_is_refused(tmp_path, iris, changes, message):
    with pytest.raises(ValueError, match=message):
        compare(["knn"], replace(iris, **changes), run_dir=tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, r"holds a run already; go on with it by resume=True \(--resume\)"),
        ({"resume": True, "n_trials": 4}, "n_trials is 3 there and 4 here"),
        ({"resume": True, "models": ["logistic"]}, r"models is \['dummy', 'knn'\] there"),
        ({"resume": True, "random_state": 1}, "random_state is 0 there and 1 here"),
        ({"resume": True, "cv": 3}, "the validation is '5-fold stratified' there and '3-fold"),
        ({"resume": True, "spaces": {"knn": {"p": [1, 2]}}}, "spaces is"),
    ],
)
def test_a_folder_of_another_question_is_refused_and_left_alone(finished, iris, changes, message):
    folder = finished[0].run_dir
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    question = {"models": ["knn"], "data": iris, "n_trials": 3, "run_dir": folder, **changes}
    with pytest.raises(RunError, match=message):
        compare(**question)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert before == {**after, folder / ".lock": before[folder / ".lock"]}


def test_a_folder_of_other_data_is_refused(finished, iris):
    other = replace(iris, X_train=iris.X_train + 1e-9)
    with pytest.raises(RunError, match=r"is about other data \('iris', 113 training rows\)"):
        compare(["knn"], other, n_trials=3, run_dir=finished[0].run_dir, resume=True)


@pytest.mark.usefixtures("in_process")
def test_a_damaged_study_stops_with_a_sentence_and_loses_no_row(tmp_path, iris):
    folder = tmp_path / "run"

    def damage(event):
        if isinstance(event, ModelFinished) and event.model == "knn":
            (folder / "study.db").write_bytes(b"this is no database" * 100)

    with pytest.raises(RunError, match=r"study\.db.*(damaged|no study)"):
        compare(["knn", "logistic"], iris, n_trials=2, run_dir=folder, progress=damage)
    table = Comparison(folder).table()
    assert list(table.loc[["dummy", "knn"], "status"]) == ["complete", "complete"]
    (folder / "study.db").unlink()
    resumed = compare(["knn", "logistic"], iris, n_trials=2, run_dir=folder, resume=True)
    assert list(resumed.table()["status"]) == ["complete"] * 3


@pytest.mark.usefixtures("in_process")
def test_a_full_disk_stops_with_a_sentence_and_resumes(tmp_path, iris, monkeypatch):
    full, fsync = [], os.fsync

    def refuse_when_full(descriptor):
        if full:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    def fill(event):
        if isinstance(event, StageStarted) and (event.model, event.stage) == ("knn", "test"):
            full.append(event)

    monkeypatch.setattr(os, "fsync", refuse_when_full)
    question = {"models": ["knn"], "data": iris, "n_trials": 2, "run_dir": tmp_path / "run"}
    with pytest.raises(RunError, match=r"No space left on device; make room.*resume=True"):
        compare(**question, progress=fill)
    assert Comparison(tmp_path / "run").table().loc["knn", "status"] == "unfinished"
    full.clear()
    assert list(compare(**question, resume=True).table()["status"]) == ["complete", "complete"]
