"""The report: its numbers against oracles, its words against the tests, its pages against names."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, roc_auc_score

from reports import Report
from reports.sections.comparison import efficient
from search.disk import RunError
from search.run_directory import RunDirectory, make_row
from search.statistics import interval, pairwise_tests
from tests.runs import (
    HOSTILE,
    epochs,
    write_answers,
    write_diabetes,
    write_digits,
    write_hostile,
)

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits(
        tmp_path_factory.mktemp("runs") / "digits",
        n_trials=6,
        failed={"cnn": "ValueError: kernel_size must be <= 8, got <b>9</b>."},
        histories={"forest": epochs(12)},
    )


@pytest.fixture(scope="session")
def diabetes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_diabetes(tmp_path_factory.mktemp("runs") / "diabetes", n_trials=4)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hostile(tmp_path_factory.mktemp("runs") / "hostile")


class Page(HTMLParser):
    """What a browser would see of a page: its elements and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(run: Path, folder: Path) -> str:
    return Report(run).to_html(folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def pages(digits: Path, diabetes: Path, hostile: Path, tmp_path_factory) -> dict[str, str]:
    """Return the page of each run, made once."""
    folder = tmp_path_factory.mktemp("pages")
    return {run.name: page_of(run, folder) for run in (digits, diabetes, hostile)}


@pytest.fixture(scope="session")
def report(digits: Path) -> Report:
    return Report(digits)


def block(summary: dict[str, Any], name: str, kind: str = "table") -> dict[str, Any]:
    """Find a block of the summary by its kind and name, at any depth."""
    found = [value for value in _named(summary["sections"], name) if value["block"] == kind]
    assert len(found) == 1, f"{name}: {len(found)} blocks"
    return found[0]


def _named(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        if value.get("name") == name and "block" in value:
            yield value
        for item in value.values():
            yield from _named(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, name)


# --- the numbers -------------------------------------------------------------------------------


def test_comparison_holds_what_scikit_learn_computes_from_the_predictions(digits, report):
    table = report.table()
    for model in ("knn", "forest", "dummy"):
        arrays = np.load(digits / "predictions" / f"{model}.npz")
        row = table.loc[model]
        assert row["test"] == accuracy_score(arrays["y_true"], arrays["y_pred"])
        ends = interval("accuracy", arrays["y_true"], arrays["y_pred"])
        assert (row["test_low"], row["test_high"]) == ends
    assert table["test"].dropna().is_monotonic_decreasing
    assert table.loc["cnn", "status"] == "failed"
    assert table.loc["knn", ["fit_seconds", "predict_seconds"]].tolist() == [0.2, 0.021]


def test_losses_are_shown_as_the_metric_defines_them(diabetes):
    rows = {row["model"]: row for row in block(Report(diabetes).summary, "metrics")["rows"]}
    for row in rows.values():
        value, low, high = row["rmse"]
        assert 0 < low < value < high


def test_pairs_hold_the_paired_tests_with_the_better_model_first(digits, report):
    rows = block(report.summary, "pairs")["rows"]
    arrays = {m: dict(np.load(digits / f"predictions/{m}.npz")) for m in ("knn", "forest", "dummy")}
    truth = arrays["knn"]["y_true"]
    tests = {
        frozenset((t.first, t.second)): t
        for t in pairwise_tests("accuracy", truth, arrays, baseline="dummy")
    }
    assert len(rows) == len(tests) == 3
    for row in rows:
        test = tests[frozenset((row["first"], row["second"]))]
        assert row["adjusted"] == test.adjusted
        assert row["difference"][0] == abs(test.difference)
        assert row["differs"] == (test.adjusted < 0.05)


def test_class_by_class_agrees_with_classification_report(digits, report):
    arrays = np.load(digits / "predictions" / "knn.npz")
    oracle = classification_report(
        arrays["y_true"], arrays["y_pred"], output_dict=True, zero_division=0
    )
    rows = block(report.summary, "per-class-knn")["rows"]
    for row in rows[:-1]:
        expected = oracle[row["class"]]
        got = (row["precision"], row["recall"], row["f1"], row["support"])
        assert got == pytest.approx(
            tuple(expected[key] for key in ("precision", "recall", "f1-score", "support"))
        )
    assert rows[-1]["f1"] == pytest.approx(oracle["macro avg"]["f1-score"])


def test_confusions_and_curves_agree_with_scikit_learn(digits, report):
    summary = report.summary
    arrays = np.load(digits / "predictions" / "forest.npz")
    rows = block(summary, "confusion-forest")["rows"]
    counts = [list(row.values())[1:] for row in rows]
    assert counts == confusion_matrix(arrays["y_true"], arrays["y_pred"]).tolist()
    areas = {row["title"]: row["area"] for row in block(summary, "roc")["rows"]}
    oracle = roc_auc_score(arrays["y_true"], arrays["y_proba"], multi_class="ovr")
    assert areas["random forest"] == pytest.approx(oracle)


def test_calibration_error_is_the_mean_gap_over_ten_bins(tmp_path):
    truth = np.array([1, 1, 0, 1, 0, 0, 1, 0])
    sure = np.array([0.95, 0.92, 0.93, 0.91, 0.65, 0.66, 0.67, 0.68])
    proba = np.column_stack([1 - sure, sure])
    answers = {"first": {"y_pred": np.ones(8, int), "y_proba": proba, "classes": np.array([0, 1])}}
    table = block(Report(write_answers(tmp_path / "run", truth, answers)).summary, "calibration")
    # two bins are used: right in 3 of 4 where 0.9275 was claimed, in 1 of 4 where 0.665 was
    expected = abs(0.75 - 0.9275) * 0.5 + abs(0.25 - 0.665) * 0.5
    assert table["rows"][0]["ece"] == pytest.approx(expected)


def test_best_trade_offs_are_those_that_nothing_beats(report):
    ranked = report._run.ranked
    assert efficient(ranked) == {"knn"}  # the forest is worse and slower; the dummy is no choice


def test_tables_as_csv_hold_the_raw_numbers(report, tmp_path):
    paths = report.to_csv(tmp_path)
    assert len({path.name for path in paths}) == len(paths)
    with (tmp_path / "comparison.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == ["knn", "forest", "dummy", "cnn"]
    assert json.loads(rows[0]["test"])[0] == report.table().loc["knn", "test"]
    assert json.loads(rows[0]["params"]) == report.table().loc["knn", "params"]


# --- the words ---------------------------------------------------------------------------------

N = 400


def answering(truth: np.ndarray, n_wrong: int, start: int = 0) -> dict[str, np.ndarray]:
    """Return answers that are wrong on so many rows."""
    answer = truth.copy()
    answer[start : start + n_wrong] = 1 - answer[start : start + n_wrong]
    return {"y_pred": answer, "classes": np.array([0, 1])}


@pytest.mark.parametrize(
    ("wrong", "headline", "winner", "recommended"),
    [
        ({"dummy": 200, "a": 8, "b": 60}, "A is the best of 2 models: accuracy 0.980", "a", "a"),
        ({"dummy": 200, "a": 8, "b": 9}, "A scores highest (accuracy 0.980", None, "b"),
        ({"dummy": 60, "a": 58, "b": 59}, "No model is better than the dummy.", None, None),
        ({"dummy": 60, "a": 90}, "No model is better than the dummy.", None, None),
        ({"a": 8}, "A is the only model that was judged: accuracy 0.980", None, "a"),
        ({"dummy": 200}, "Only the dummy was judged.", None, None),
        ({"dummy": 200, "a": 8}, "A is the best of 1 model: accuracy 0.980", "a", "a"),
        ({}, "No model has a test score.", None, None),
    ],
)
def test_verdict_claims_what_the_tests_carry(tmp_path, wrong, headline, winner, recommended):
    truth = np.tile([0, 1], N // 2)
    starts = {"a": 0, "b": 100, "dummy": 0}
    answers = {name: answering(truth, n, starts[name]) for name, n in wrong.items()}
    costs = {"a": (10.0, 1.0), "b": (1.0, 0.1), "dummy": (0.1, 0.1)}
    run = write_answers(tmp_path / "run", truth, answers, costs=costs, failed={"c": "Error: no."})
    verdict = Report(run).summary["verdict"]
    assert verdict["headline"].startswith(headline)
    assert (verdict["winner"], verdict["recommended"]) == (winner, recommended)
    assert any("Not judged: c (failed)" in sentence for sentence in verdict["sentences"])


@pytest.mark.parametrize(
    ("n_wrong", "words"),
    [(280, "It is worse than the dummy by more than chance"), (200, "which chance alone could")],
)
def test_a_model_below_the_dummy_is_said_to_be(tmp_path, n_wrong, words):
    truth = np.zeros(N, dtype=int)
    truth[: N // 2] = 1
    answers = {"dummy": answering(truth, 199), "a": answering(truth, n_wrong, 50)}
    verdict = Report(write_answers(tmp_path, truth, answers)).verdict
    assert verdict.startswith("No model is better than the dummy.")
    assert words in verdict


@pytest.mark.parametrize(("n_wrong", "is_named"), [(44, True), (120, False)])
def test_verdict_says_when_the_cheaper_model_is_good_enough(tmp_path, n_wrong, is_named):
    truth = np.tile([0, 1], N // 2)
    answers = {
        "dummy": answering(truth, 200),
        "a": answering(truth, 4),
        "b": answering(truth, n_wrong, 100),
    }
    costs = {"a": (100.0, 1.0), "b": (1.0, 0.01)}
    words = " ".join(
        Report(write_answers(tmp_path / "run", truth, answers, costs=costs)).summary["verdict"][
            "sentences"
        ]
    )
    said = (
        "If 0.100 less accuracy is good enough, take b: it fits 100 times faster and predicts "
        "100 times faster."
    )
    assert (said in words) == is_named
    assert ("good enough" in words) == is_named


def test_many_models_do_not_hide_that_they_beat_the_dummy(tmp_path):
    """16 of 16 right against 8 of 16 is p = 0.008; times 15 pairs it would be nothing."""
    truth = np.tile([0, 1], 8)
    answers = {name: answering(truth, 0) for name in "abcde"}
    answers["dummy"] = {"y_pred": np.zeros(16, int), "classes": np.array([0, 1])}
    verdict = Report(write_answers(tmp_path / "run", truth, answers)).summary["verdict"]
    assert verdict["headline"].startswith("A scores highest (accuracy 1.000")
    assert not any("Not shown to be better" in sentence for sentence in verdict["sentences"])


@pytest.mark.parametrize(
    ("further", "words"),
    [
        ([0.99, 0.93], ["Over 3 seeds", "b moves from 0.930 to 0.990", "lead of 0.010 over b"]),
        ([0.971, 0.972], []),
    ],
)
def test_a_lead_that_depends_on_the_seed_is_said_to(tmp_path, further, words):
    truth = np.tile([0, 1], N // 2)
    starts = {"a": 8, "b": 12, "dummy": 200}
    answers = {name: answering(truth, n) for name, n in starts.items()}
    run = write_answers(tmp_path / "run", truth, answers)
    RunDirectory(run).append(
        make_row("b", "repeat", fold=i, metric="accuracy", value=value)
        for i, value in enumerate(further, 1)
    )
    report = Report(run)
    said = [s for s in report.summary["verdict"]["sentences"] if "depends on the seed" in s]
    assert len(said) == bool(words)
    assert all(word in said[0] for word in words)
    line = report.table().loc["b"]
    scores = [0.97, *further]
    assert line["seeds_std"] == pytest.approx(np.std(scores, ddof=1))
    assert (line["seeds_min"], line["seeds_max"], line["n_seeds"]) == (min(scores), max(scores), 3)
    assert report.table().loc["a", "n_seeds"] == 1


def test_equal_models_are_not_ranked(tmp_path):
    truth = np.tile([0, 1], N // 2)
    answers = {name: answering(truth, 20) for name in "ab"} | {"dummy": answering(truth, 200)}
    verdict = Report(write_answers(tmp_path / "run", truth, answers)).summary["verdict"]
    assert verdict["winner"] is None
    assert "but b is not shown to be worse" in verdict["headline"]
    assert any("Its lead, 0.000" in sentence for sentence in verdict["sentences"])


# --- the pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits", "diabetes", "hostile"])
def test_page_is_one_small_file_that_fetches_nothing(name, pages):
    text = pages[name]
    page = Page(text)
    assert len(text.encode()) < 2_000_000
    for tag, attributes in page.elements:
        for key in ("src", "href", "xlink:href", "data", "action", "poster", "srcset"):
            value = attributes.get(key) or "#"
            docs = ("https://github.com/bakeoff/",) if tag == "a" else ()  # only who clicks fetches
            assert value.startswith(("#", "data:", *docs)), f"{key}={value[:80]}"
        assert not [key for key in attributes if key.startswith("on")], attributes
    assert "@import" not in text
    assert re.findall(r"url\((?!#f\d)", text) == []


@pytest.mark.parametrize("name", ["digits", "diabetes", "hostile"])
def test_page_runs_its_own_script_and_no_other(name, pages):
    page = Page(pages[name])
    assert len(page.all("script")) == len(page.scripts) == 1
    digest = base64.b64encode(hashlib.sha256(page.scripts[0].encode()).digest()).decode()
    policy = next(m for m in page.all("meta") if m.get("http-equiv"))["content"] or ""
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("name", ["digits", "diabetes", "hostile"])
def test_page_has_distinct_ids_ordered_headings_and_alternative_texts(name, pages):
    page = Page(pages[name])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = {a["href"] for a in page.all("a")} | {u["href"] for u in page.all("use")}
    assert {target[1:] for target in targets if target[:1] == "#"} <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(image.get("alt") for image in page.all("img"))
    assert all(svg.get("aria-label") for svg in page.all("svg"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") for head in page.all("th"))


def test_names_from_outside_stay_text(hostile, pages):
    text, summary = pages["hostile"], Report(hostile).summary
    page = Page(text)
    known = {"html", "head", "meta", "title", "link", "style", "body", "a", "div", "nav", "p", "ol"}
    known |= {"li", "main", "header", "h1", "h2", "dl", "dt", "dd", "span", "section", "table"}
    known |= {"caption", "thead", "tbody", "tr", "th", "td", "bdi", "figure", "figcaption", "svg"}
    known |= {"details", "summary", "pre", "code", "footer", "script", "ul", "img", "g", "path"}
    known |= {"defs", "use", "clippath", "rect", "text", "image", "tspan"}
    assert {tag for tag, _ in page.elements} <= known
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08]", text)
    assert "x" * 1_100 not in text
    assert "49" not in summary["title"]
    labels = [row["class"] for row in block(summary, "f1-by-class")["rows"]]
    assert len(set(labels)) == len(HOSTILE)


@pytest.mark.parametrize("name", ["digits", "diabetes", "hostile"])
def test_markdown_tables_hold_together_and_pictures_are_there(name, request, tmp_path):
    path = Report(request.getfixturevalue(name)).to_markdown(tmp_path)
    text = path.read_text(encoding="utf-8")
    for lines in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines.splitlines()}
        assert len(widths) == 1, lines[:300]
        assert re.fullmatch(r"\|( :?-+:? \|)+", lines.splitlines()[1])
    pictures = re.findall(r"!\[[^\n]*?(?<!\\)\]\(([^)]*)\)", text)
    assert pictures
    for picture in pictures:
        file = tmp_path / picture
        assert file.is_file(), picture
        if file.suffix == ".svg":
            ET.parse(file)
    prose = re.sub(r"^(`{3,})\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    for tag in re.findall(r"<(/?\w+)", prose):
        assert tag in {"br", "details", "/details", "summary", "/summary"}


def test_markdown_and_summary_are_golden(report, tmp_path):
    text = report.to_markdown(tmp_path).read_text(encoding="utf-8")
    summary = json.dumps(_rounded(report.summary), indent=1, ensure_ascii=False) + "\n"
    for name, content in (("digits.md", text), ("digits.json", summary)):
        if os.environ.get("BAKEOFF_WRITE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            (GOLDEN / name).write_text(content, encoding="utf-8")
        assert content == (GOLDEN / name).read_text(encoding="utf-8"), (
            f"tests/golden/{name} differs; if that is meant, write it again with "
            "BAKEOFF_WRITE_GOLDEN=1 and read the difference"
        )


def _rounded(value: Any) -> Any:
    """Return the summary to six digits, without pictures and points, which the plots show."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in ("uri", "data", "table", "seconds")}
        return {key: _rounded(item) for key, item in kept.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def test_the_same_run_gives_the_same_bytes(digits, pages, tmp_path):
    assert page_of(digits, tmp_path) == pages["digits"]


def test_summary_is_plain_json(digits, diabetes, hostile):
    for run in (digits, diabetes, hostile):
        summary = Report(run).summary
        assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_notebook_shows_verdict_and_table(report):
    text = report._repr_html_()
    page = Page(text)
    assert len(page.all("table")) == 1
    assert not page.all("script")
    assert "K nearest neighbours" in text


# --- what may be missing -----------------------------------------------------------------------


def test_failed_and_unfinished_models_are_named(tmp_path):
    truth = np.tile([0, 1], N // 2)
    run = write_answers(
        tmp_path / "run",
        truth,
        {"dummy": answering(truth, 200), "a": answering(truth, 8)},
        failed={"c": "RuntimeError: the loss is not finite in epoch 3."},
    )
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["question"]["models"].append("d")
    (run / "manifest.json").write_text(json.dumps(manifest))
    summary = Report(run).summary
    status = {row["model"]: row["status"] for row in block(summary, "comparison")["rows"]}
    assert status == {"a": "complete", "dummy": "complete", "c": "failed", "d": "unfinished"}
    errors = {row["model"]: row["error"] for row in block(summary, "failures")["rows"]}
    assert errors["c"] == "RuntimeError: the loss is not finite in epoch 3."


def _cut_last_line(run: Path) -> None:
    with (run / "rows.jsonl").open("a") as file:
        file.write('{"model": "kn')


def _damage_study(run: Path) -> None:
    (run / "study.db").write_bytes(b"no database" * 100)


def _remove_study(run: Path) -> None:
    (run / "study.db").unlink()


def _remove_predictions(run: Path) -> None:
    for path in (run / "predictions").iterdir():
        path.unlink()


def _remove_data(run: Path) -> None:
    (run / "data.npz").unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_cut_last_line, "The search"),
        (_damage_study, "study.db cannot be read"),
        (_remove_study, "Comparison"),
        (_remove_predictions, "Comparison"),
        (_remove_data, "Confusions"),
    ],
)
def test_report_says_what_is_left(digits, tmp_path, harm, words):
    run = Path(shutil.copytree(digits, tmp_path / "run"))
    harm(run)
    report = Report(run)
    assert words in json.dumps(report.summary)
    assert report.table().loc["knn", "test"] > 0.9


def test_folder_without_a_run_is_refused_by_name(tmp_path):
    with pytest.raises(RunError, match=r"holds no run: there is no manifest\.json"):
        Report(tmp_path)


# --- other kinds of data -----------------------------------------------------------------------

LABELS = np.array(["ham", "spam"])


def binary(n: int = 60) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, n)
    proba = np.clip(truth * 0.6 + rng.random(n) * 0.4, 0, 1)
    answers = {
        "dummy": {"y_pred": LABELS[np.zeros(n, int)], "classes": LABELS},
        "a": {
            "y_pred": LABELS[(proba > 0.7).astype(int)],
            "y_proba": np.column_stack([1 - proba, proba]),
            "classes": LABELS,
        },
        "b": {"y_pred": LABELS[truth], "y_score": truth - 0.5, "classes": LABELS},
    }
    return {"y_test": LABELS[truth], "answers": answers}


def test_texts_are_shown_as_texts(tmp_path):
    case = binary()
    texts = np.array([f"message {i}: buy <now> or never" for i in range(60)])
    run = write_answers(tmp_path / "run", **case, X_test=texts, kind="text")
    summary = Report(run).summary
    wrong = block(summary, "disagree-b")
    assert wrong["rows"][0]["text"].startswith("message")
    assert "&lt;now&gt;" in page_of(run, tmp_path)


def test_mixed_tables_are_projected_and_shown_by_column(tmp_path):
    case = binary()
    rows = [[str(i / 7), ["red", "green", ""][i % 3], "nan"] for i in range(60)]
    run = write_answers(
        tmp_path / "run", **case, X_test=np.array(rows), feature_names=["size", "colour", "none"]
    )
    summary = Report(run).summary
    titles = [column["title"] for column in block(summary, "samples")["columns"]]
    assert titles == ["Class", "size", "colour", "none"]
    points = np.array(block(summary, "plane", "figure")["data"]["points"])
    assert points.shape == (60, 2)
    assert np.isfinite(points).all()


def test_two_classes_are_ranked_by_the_second(tmp_path):
    summary = Report(write_answers(tmp_path / "run", **binary())).summary
    section = next(s for s in summary["sections"] if s["name"] == "curves")
    assert "“spam”" in section["lead"]
    assert "Dummy gives no scores" in section["lead"]
    areas = {row["title"]: row["area"] for row in block(summary, "roc")["rows"]}
    assert areas["b"] == 1.0


def test_many_classes_neither_break_nor_swell_the_page(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(150), 4)
    answer = np.where(rng.random(600) < 0.5, truth, rng.integers(0, 150, 600))
    answers = {"a": {"y_pred": answer, "classes": np.arange(150)}}
    text = page_of(write_answers(tmp_path / "run", truth, answers), tmp_path)
    assert len(text) < 500_000
    assert "60 commonest of 150 classes" in text


def test_one_model_alone_and_one_test_row_are_enough(tmp_path):
    answers = {"a": {"y_pred": np.array([1]), "classes": np.array([0, 1])}}
    run = write_answers(tmp_path / "run", np.array([1]), answers)
    assert "A is the only model that was judged" in page_of(run, tmp_path)


# --- what is loaded ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import reports", ["matplotlib", "optuna", "jinja2", "pandas", "sklearn", "torch"]),
        ("from reports import Report", ["matplotlib", "optuna", "torch"]),
        (
            "from reports import Report; Report(sys.argv[1]).to_html(sys.argv[2])",
            ["torch", "skorch", "estimators.deep", "estimators.classical.knn", "plotly"],
        ),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(code, absent, digits, tmp_path):
    script = f"import sys; {code}; print([m for m in {absent} if m in sys.modules])"
    arguments = [sys.executable, "-c", script, str(digits), str(tmp_path / "report.html")]
    root = Path(__file__).parents[1]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


def test_csv_quotes_what_needs_it(hostile, tmp_path):
    for path in Report(hostile).to_csv(tmp_path):
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        assert len({len(row) for row in rows}) == 1, path.name
