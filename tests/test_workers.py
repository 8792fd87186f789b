"""Many processes on one study in a database server: every trial is done, and none twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import optuna
import pytest
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from pipelines import load_dataset
from reports.cli import main
from search import OptunaSearchCV, RunDirectory, RunError, StudyError, assist, compare, server
from search.address import with_driver
from search.child import Outcome
from tests.contests import run_here
from tests.postgres import postgres

__all__ = ["postgres"]  # fixture
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="starts a server of Debian")

X, Y = load_iris(return_X_y=True)
SPACE = {
    "max_depth": optuna.distributions.IntDistribution(1, 9),
    "min_samples_leaf": optuna.distributions.IntDistribution(1, 40),
}


def search(storage, name, n_trials=12, **params):
    params = {"random_state": 0, "cv": 3, "sampler": "random", **params}
    tree = DecisionTreeClassifier(random_state=0)
    return OptunaSearchCV(
        tree, SPACE, storage=storage, study_name=name, n_trials=n_trials, **params
    )


def study_of(url, name):
    """Return a study to look into, which keeps no connection open."""
    storage = RDBStorage(with_driver(url), engine_kwargs={"poolclass": sqlalchemy.NullPool})
    return optuna.load_study(study_name=name, storage=storage)


def trials_of(url, name):
    study = study_of(url, name)
    return [(t.number, t.state.name, t.params, t.values) for t in study.get_trials()]


# Workers that note every fold they have fitted, and take their time, so that the kills hit. One
# interpreter forks them, as the imports take longer than the study; it says who they are at once,
# and in the end how they ended.
WORKERS = """
import json, os, sys, time
from search import server
from search.evaluation import Evaluator
from tests.test_workers import X, Y, search

server.HEARTBEAT = 1
evaluate = Evaluator.__call__
url, name, n_trials, *logs = sys.argv[1:]

def noting(self, params, fold):
    time.sleep(0.03)
    found = evaluate(self, params, fold)
    os.write(log, f"{sorted(params.items())} {fold}\\n".encode())
    return found

Evaluator.__call__ = noting
workers = []
for path in logs:
    if (worker := os.fork()) == 0:
        log = os.open(path, os.O_WRONLY)
        search(url, name, int(n_trials)).fit(X, Y)
        os._exit(0)
    workers.append(worker)
print(json.dumps(workers), flush=True)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in workers]))
"""


@contextmanager
def workers(url, name, n_trials, logs):
    """Start a worker for each log; yield their process numbers and what tells how they ended."""
    command = [sys.executable, "-W", "ignore", "-c", WORKERS, url, name, str(n_trials), *logs]
    path = {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, **path}, start_new_session=True
    ) as family:
        try:
            yield json.loads(family.stdout.readline()), lambda: json.loads(family.stdout.readline())
        finally:
            with suppress(ProcessLookupError):
                os.killpg(family.pid, signal.SIGKILL)


def test_four_workers_two_of_them_killed_finish_every_trial_once(postgres, tmp_path):
    logs = [tmp_path / f"{number}.log" for number in range(4)]
    for log in logs:
        log.touch()
    with workers(postgres, "four", 40, logs) as (started, ended):
        for worker, log in zip(started[:2], logs, strict=False):
            deadline = time.monotonic() + 60
            while log.read_bytes().count(b"\n") < 4:  # it is in its second trial
                assert time.monotonic() < deadline
                time.sleep(0.01)
            os.kill(worker, signal.SIGKILL)
        assert ended() == [-9, -9, 0, 0]
    found = trials_of(postgres, "four")
    assert [number for number, *_ in found] == list(range(40))
    assert {state for _, state, _, _ in found} == {"COMPLETE"}
    # Parameters depend on seed and number alone: the same as one undisturbed process finds.
    search(tmp_path / "calm.db", "calm", 40).fit(X, Y)
    assert found == trials_of(f"sqlite:///{tmp_path / 'calm.db'}", "calm")
    # What was written down before a kill was not fitted again: at most the fold in progress.
    fitted = [line for log in logs for line in log.read_text().splitlines()]
    assert 3 * 40 <= len(fitted) <= 3 * 40 + 2
    assert all(log.read_bytes() for log in logs)


def test_a_study_on_a_server_gives_what_one_in_memory_gives(postgres):
    there = search(postgres, "same", sampler="tpe").fit(X, Y)
    here = search(None, "same", sampler="tpe").fit(X, Y)
    assert there.best_params_ == here.best_params_
    np.testing.assert_array_equal(
        there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
    more = search(postgres, "same", 15, sampler="tpe").fit(X, Y)
    assert len(more.cv_results_["params"]) == 15


def test_a_grid_on_a_server_is_gone_through_once(postgres):
    tree = DecisionTreeClassifier(random_state=0)
    grid = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 5]}
    found = OptunaSearchCV(
        tree, grid, sampler="grid", n_trials=None, cv=3, storage=postgres, study_name="grid",
        n_jobs=2, random_state=0,
    ).fit(X, Y)  # fmt: skip
    assert len({str(params) for params in found.cv_results_["params"]}) == 6
    assert len(found.cv_results_["params"]) == 6


def test_without_a_number_of_trials_patience_ends_the_search(postgres):
    found = search(postgres, "endless", None, patience=4).fit(X, Y)
    assert 5 <= len(found.cv_results_["params"]) < 40


def test_an_interrupted_worker_gives_its_trial_back_at_once(postgres):
    def interrupt(model, X, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(postgres, "interrupted", scoring=interrupt).fit(X, Y)
    assert {state for _, state, _, _ in trials_of(postgres, "interrupted")} == {"WAITING"}


def test_a_worker_taken_for_dead_leaves_its_trial_to_the_others(postgres):
    taken = []

    def lose_the_trial(model, X, y):
        if not taken:  # another worker takes it and finishes it meanwhile
            other = study_of(postgres, "slow")
            taken.extend(other.get_trials(states=(TrialState.RUNNING,)))
            other.tell(taken[0].number, 0.5)
        return model.score(X, y)

    found = search(postgres, "slow", 5, scoring=lose_the_trial).fit(X, Y)
    assert [state for _, state, _, _ in trials_of(postgres, "slow")] == ["COMPLETE"] * 5
    assert found.study_.trials[taken[0].number].values == [0.5]


def test_a_trial_that_ends_every_worker_fails_in_the_end(postgres):
    place = server.ServerStorage(with_driver(postgres))
    study = optuna.create_study(storage=place, study_name="deadly")
    study.add_trial(optuna.create_trial(state=TrialState.WAITING))
    (trial,) = study.trials
    for _ in range(server.MAX_STARTS):
        place.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
        server.requeue(place, place.get_trial(trial._trial_id))
    assert study.trials[0].state == TrialState.FAIL
    assert "the process ended 5 times in fold 0" in study.trials[0].user_attrs["error"]
    with pytest.raises(server.EmptyQueueError):
        study.optimize(lambda trial: 0.0, n_trials=1)
    place.release()


def test_an_address_where_nobody_answers_is_named_without_its_password(tmp_path):
    url = f"postgresql://me:secret@/studies?host={tmp_path}"
    with pytest.raises(StudyError, match="no database server answers there") as caught:
        search(url, "nowhere").fit(X, Y)
    assert "secret" not in str(caught.value)
    assert "postgresql://me@/studies" in str(caught.value)


# Whole comparisons

ASKED = {
    "cv": 3,
    "spaces": {"knn": {"n_neighbors": optuna.distributions.IntDistribution(1, 9), "p": [1.0, 2.0]}},
}


def begin(run, monkeypatch, **params):
    """Begin a comparison whose process does not get as far as the first trial."""
    with monkeypatch.context() as patch:
        patch.setattr("search.contest.run_in_child", lambda *_, **__: Outcome("failed", "ended", 0))
        compare(["knn"], load_dataset("iris"), n_trials=4, run_dir=run, **params)
    (run / "rows.jsonl").unlink()


@pytest.mark.parametrize("by_command", [False, True])
def test_a_worker_runs_the_trials_of_a_comparison_and_nothing_else(
    postgres, tmp_path, monkeypatch, by_command
):
    run = tmp_path / "run"
    begin(run, monkeypatch, storage=postgres, **ASKED)
    if by_command:
        assert main(["worker", str(run)]) == 0
    else:
        monkeypatch.setattr("search.assistance.run_in_child", run_here)
        assist(run, load_dataset("iris"))
    assert not (run / "rows.jsonl").exists()
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    # The trials are done: whoever fits one now fails.
    monkeypatch.setattr("search.evaluation.Evaluator.__call__", None)
    done = compare(["knn"], load_dataset("iris"), n_trials=4, run_dir=run, resume=True, **ASKED)
    calm = tmp_path / "calm"
    monkeypatch.undo()
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    alone = compare(["knn"], load_dataset("iris"), n_trials=4, run_dir=calm, **ASKED)
    columns = ["status", "accuracy", "validation", "trials", "params"]
    assert done.table()[columns].to_json() == alone.table()[columns].to_json()
    found = optuna.load_study(study_name="knn", storage=RunDirectory(run).storage)
    assert [trial.state.name for trial in found.trials] == ["COMPLETE"] * 4


def test_a_run_that_shares_nothing_refuses_help(tmp_path, monkeypatch, capsys):
    begin(tmp_path / "run", monkeypatch)
    with pytest.raises(RunError, match="one process works alone"):
        assist(tmp_path / "run", load_dataset("iris"))
    assert main(["worker", str(tmp_path / "run")]) == 2
    assert "--storage" in capsys.readouterr().err


def test_a_worker_with_other_data_is_refused(postgres, tmp_path, monkeypatch):
    begin(tmp_path / "run", monkeypatch, storage=postgres)
    with pytest.raises(RunError, match="is about other data"):
        assist(tmp_path / "run", load_dataset("wine"))


def test_a_run_does_not_move_to_another_server_and_keeps_no_password(
    postgres, tmp_path, monkeypatch
):
    url = postgres.replace("postgres@", "postgres:secret@")
    begin(tmp_path / "run", monkeypatch, storage=url)
    assert "secret" not in (tmp_path / "run/manifest.json").read_text()
    run = RunDirectory(tmp_path / "run")
    assert run.shared_storage(url)[0] == url
    with pytest.raises(RunError, match="has its studies in postgresql://postgres@"):
        run.shared_storage("postgresql://elsewhere/studies")
