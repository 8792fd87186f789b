"""Folds on a real Dask cluster of two worker processes, one of which is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from pipelines import load_dataset
from search import OptunaSearchCV, compare
from search.processes import WorkerError
from tests.contests import run_here

pytest.importorskip("distributed", reason="Dask is not installed: bakeoff[dask]")
X, Y = load_iris(return_X_y=True)


class Slow(DecisionTreeClassifier):
    def fit(self, X, y):
        time.sleep(0.1)
        return super().fit(X, y)


def search(backend=None, model=DecisionTreeClassifier, n_trials=8, **params):
    grid = {"max_depth": [1, 2, 3, 4], "min_samples_leaf": [1, 9]}
    return OptunaSearchCV(
        model(random_state=0), grid, sampler="random", n_trials=n_trials, cv=3, backend=backend,
        random_state=0, **params,
    )  # fmt: skip


def start(*words, **options):
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", *words], env=environment, stderr=subprocess.DEVNULL, **options
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Return the address of a scheduler, and its two workers without nannies."""
    from distributed import Client

    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    words = ("--scheduler-file", str(file))
    scheduler = start(
        "distributed.cli.dask_scheduler", *words, "--host", "127.0.0.1", "--port", "0",
        "--no-dashboard", cwd=folder,
    )  # fmt: skip
    workers = [
        start(
            "distributed.cli.dask_worker",
            *words,
            "--no-nanny",
            "--nthreads",
            "1",
            "--no-dashboard",
            cwd=folder,
        )
        for _ in range(2)
    ]
    try:
        while not file.exists():
            assert scheduler.poll() is None
            time.sleep(0.05)
        with Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address.replace("tcp://", "dask://")
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def test_a_cluster_gives_the_scores_of_this_process(cluster):
    there = search(cluster[0]).fit(X, Y)
    here = search().fit(X, Y)
    by_number = np.argsort(there.cv_results_["trial"])
    np.testing.assert_array_equal(
        there.cv_results_["mean_test_score"][by_number], here.cv_results_["mean_test_score"]
    )


def test_a_comparison_has_its_folds_fitted_on_the_cluster(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    # This process fits no fold.
    monkeypatch.setattr("search.evaluation.Evaluator.__call__", None)
    found = compare(
        ["knn"], load_dataset("iris"), n_trials=2, backend=cluster[0], run_dir=tmp_path / "run"
    )
    assert list(found.table()["status"]) == ["complete"] * 2


def test_a_worker_that_is_killed_loses_no_trial(cluster):
    address, workers = cluster
    kill = threading.Timer(0.8, workers[0].send_signal, [signal.SIGKILL])
    kill.start()
    found = search(address, Slow, 12).fit(X, Y)
    kill.join()
    assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert list(found.cv_results_["state"]) == ["complete"] * 12


def test_an_address_without_a_scheduler_is_named(monkeypatch):
    monkeypatch.setattr("search.processes._PATIENCE", 0.5)
    state = random.getstate()
    with pytest.raises(WorkerError, match=r"dask://127\.0\.0\.1:9: no Dask scheduler answers"):
        search("dask://127.0.0.1:9").fit(X, Y)
    random.setstate(state)  # Dask itself draws from Python's generator how long it waits
