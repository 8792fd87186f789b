"""What the guards found, on the page: in words, in the verdict, and what was not looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import load_dataset
from reports import Report
from search import RunDirectory, compare
from search.finding import GUARDS
from search.progress import DataGuarded
from search.run_directory import make_row
from tests.runs import write_answers

COPIES = {
    "guard": "duplicates", "severity": "warning", "number": 0.05,
    "sentence": "20 of 400 <b>rows</b> stand \u202ein both parts.",
}  # fmt: skip


def write(path: Path, findings: list[dict[str, Any]] | None, right: float = 0.9) -> Report:
    rng = np.random.default_rng(0)
    truth = np.arange(400) % 2
    knn = np.where(rng.random(400) < right, truth, 1 - truth)
    answers = {"dummy": {"y_pred": np.zeros(400, dtype=int)}, "knn": {"y_pred": knn}}
    write_answers(path, truth, answers)
    if findings is not None:
        (path / "guards.json").write_text(json.dumps(findings))
    return Report(path)


def section(report: Report) -> dict[str, Any]:
    return next(part for part in report.summary["sections"] if part["name"] == "guards")


def table(report: Report) -> dict[str, str]:
    blocks = section(report)["blocks"]
    last = blocks[-1]["blocks"][0] if blocks[-1]["block"] == "fold" else blocks[-1]
    return {row["guard"]: row["found"] for row in last["rows"]}


def test_a_warning_says_what_to_do_on_the_page_in_markdown_and_in_the_verdict(tmp_path):
    report = write(tmp_path / "run", [COPIES])
    text = section(report)["blocks"][0]
    assert text["tone"] == "warning"
    assert "20 of 400 <b>rows</b> stand [U+202E]in both parts. Remove copies" in text["text"]
    assert text["link"][0] == "More: The same row in both parts"
    assert text["link"][1].endswith("docs/honesty.md#the-same-row-in-both-parts")
    first = report.summary["verdict"]["sentences"][0]
    assert first.startswith("Mind that the scores may mislead: 20 of 400")
    page = report.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("Remove copies before the split") == 1
    assert "<b>rows</b>" not in page
    assert "> **Note.** 20 of 400 &lt;b&gt;rows" in report.to_markdown(tmp_path / "md").read_text()


@pytest.mark.parametrize(
    ("findings", "lead", "data"),
    [
        ([], "in the data and the scores: none found", "nothing"),
        ([{**COPIES, "severity": "note"}], "1 note", "note"),
        (None, "looked for in the scores: none found", "not looked at"),
    ],
)
def test_what_warns_of_nothing_does_not_reach_the_verdict(tmp_path, findings, lead, data):
    report = write(tmp_path / "run", findings)
    assert lead in section(report)["lead"]
    assert list(table(report)) == list(GUARDS)
    assert table(report)["duplicates"] == data
    assert table(report)["like the dummy"] == "nothing"
    assert not any("Mind" in sentence for sentence in report.summary["verdict"]["sentences"])


def test_a_model_like_the_dummy_is_found_when_the_report_is_made(tmp_path):
    report = write(tmp_path / "run", [], right=0.5)
    assert table(report)["like the dummy"] == "warning"
    assert "K nearest neighbours is not better than the dummy" in str(section(report)["blocks"])


def test_a_test_score_far_above_validation_reaches_the_verdict(tmp_path):
    report = write(tmp_path / "run", [], right=1.0)
    fold = {"trial": 0, "metric": "accuracy"}
    RunDirectory(tmp_path / "run").append(
        make_row("knn", "search", fold=i, value=0.7 + i / 100, **fold) for i in range(5)
    )
    report = Report(tmp_path / "run")
    assert table(report)["test above validation"] == "warning"
    assert "far above its 0.720 in validation" in report.summary["verdict"]["sentences"][0]


def test_a_comparison_guards_its_data_once_and_tells_who_watches(tmp_path):
    data = load_dataset("iris")
    leaking = np.column_stack([data.X_train, data.y_train]), data.y_train
    rest = np.column_stack([data.X_test, data.y_test]), data.y_test
    data = type(data)(
        name="leaky", task="classification", kind="table", X_train=leaking[0], y_train=leaking[1],
        X_test=rest[0], y_test=rest[1], feature_names=("a", "b", "c", "d", "code"),
        groups=np.arange(150) // 30,
    )  # fmt: skip
    seen: list[Any] = []
    given = {"n_trials": 1, "run_dir": tmp_path / "run", "progress": seen.append}
    comparison = compare(["dummy"], data, **given)
    assert [finding.guard for finding in comparison.findings] == ["giveaway", "duplicates"]
    assert isinstance(seen[0], DataGuarded)
    assert "'code' alone predicts the target" in seen[0].warnings[0]
    groups = RunDirectory(tmp_path / "run").arrays("predictions/dummy")["groups"]
    assert groups.tolist() == [0] * 30
    written = (tmp_path / "run" / "guards.json").stat().st_mtime_ns
    compare(["dummy"], data, resume=True, **given)
    assert (tmp_path / "run" / "guards.json").stat().st_mtime_ns == written


def test_rows_of_one_group_are_resampled_together(tmp_path):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 20)
    truth = rng.integers(2, size=400)
    # all rows of a group are right or wrong together: 20 facts, not 400
    knn = np.where(np.repeat(rng.random(20) < 0.7, 20), truth, 1 - truth)
    answers = {"dummy": {"y_pred": 0 * truth}, "knn": {"y_pred": knn}}
    widths = []
    for name, more in (("rows", {}), ("groups", {"groups": groups})):
        run = tmp_path / name
        write_answers(run, truth, answers)
        for model, answer in answers.items():
            arrays = {"y_true": truth, **answer, **more}
            RunDirectory(run).write_arrays(f"predictions/{model}", arrays)
        _, low, high = Report(run).table()[["test", "test_low", "test_high"]].loc["knn"]
        widths.append(high - low)
    assert widths[1] > 2.5 * widths[0]
