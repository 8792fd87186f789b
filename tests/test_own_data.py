"""A user's own file ends in a report, with no option but the target."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from estimators import registry
from pipelines import load_dataset
from reports import Report
from reports.cli import main
from search.entries import entries
from search.run_directory import RunDirectory
from tests.contests import in_process, run_here

__all__ = ["in_process"]  # a fixture


def write_customers(folder: Path) -> list[str]:
    """Write categories, dates and missing values."""
    rng = np.random.default_rng(0)
    n = 150
    plan = rng.choice(["basic", "plus", "pro"], n)
    spend = np.where(rng.random(n) < 0.1, np.nan, rng.gamma(2, 30, n))
    since = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D")
    leaves = rng.random(n) < np.where(plan == "basic", 0.85, 0.1)
    frame = pd.DataFrame(
        {
            "plan": np.where(rng.random(n) < 0.05, None, plan),
            "since": since.strftime("%Y-%m-%d"),
            "spend": spend,
            "churned": np.where(leaves, "yes", "no"),
        }
    )
    frame.to_csv(folder / "customers.csv", index=False)
    return ["customers.csv", "--target", "churned"]


def write_photographs(folder: Path) -> list[str]:
    """Write a folder of images, a sub-folder a class."""
    rng = np.random.default_rng(0)
    for name, rows in (("bar", slice(3, 6)), ("block", slice(1, 9))):
        (folder / "photographs" / name).mkdir(parents=True)
        for i in range(30):
            pixels = rng.integers(0, 60, (12, 12), dtype=np.uint8)
            pixels[rows, 2:10] += 150
            Image.fromarray(pixels).save(folder / "photographs" / name / f"{i}.png")
    return ["photographs"]


def write_reviews(folder: Path) -> list[str]:
    """Write a column of texts."""
    rng = np.random.default_rng(0)
    words = {"good": ["great", "lovely", "happy"], "bad": ["poor", "awful", "sad"]}
    rest = ["the", "film", "plot", "actor", "scene", "music", "was", "very", "quite", "and"]
    rows = []
    for i in range(120):
        mood = ("good", "bad")[i % 2]
        text = [*rng.choice(rest, 8), *rng.choice(words[mood], 2)]
        rows.append((" ".join(rng.permutation(text)), mood))
    frame = pd.DataFrame(rows, columns=["review", "mood"])
    frame.to_csv(folder / "reviews.csv", index=False)
    return ["reviews.csv", "--target", "mood"]


def write_load(folder: Path) -> list[str]:
    """Write a series with a column of days."""
    rng = np.random.default_rng(0)
    t = np.arange(200)
    load = 50 + 10 * np.sin(2 * np.pi * t / 7) + rng.normal(0, 1, 200)
    days = pd.date_range("2026-01-01", periods=200).strftime("%Y-%m-%d")
    pd.DataFrame({"day": days, "load": load.round(2)}).to_csv(folder / "load.csv", index=False)
    return ["load.csv", "--target", "load"]


Writer = Callable[[Path], list[str]]
# who writes the data, a quick model, task and kind, and a word of the page's own
KINDS: list[tuple[Writer, str, str, str, str]] = [
    (write_customers, "logistic", "classification", "table", "customers"),
    (write_photographs, "logistic", "classification", "image", "photographs"),
    (write_reviews, "naive-bayes", "classification", "text", "reviews"),
    (write_load, "linear", "forecasting", "series", "load"),
]


def ends_in_a_report(run: Path, task: str, kind: str, word: str) -> None:
    about = RunDirectory(run).manifest["data"]
    assert (about["task"], about["kind"], about["name"]) == (task, kind, word)
    table = Report(run).table()
    assert (table["status"] == "complete").all(), table["status"].to_dict()
    assert table.index[-1] == "dummy" or "climatology" in table.index
    page = (run / "report.html").read_text(encoding="utf-8")
    assert f"Which model for {word}?" in page
    assert len(page) < 2_000_000


@pytest.mark.parametrize(("write", "model", "task", "kind", "word"), KINDS)
def test_a_quick_comparison_of_own_data_ends_in_a_report(
    write, model, task, kind, word, tmp_path, monkeypatch, in_process
):
    monkeypatch.chdir(tmp_path)
    words = [*write(tmp_path), "--models", model, "--trials", "1", "--out", "run"]
    assert main(["compare", *words]) == 0
    ends_in_a_report(tmp_path / "run", task, kind, word)


@pytest.mark.slow
@pytest.mark.parametrize(("write", "model", "task", "kind", "word"), KINDS)
def test_own_data_need_no_option_but_the_target(
    write, model, task, kind, word, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *write(tmp_path), "--out", "run"]) == 0
    ends_in_a_report(tmp_path / "run", task, kind, word)


def test_rows_of_one_kind_only_are_not_tuned_and_it_is_said(tmp_path, monkeypatch, in_process):
    monkeypatch.chdir(tmp_path)
    words = [*write_customers(tmp_path), "--task", "anomaly", "--models", "pca", "--out", "run"]
    assert main(["compare", *words]) == 0
    assert "not tuned: the training part holds no abnormal row" in str(Report("run").summary)


@pytest.mark.parametrize(
    ("write", "more", "said"),
    [
        (write_reviews, ["--task", "anomaly"], "no model of the registry serves anomaly of text"),
        (write_customers, ["--models", "cnn"], "models that do: dummy, logistic"),
    ],
)
def test_what_no_model_serves_is_one_message_that_says_what_is_served(
    write, more, said, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *write(tmp_path), *more]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_clusters_without_known_classes_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file, *_ = write_customers(tmp_path)
    assert main(["compare", file, "--task", "clustering"]) == 2
    assert "data must tell classes that clusters are judged by" in capsys.readouterr().err


@pytest.mark.parametrize("task", ["classification", "regression", "forecasting", "anomaly"])
@pytest.mark.parametrize("kind", ["table", "image", "text", "series"])
def test_the_usual_models_serve_the_data_and_are_few(task, kind):
    serving = set(registry.names(task, kind)) - {"dummy"}
    if not serving:
        pytest.skip("no model serves this")
    data = replace(load_dataset("digits"), task=task, kind=kind)
    if kind in ("text", "series"):
        data = replace(data, X_train=data.y_train, X_test=data.y_test, image_shape=None)
    names = [entry.name for entry in entries(None, data, None)]
    assert set(names) - {"dummy"} <= serving
    assert 2 <= len(names) <= 7


LABELS = ('<b>"yes"</b>', "\u202eno" + "o" * 10_000)
NAMES = ("<script>window.hacked = 1</script>", "a \"b\", 'c'", "right\u202eleft", "n" * 10_000)


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory):
    """Return a table whose names and values mean harm, and the run on it."""
    folder = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(0)
    first, kind = rng.normal(size=80), rng.choice(["<i>x", 'y"', "\u200fz"], 80)
    columns = (first, kind, rng.normal(size=80), rng.normal(size=80))
    frame = pd.DataFrame(dict(zip(NAMES, columns, strict=True)))
    frame["target"] = np.where(first > 0, *LABELS)
    frame.to_csv(folder / "mine.csv", index=False)
    words = ["compare", str(folder / "mine.csv"), "--target", "target", "--models", "forest"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        assert main([*words, "--trials", "1", "--out", str(folder / "run")]) == 0
    return folder / "mine.csv", folder / "run"


def test_hostile_names_labels_and_values_stay_text_from_file_to_page(hostile_run):
    page = (hostile_run[1] / "report.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1, "only the script of the page itself"
    assert "&lt;script&gt;window.hacked" in page
    assert not re.findall(r"<b>|<i>|[\u200f\u202e]|n{400}|o{400}", page)
    assert "no[U+202E]" not in page
    assert "[U+202E]no" in page


def test_a_model_on_hostile_names_predicts_the_whole_labels(hostile_run, tmp_path):
    data, run = hostile_run
    words = ["predict", str(run), str(data), "--model", "forest", "--out"]
    assert main([*words, str(tmp_path / "answers.csv")]) == 0
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert (answers["prediction"] == pd.read_csv(data)["target"]).mean() > 0.9
    assert set(answers.columns) == {"prediction", *(f"probability of {name}" for name in LABELS)}


def test_a_tampered_model_predicts_nothing_and_is_refused(hostile_run, tmp_path, capsys):
    data, run = hostile_run
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "models" / "forest.skops"
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    schema = members["schema.json"].replace(b'"RandomForestClassifier"', b'"Popen"')
    assert schema != members["schema.json"]
    with zipfile.ZipFile(path, "w") as new:
        for name, content in (members | {"schema.json": schema}).items():
            new.writestr(name, content)
    assert main(["predict", str(tmp_path / "run"), str(data), "--model", "forest"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert re.search(r"forest\.skops.*does not trust.*Popen.*Nothing was loaded", printed.err)
