"""What goes wrong in a comparison is a row or one sentence, and nothing is lost."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from search import Comparison, RunError, compare
from search.child import Outcome, run_in_child
from search.progress import ModelFinished, StageStarted
from search.run_directory import RunDirectory
from tests.contests import Complaining, Failing, Noting, in_process, iris, run_here, whole

__all__ = ["in_process", "iris", "whole"]  # fixtures


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


class Hangs(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        time.sleep(600)


class Eats(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        eaten = []
        while True:
            eaten.append(np.ones(2**23))


@pytest.mark.parametrize(
    ("model", "limit", "status", "error"),
    [
        (Hangs(), {"time_limit": 5}, "timed out", "ended at its time limit of 5 s"),
        (Eats(), {"memory_limit": 2**30}, "out of memory", "ended at its memory limit of 1024 MiB"),
    ],
)
def test_a_model_beyond_its_limit_is_ended_and_a_row(
    tmp_path, iris, monkeypatch, model, limit, status, error
):
    def run(function, contestant, receive, **options):
        where = run_in_child if contestant.entry.name == "bad" else run_here
        return where(function, contestant, receive, **options)

    monkeypatch.setattr("search.contest.run_in_child", run)
    found = compare({"bad": model}, iris, run_dir=tmp_path / "run", n_trials=2, **limit).table()
    assert found["status"].to_dict() == {"dummy": "complete", "bad": status}
    assert found.loc["bad", "error"] == error


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
def test_a_folder_of_another_question_is_refused_and_left_alone(whole, iris, changes, message):
    folder = whole.run_dir
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    question = {"models": ["knn"], "data": iris, "n_trials": 3, "run_dir": folder, **changes}
    with pytest.raises(RunError, match=message):
        compare(**question)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert before == {**after, folder / ".lock": before[folder / ".lock"]}


def test_a_folder_of_other_data_is_refused(whole, iris):
    other = replace(iris, X_train=iris.X_train + 1e-9)
    with pytest.raises(RunError, match=r"is about other data \('iris', 113 training rows\)"):
        compare(["knn"], other, n_trials=3, run_dir=whole.run_dir, resume=True)


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
