"""A user's own file ends in a report, with no option but the target."""

from __future__ import annotations

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
from tests.contests import in_process

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
