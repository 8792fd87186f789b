"""A comparison that was interrupted or killed at any moment ends as if it had not been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from search import Comparison, RunError, compare
from search.progress import ModelFinished, ModelStarted, TrialFinished
from search.run_directory import RunDirectory
from tests.contests import essence, in_process, iris, whole

__all__ = ["in_process", "iris", "whole"]  # fixtures


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
        assert states <= {"COMPLETE", "PRUNED"}


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
