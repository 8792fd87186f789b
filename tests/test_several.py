"""Several data sets: mean ranks, what they carry, and one page beside the page of each."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from scipy import stats

from pipelines import load_dataset
from reports import Report, SeveralReport, arguments
from reports.cli import main
from tests.contests import in_process
from tests.runs import write_answers

__all__ = ["in_process"]  # a fixture

SHARES = {"dummy": 0.5, "forest": 0.95, "ridge": 0.85, "knn": 0.75, "cnn": 0.65}


def write(folder, n_sets, shares=SHARES, failed=None, seed=0):
    """Write a run a data set; in each a model is right in about its share of the rows."""
    rng = np.random.default_rng(seed)
    paths = []
    for i in range(n_sets):
        truth = rng.integers(2, size=300)
        answers = {
            name: {"y_pred": np.where(rng.random(300) < share, truth, 1 - truth)}
            for name, share in shares.items()
        }
        gone = failed if i == 0 else None
        kept = {name: answer for name, answer in answers.items() if name not in (gone or {})}
        path = write_answers(folder / f"set{i}", truth, kept, failed=gone, name=f"set{i}")
        paths.append(path)
    return paths


def test_ranks_are_of_the_scores_of_all_models_but_the_dummy(tmp_path):
    runs = write(tmp_path, 8)
    report = SeveralReport(runs)
    tables = [Report(run).table()["test"] for run in runs]
    names = [name for name in SHARES if name != "dummy"]
    scores = np.array([[table[name] for name in names] for table in tables])
    ranks = stats.rankdata(-scores, axis=1).mean(axis=0)
    text = report.to_markdown(tmp_path / "md").read_text(encoding="utf-8")
    section = text[text.index("## Ranks") : text.index("## Scores")]
    found = re.findall(r"^\| (random forest|ridge.*?|k nearest.*?|conv.*?) \| ([\d.]+) \|", section,
                       flags=re.MULTILINE)  # fmt: skip
    assert [float(rank) for _, rank in found] == pytest.approx(sorted(ranks), abs=5e-4)
    p_value = stats.friedmanchisquare(*scores.T).pvalue
    assert p_value < 0.001
    assert "p &lt; 0.001 (Friedman and Nemenyi)" in section
    assert (tmp_path / "md" / "pictures" / "critical-difference.svg").exists()


def test_the_verdict_names_the_best_and_what_is_not_told_apart(tmp_path):
    verdict = SeveralReport(write(tmp_path, 8)).verdict
    assert verdict.startswith("Random forest ranks best over 8 data sets.")
    assert "Not told apart from it: ridge regression" in verdict
    assert re.search(r"more than by chance, than .*convolutional network\.", verdict)
    assert "dummy" not in verdict


def test_equal_models_are_not_ranked(tmp_path):
    equal = dict.fromkeys(SHARES, 0.8)
    verdict = SeveralReport(write(tmp_path, 5, equal, seed=1)).verdict
    assert verdict.startswith("No model is shown to rank better over 5 data sets.")


def test_a_model_that_failed_on_one_data_set_has_no_rank_and_it_is_said(tmp_path):
    report = SeveralReport(write(tmp_path, 6, failed={"cnn": "ValueError: no."}))
    assert "Not judged on every data set: convolutional network." in report.verdict
    assert "cnn" not in report._test.ranks


def test_one_model_in_common_makes_no_comparison(tmp_path):
    runs = write(tmp_path, 2, {"dummy": 0.5, "knn": 0.8})
    assert SeveralReport(runs).verdict.startswith("Fewer than two models")
    with pytest.raises(ValueError, match="run_dirs must be two or more, got 1"):
        SeveralReport(runs[:1])


def test_the_command_takes_several_data_sets(tmp_path, monkeypatch, capsys, in_process):
    monkeypatch.chdir(tmp_path)
    words = ["compare", "iris", "wine", "--models", "knn", "logistic", "--trials", "1"]
    assert main([*words, "--out", "both"]) == 0
    page = (tmp_path / "both" / "report.html").read_text(encoding="utf-8")
    assert "Which model over 2 data sets?" in page
    assert "iris/report.html and wine/report.html" in page
    for name in ("iris", "wine"):
        assert (tmp_path / "both" / name / "report.html").exists()
    assert "shown to rank better over 2 data sets" in capsys.readouterr().out


def test_data_sets_of_one_name_are_refused_before_anything_starts(tmp_path):
    sets = [load_dataset("iris")] * 2
    with pytest.raises(ValueError, match="iris more than once"):
        arguments.folders_within(tmp_path, sets)
    assert arguments.folders_within(tmp_path, sets[:1]) == [tmp_path]


def test_a_folder_of_runs_gets_the_joint_report_again(tmp_path, capsys):
    folder = tmp_path / "runs"
    write(folder, 3)
    (folder / "notes").mkdir()
    assert main(["report", str(folder), "--json", str(tmp_path / "all.json")]) == 0
    printed = capsys.readouterr().out
    assert "over 3 data sets" in printed
    assert printed.splitlines()[-2:] == [
        f"Report: {folder / 'report.html'}",
        f"Report: {tmp_path / 'all.json'}",
    ]
    assert "Which model over 3 data sets?" in (folder / "report.html").read_text(encoding="utf-8")
    assert all((folder / name / "report.html").exists() for name in ("set0", "set1", "set2"))
    assert json.loads((tmp_path / "all.json").read_text())["task"] == "several"


def test_runs_of_the_same_data_make_no_joint_report(tmp_path, capsys):
    first = write(tmp_path, 1)[0]
    assert main(["report", str(tmp_path)]) == 2
    assert f"`bakeoff report {first}`" in capsys.readouterr().err
    shutil.copytree(first, tmp_path / "set1")
    assert main(["report", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "are runs of the same data (set0)" in said
    assert f"`bakeoff diff {first} {tmp_path / 'set1'}`" in said


def test_the_joint_report_is_a_table_and_fits_a_notebook(tmp_path):
    report = SeveralReport(write(tmp_path, 3))
    paths = report.to_csv(tmp_path / "csv")
    assert {path.stem for path in paths} >= {"scores", "ranks"}
    assert "set2" in (tmp_path / "csv" / "scores.csv").read_text()
    assert report._repr_html_().count("<table") == 1
