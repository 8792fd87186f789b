"""Nothing is lost: studies that are killed, damaged, locked, or run out of disk."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.tree import DecisionTreeClassifier

from search import OptunaSearchCV, StudyError, server, sqlite

X, Y = load_iris(return_X_y=True)
SPACE = {
    "max_depth": IntDistribution(1, 9),
    "ccp_alpha": FloatDistribution(1e-3, 0.3, log=True),
    "min_samples_leaf": IntDistribution(1, 40),
}


def search(storage, n_trials=12, **params):
    params = {"random_state": 0, "cv": 3, **params}
    tree = DecisionTreeClassifier(random_state=0)
    return OptunaSearchCV(tree, SPACE, storage=storage, n_trials=n_trials, **params)


def trials_of(path, name="search"):
    study = optuna.load_study(study_name=name, storage=f"sqlite:///{path}")
    return [(t.number, t.state.name, t.params, t.values) for t in study.get_trials()]


# Runs a search that asks its parent before every fold, and waits for the answer.
CHILD = """
import os, sys
sys.path.insert(0, {tests!r})
from search.evaluation import Evaluator
from test_kill import X, Y, search

def asking(evaluate):
    def call(self, params, fold):
        os.write(asks, b"?")
        os.read(answers, 1)
        return evaluate(self, params, fold)
    return call

Evaluator.__call__ = asking(Evaluator.__call__)

def run():
    search({storage!r}, n_trials={n_trials}).fit(X, Y)
"""

# One interpreter forks the processes that are killed: the imports are paid for once. Every second
# one is killed between two folds, the others at any moment of their start or of their last fold.
PARENT = """
import json, os, random, signal, time
rng = random.Random({seed})
for kill in range({kills} + 1):
    asked, asks = os.pipe()
    answers, answer = os.pipe()
    if (child := os.fork()) == 0:
        run()
        os._exit(0)
    os.close(asks)
    folds = rng.randint(kill % 2, {folds}) if kill < {kills} else 10**9
    for _ in range(folds):
        if not os.read(asked, 1):
            break
        os.write(answer, b".")
    if kill < {kills}:
        if kill % 2:
            os.read(asked, 1)
        time.sleep(rng.random() * rng.choice([0.001, 0.02, 0.2]))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    for end in (asked, answers, answer):
        os.close(end)
    if os.WIFEXITED(status):
        break
print(json.dumps({{"kills": kill, "status": os.waitstatus_to_exitcode(status)}}))
"""


def run_and_kill(storage, n_trials, kills, seed):
    """Run a study in processes that are killed at random moments, until one comes to its end."""
    folds = 3 * n_trials // (kills + 1)  # that many at most before each kill: some are left
    tests = str(Path(__file__).parent)
    script = CHILD.format(storage=str(storage), n_trials=n_trials, tests=tests)
    script += PARENT.format(seed=seed, kills=kills, folds=folds)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, check=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("n_trials", "kills"),
    [(12, 10), pytest.param(60, 100, marks=pytest.mark.slow)],
)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the processes that it kills")
def test_a_study_killed_again_and_again_ends_as_if_undisturbed(tmp_path, n_trials, kills):
    outcome = run_and_kill(tmp_path / "killed.db", n_trials, kills, seed=n_trials)
    assert outcome == {"kills": kills, "status": 0}
    undisturbed = search(tmp_path / "calm.db", n_trials).fit(X, Y)
    killed = trials_of(tmp_path / "killed.db")
    assert len(killed) == n_trials
    assert {state for _, state, _, _ in killed} == {"COMPLETE"}
    assert killed == trials_of(tmp_path / "calm.db")
    resumed = search(tmp_path / "killed.db", n_trials).fit(X, Y)
    assert resumed.best_params_ == undisturbed.best_params_
    assert resumed.best_score_ == undisturbed.best_score_


class Interrupting:
    """A scorer that is interrupted at its n-th call."""

    def __init__(self, at):
        self.left = at

    def __call__(self, model, X, y):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return model.score(X, y)

    def __repr__(self):
        return "scorer"


@pytest.mark.parametrize(
    ("sampler", "pruner"),
    [("tpe", None), ("random", "median"), ("gp", None), ("nsga2", "halving"), ("tpe", "hyperband")],
)
def test_an_interrupted_study_goes_on_as_if_undisturbed(tmp_path, sampler, pruner):
    common = {"sampler": sampler, "pruner": pruner, "n_trials": 13}
    for at in (1, 8, 17):
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "x.db", scoring=Interrupting(at), **common).fit(X, Y)
    resumed = search(tmp_path / "x.db", scoring=Interrupting(0), **common).fit(X, Y)
    calm = search(tmp_path / "calm.db", scoring=Interrupting(0), **common).fit(X, Y)
    assert trials_of(tmp_path / "x.db") == trials_of(tmp_path / "calm.db")
    for column in ("state", "mean_test_score"):
        np.testing.assert_array_equal(resumed.cv_results_[column], calm.cv_results_[column])


def test_an_interruption_leaves_its_trial_to_the_next_start(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "x.db", scoring=Interrupting(5)).fit(X, Y)
    states = [state for _, state, _, _ in trials_of(tmp_path / "x.db")]
    assert states == ["COMPLETE", "RUNNING"]


def test_finished_folds_are_not_repeated(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "x.db", scoring=Interrupting(3), n_trials=1).fit(X, Y)
    counting = Interrupting(0)
    search(tmp_path / "x.db", scoring=counting, n_trials=1).fit(X, Y)
    assert counting.left == -1  # the third fold only


def test_a_trial_that_ends_its_process_every_time_fails_in_the_end(tmp_path):
    def scoring(model, X, y):
        if model.max_depth == 7:
            raise KeyboardInterrupt
        return model.score(X, y)

    poison = [{"max_depth": 7, "ccp_alpha": 0.1, "min_samples_leaf": 7}]
    params = {"scoring": scoring, "n_trials": 2, "enqueue": poison}
    for _ in range(server.MAX_STARTS):
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "x.db", **params).fit(X, Y)
    with pytest.warns(FitFailedWarning, match="the process ended 5 times in fold 0"):
        search(tmp_path / "x.db", **params).fit(X, Y)
    assert [state for _, state, _, _ in trials_of(tmp_path / "x.db")] == ["FAIL", "COMPLETE"]


def test_more_trials_may_be_asked_for_later(tmp_path):
    search(tmp_path / "x.db", 5).fit(X, Y)
    again = search(tmp_path / "x.db", 8).fit(X, Y)
    assert len(again.cv_results_["params"]) == 8
    search(tmp_path / "calm.db", 8).fit(X, Y)
    assert trials_of(tmp_path / "x.db") == trials_of(tmp_path / "calm.db")


def test_a_finished_study_is_only_read(tmp_path):
    first = search(tmp_path / "x.db", 4).fit(X, Y)
    counting = Interrupting(0)
    again = search(tmp_path / "x.db", 4, callbacks=[counting]).fit(X, Y)
    assert counting.left == 0
    assert again.best_params_ == first.best_params_
    np.testing.assert_array_equal(
        again.cv_results_["mean_fit_time"], first.cv_results_["mean_fit_time"]
    )


def test_without_a_seed_a_study_keeps_the_one_it_drew(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "x.db", random_state=None, scoring=Interrupting(8)).fit(X, Y)
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{tmp_path / 'x.db'}")
    seed = study.user_attrs["seed"]
    search(tmp_path / "x.db", random_state=None, scoring=Interrupting(0)).fit(X, Y)
    calm = {"random_state": seed, "scoring": Interrupting(0)}
    search(tmp_path / "calm.db", **calm).fit(X, Y)
    assert trials_of(tmp_path / "x.db") == trials_of(tmp_path / "calm.db")


@pytest.mark.parametrize(
    ("params", "data", "part"),
    [
        ({}, (X + 1, Y), "data"),
        ({}, (X, 2 - Y), "data"),
        ({"cv": 4}, (X, Y), "cv"),
        ({"space": {"max_depth": [1, 2]}}, (X, Y), "space"),
        ({"scoring": "f1_macro"}, (X, Y), "scoring"),
        ({"estimator": DecisionTreeClassifier(random_state=1)}, (X, Y), "estimator"),
        ({"cv": 4, "scoring": "f1_macro"}, (X, Y), "cv and another scoring"),
    ],
)
def test_another_question_is_refused(tmp_path, params, data, part):
    search(tmp_path / "x.db", 2).fit(X, Y)
    with pytest.raises(StudyError, match=f"x.db: study 'search' has another {part};"):
        search(tmp_path / "x.db", 4).set_params(**params).fit(*data)
    assert len(trials_of(tmp_path / "x.db")) == 2


def test_a_foreign_study_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    foreign = optuna.create_study(storage=url, study_name="search", direction="maximize")
    foreign.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(StudyError, match="was not made by OptunaSearchCV"):
        search(url).fit(X, Y)


def test_studies_of_other_names_live_in_one_file(tmp_path):
    search(tmp_path / "x.db", 2, study_name="one").fit(X, Y)
    search(tmp_path / "x.db", 3, study_name="other", cv=4).fit(X, Y)
    assert len(trials_of(tmp_path / "x.db", "one")) == 2
    assert len(trials_of(tmp_path / "x.db", "other")) == 3


def test_a_second_search_on_a_running_study_is_refused(tmp_path):
    refused = []

    def callback(study, trial):
        with pytest.raises(StudyError, match=f"is being run by process {os.getpid()}; wait"):
            search(tmp_path / "x.db").fit(X, Y)
        refused.append(trial.number)

    search(tmp_path / "x.db", 2, callbacks=[callback]).fit(X, Y)
    assert refused == [0, 1]


def damaged(path):
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 12] = bytes(4096 * 11)
    path.write_bytes(content)


def torn(path):
    os.truncate(path, path.stat().st_size // 3)


def no_database(path):
    path.write_bytes(b"something else entirely" * 400)


@pytest.mark.parametrize("harm", [damaged, torn, no_database])
def test_a_damaged_file_is_named_and_not_touched(tmp_path, harm):
    search(tmp_path / "x.db", 4).fit(X, Y)
    harm(tmp_path / "x.db")
    before = (tmp_path / "x.db").read_bytes()
    with pytest.raises(StudyError, match=r"x\.db: .*restore the file from a copy, or move it"):
        search(tmp_path / "x.db", 6).fit(X, Y)
    assert (tmp_path / "x.db").read_bytes() == before


def test_a_locked_database_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "WAIT", 0.05)
    search(tmp_path / "x.db", 2).fit(X, Y)
    with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
        other.execute("begin exclusive")
        with pytest.raises(StudyError, match="another program keeps the database locked"):
            search(tmp_path / "x.db", 4).fit(X, Y)
        other.execute("rollback")
    assert len(search(tmp_path / "x.db", 4).fit(X, Y).cv_results_["params"]) == 4


def test_a_full_disk_loses_nothing_that_was_finished(tmp_path, monkeypatch):
    pages = []
    plain = sqlite._Connect.__call__

    def limited(self):
        connection = plain(self)
        if pages:
            connection.execute(f"pragma max_page_count = {pages[0]}")
        return connection

    search(tmp_path / "x.db", 4).fit(X, Y)
    pages.append((tmp_path / "x.db").stat().st_size // 4096)
    monkeypatch.setattr(sqlite._Connect, "__call__", limited)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # Optuna waits between attempts to write
    with pytest.raises(StudyError, match="the disk is full; make room and start again"):
        search(tmp_path / "x.db", 16).fit(X, Y)
    kept = trials_of(tmp_path / "x.db")
    assert [state for _, state, _, _ in kept[:4]] == ["COMPLETE"] * 4
    pages.clear()
    search(tmp_path / "x.db", 16).fit(X, Y)
    search(tmp_path / "calm.db", 16).fit(X, Y)
    assert trials_of(tmp_path / "x.db") == trials_of(tmp_path / "calm.db")


@pytest.mark.parametrize("path", ["missing/x.db", "file/x.db"])
def test_a_folder_that_is_none_is_named(tmp_path, path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StudyError, match=r"x\.db: .*folder"):
        search(tmp_path / path).fit(X, Y)


def test_a_failed_trial_is_final(tmp_path):
    def scoring(model, X, y):
        raise RuntimeError("no luck")

    scoring.__qualname__ = "scoring"
    with pytest.raises(ValueError, match="3 failed: RuntimeError: no luck"):
        search(tmp_path / "x.db", 3, scoring=scoring).fit(X, Y)
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{tmp_path / 'x.db'}")
    assert {trial.state for trial in study.trials} == {TrialState.FAIL}
    assert study.trials[0].user_attrs["error"] == "fold 0: RuntimeError: no luck"


def test_at_rest_a_study_is_one_file(tmp_path):
    fitted = search(tmp_path / "x.db", 2).fit(X, Y)
    assert {path.name for path in tmp_path.iterdir()} == {"x.db", ".x.db.search.lock"}
    assert len(fitted.study_.trials) == 2
    assert (tmp_path / "x.db").read_bytes()[18:20] == b"\1\1"  # no write-ahead log
