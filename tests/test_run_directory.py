"""The run directory: nothing is lost, nothing is counted twice, and refusals are sentences."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search.disk import RunError, append_lines, read_lines, write_at_once
from search.run_directory import RunDirectory, locked, make_row, plain

MANIFEST = {
    "format": 1,
    "question": {"models": ["knn"], "metrics": ["accuracy", "log_loss"]},
    "data": {"name": "tiny"},
}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "run", MANIFEST)


def trial_row(trial: int, fold: int = 0, **changes):
    return make_row("knn", "search", trial=trial, fold=fold, metric="accuracy", **changes)


def test_rows_come_back_as_they_were_written(run):
    rows = [trial_row(0, value=0.5, params={"model__n_neighbors": 3}), trial_row(1, value=0.25)]
    run.append(rows)
    assert RunDirectory(run.path).rows() == rows


def test_an_unfinished_last_line_is_forgiven_and_cut_off_before_the_next_one(run):
    run.append([trial_row(0, value=0.5)])
    file = run.path / "rows.jsonl"
    whole = file.read_bytes()
    for length in range(1, len(whole)):
        file.write_bytes(whole + whole[:length])
        again = RunDirectory(run.path)
        assert len(again.rows()) == 1
        again.append([trial_row(1, value=0.75)])
        assert [row["trial"] for row in read_lines(file)] == [0, 1]


@pytest.mark.parametrize("damage", [b"{]\n", b"\x00\x00\n", b"\n"])
def test_a_damaged_line_is_named_unless_it_is_the_unfinished_last_one(run, damage):
    run.append([trial_row(0, value=0.5)])
    file = run.path / "rows.jsonl"
    file.write_bytes(damage + file.read_bytes())
    with pytest.raises(RunError, match=r"rows\.jsonl is damaged in line 1"):
        RunDirectory(run.path).rows()


def test_a_row_that_stands_is_not_written_again_by_this_process_or_the_next(run):
    rows = [trial_row(0, value=0.5), trial_row(1, status="pruned")]
    run.append(rows)
    run.append(rows)
    RunDirectory(run.path).append(rows)
    assert len(read_lines(run.path / "rows.jsonl")) == 2


def test_a_later_ending_replaces_an_earlier_one(run):
    run.append([make_row("knn", "search", status="timed out", error="ended at its time limit")])
    assert run.status("knn") == ("timed out", "ended at its time limit")
    run.append([make_row("knn", "search", status="failed", error="ValueError: no")])
    assert run.status("knn") == ("failed", "ValueError: no")
    assert len(run.rows()) == 1


def test_a_model_is_done_when_every_metric_has_its_row(run):
    run.append([make_row("knn", "search", status="failed", error="ValueError: no")])
    run.append([make_row("knn", "test", metric="accuracy", value=0.5)])
    assert not run.is_done("knn")
    run.append([make_row("knn", "test", metric="log_loss", value=None)])
    assert run.is_done("knn")
    assert RunDirectory(run.path).status("knn") == ("complete", None)


def test_a_failed_trial_does_not_end_a_model(run):
    run.append([trial_row(0, status="failed", error="ValueError: no")])
    assert run.status("knn") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (float("inf"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        ((1, (2, "a")), [1, [2, "a"]]),
        (np.arange(3), [0, 1, 2]),
        ({1: np.float32(0.5)}, {"1": 0.5}),
        (int, "int"),
        (slice(1, 2), "slice(1, 2, None)"),
    ],
)
def test_plain_makes_anything_fit_for_json(value, expected):
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False)


def test_arrays_come_back_and_are_never_pickled(run):
    labels = np.array(["a", "<script>", "ü" * 300], dtype=object)
    run.write_arrays("predictions/knn", {"y_true": labels, "y_pred": [1, 2], "y_score": None})
    found = run.arrays("predictions/knn")
    assert found["y_true"].tolist() == labels.tolist()
    assert found["y_pred"].tolist() == [1, 2]
    assert set(found) == {"y_true", "y_pred"}
    assert run.arrays("predictions/forest") == {}


def test_a_history_replaces_that_of_an_interrupted_fit(run):
    run.write_history("cnn", [{"epoch": 1, "train_loss": float("nan")}, {"epoch": 2}])
    run.write_history("cnn", [{"epoch": 1, "train_loss": 0.5}])
    assert run.history("cnn") == [{"epoch": 1, "train_loss": 0.5}]
    assert run.history("knn") == []


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    write_at_once(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"new, but")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device; make room"):
        write_at_once(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_takes_no_half_row(tmp_path, monkeypatch):
    path = tmp_path / "rows.jsonl"
    append_lines(path, [{"a": 1}])

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"rows\.jsonl: No space left on device.*resume=True"):
        append_lines(path, [{"a": 2}, {"a": 3}])
    assert path.read_text() == '{"a": 1}\n'


def test_a_file_that_may_not_grow_keeps_its_whole_lines(tmp_path):
    path = tmp_path / "rows.jsonl"
    append_lines(path, [{"a": 1}])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, hard))
    try:
        with pytest.raises(RunError, match="File too large; make room"):
            append_lines(path, [{"a": 2}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == '{"a": 1}\n'
    append_lines(path, [{"a": 2}])
    assert read_lines(path) == [{"a": 1}, {"a": 2}]


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(RunError, match="holds other files; choose another folder"):
        RunDirectory.create(tmp_path, MANIFEST)
    assert os.listdir(tmp_path) == ["thesis.tex"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no run"),
        ("{", "manifest.json cannot be read"),
        ('{"format": 99}', "written in format 99"),
    ],
)
def test_what_is_no_run_is_said_so(tmp_path, content, message):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RunError, match=message):
        RunDirectory(tmp_path)


def test_a_second_writer_is_told_who_the_first_one_is(tmp_path):
    with (
        locked(tmp_path),
        pytest.raises(RunError, match=f"being written by process {os.getpid()}"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):  # free again
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from search.run_directory import locked\n"
        f"with locked(Path({str(tmp_path)!r})):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(RunError, match=str(process.pid)), locked(tmp_path):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    with locked(tmp_path):
        pass


def test_a_child_that_inherits_the_lock_keeps_it_until_it_ends(tmp_path, monkeypatch):
    with locked(tmp_path) as lock:
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        child = subprocess.Popen(command, pass_fds=(lock,))
    (tmp_path / ".lock").write_text("999999999")  # the holder is dead, its child is not
    monkeypatch.setattr("search.file_lock._PATIENCE", 0.2)
    with pytest.raises(RunError, match="being written"), locked(tmp_path):
        pass
    child.kill()
    child.wait()
    with locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Not a directory"), locked(tmp_path / "file" / "run"):
        pass
