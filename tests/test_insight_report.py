"""What a report shows of weights, of a rare class and of attention, against its sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.linear_model import ARDRegression, LinearRegression, LogisticRegression
from sklearn.metrics import average_precision_score, precision_score, recall_score
from sklearn.preprocessing import StandardScaler

from pipelines import make_pipeline
from pipelines.dataset import Dataset
from pipelines.resample import Oversampler
from reports.figures import standalone
from reports.render import to_html, to_markdown
from reports.run import Run
from reports.sections import data as of_data
from reports.sections import imbalance, text, weights
from reports.summarize import summarize
from search import compare
from search.forecasts import errors_by_horizon
from search.insights import insights, read_insights
from search.predictions import predictions
from tests.contests import dataset, run_here
from tests.test_text import LABELS, TEXTS, small


def run_of(folder, models, data, **question):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        compare(models, data, n_trials=1, run_dir=folder, **question)
    return Run(folder)


def figures_of(section):
    found = {}
    for block in section.blocks:
        for part in getattr(block, "blocks", [block]):
            found |= {figure.name: figure for figure in getattr(part, "figures", ())}
    return found


# --- weights --------------------------------------------------------------------------------------

SPARSE = dataset(
    *make_regression(240, 12, n_informative=3, noise=20, random_state=0),
    name="sparse", task="regression", feature_names=tuple(f"<b>{i}</b>" for i in range(12)),
)  # fmt: skip


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("runs") / "sparse", ["linear", "ard"], SPARSE)


def test_weights_are_those_of_the_model_on_scaled_columns(sparse):
    X = StandardScaler().fit_transform(SPARSE.X_train)
    for name, model in (("linear", LinearRegression()), ("ard", ARDRegression())):
        expected = model.fit(X, SPARSE.y_train).coef_
        rows = figures_of(weights.summarize(sparse))[f"weights-{name}"].table.rows
        found = {row["name"]: row["weight"] for row in rows}
        assert [found[f"<b>{i}</b>"] for i in range(12)] == pytest.approx(expected)
        sizes = [abs(row["weight"]) for row in rows]
        assert sizes == sorted(sizes, reverse=True)


def test_the_histogram_counts_every_weight_once(sparse):
    table = figures_of(weights.summarize(sparse))["weight-sizes-ard"].table
    values = np.ravel(read_insights(sparse.directory, "ard")["weights"]["values"])
    assert sum(row["count"] for row in table.rows) == 12
    for row in table.rows[:-1]:
        assert row["count"] == np.sum((row["low"] <= values) & (values < row["high"]))


def test_relevance_determination_stands_beside_least_squares(sparse):
    section = weights.summarize(sparse)
    rows = figures_of(section)["weights-compared"].table.rows
    noise = [row for row in rows if abs(row["ard"]) < 2]
    assert len(noise) == 9  # three columns are informative
    assert np.mean([abs(row["plain"]) for row in noise]) > 0.5
    assert (
        "Automatic relevance determination gives 4 of 12 columns a weight of 1.0 %" in section.lead
    )
    assert "Linear regression gives 5 of 12 columns" in section.lead


def test_names_of_columns_are_escaped_and_every_plot_is_on_both_pages(sparse):
    summary = summarize(sparse)
    html, (_, pictures) = to_html(summary), to_markdown(summary)
    assert "<b>1</b>" not in html
    assert {f"pictures/{name}.svg" for name in figures_of(weights.summarize(sparse))} < set(
        pictures
    )


def test_weights_of_several_classes_name_their_class(tmp_path):
    X, y = load_iris(return_X_y=True)
    data = dataset(X, np.array(["a", "b", "c"])[y], name="iris")
    run = run_of(tmp_path / "run", ["logistic"], data, spaces={"logistic": {}})
    rows = figures_of(weights.summarize(run))["weights-logistic"].table.rows
    expected = LogisticRegression(max_iter=1000).fit(
        StandardScaler().fit_transform(data.X_train), data.y_train
    )
    found = {(row["class"], row["name"]): row["weight"] for row in rows}
    assert len(found) == 12
    assert found["b", "column 3"] == pytest.approx(expected.coef_[1, 2], rel=1e-2)


# --- a rare class ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    X, y = make_classification(900, 8, weights=[0.93], flip_y=0.02, random_state=0)
    data = dataset(X, np.array(["usual", "fraud"])[y], name="fraud")
    spaces = {"logistic": {"resample": [Oversampler(random_state=0)]}, "knn": {}}
    return run_of(tmp_path_factory.mktemp("runs") / "rare", ["logistic", "knn"], data,
                  spaces=spaces, metrics=["balanced_accuracy"])  # fmt: skip


def test_the_rarest_class_is_the_one_that_is_looked_for(rare):
    section = imbalance.summarize(rare)
    assert section.lead.startswith("Fraud is rare: 6.4 %")
    rows = {row["title"]: row for row in figures_of(section)["rare-class"].table.rows}
    for model in rare.ranked:
        found = rare.raw_predictions(model)
        truth, scores = found["y_true"] == "fraud", found["y_proba"][:, 0]
        row = rows[model.title]
        assert row["average"] == pytest.approx(average_precision_score(truth, scores))
        called = found["y_pred"] == "fraud"
        assert row["recall_now"] == pytest.approx(recall_score(truth, called))
        if called.any():
            assert row["precision_now"] == pytest.approx(precision_score(truth, called))
        enough = [t for t in scores if (scores[truth] >= t).mean() >= 0.8]
        best = max(truth[scores >= t].mean() for t in enough)
        assert row["at0.8"] == pytest.approx(best)


def test_classes_are_counted_before_and_after_they_are_balanced(rare):
    figures = figures_of(imbalance.summarize(rare))
    assert "balance-knn" not in figures
    counts = rare.data["class_counts"]["train"]
    assert figures["balance-logistic"].table.rows == (
        {"class": "fraud", "before": counts["fraud"], "after": counts["usual"]},
        {"class": "usual", "before": counts["usual"], "after": counts["usual"]},
    )


def test_classes_of_equal_size_have_no_such_section(tmp_path):
    run = run_of(tmp_path / "run", ["logistic"], dataset(*load_iris(return_X_y=True)))
    assert imbalance.summarize(run) is None


def test_of_classes_of_equal_size_none_is_called_the_commonest(tmp_path):
    run = run_of(tmp_path / "run", ["logistic"], dataset(*load_iris(return_X_y=True)))
    run.data["class_counts"]["train"] = {"0": 38, "1": 38, "2": 38}
    described = figures_of(of_data.summarize(run))["class-counts"].alt
    assert described == "Rows of 3 classes: 38 training rows of each."


@pytest.mark.parametrize("part", ["test", "train"])
def test_a_class_that_one_part_lacks_breaks_nothing(tmp_path, part):
    X, y = make_classification(300, 4, n_informative=3, n_redundant=0, weights=[0.9],
                               random_state=0)  # fmt: skip
    data = dataset(X, y + 1)
    if part == "test":
        data = replace(data, y_test=np.ones_like(data.y_test))
    else:
        data = replace(data, y_test=np.append(data.y_test[:-1], 3))
    run = run_of(tmp_path / "run", ["logistic"], data, spaces={"logistic": {}})
    section = imbalance.summarize(run)
    assert section is None or section.lead.startswith("2 is rare")


# --- attention ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def news(tmp_path_factory):
    odd = ["goal 🎉 " * 90, "مرحبا market", "<script>alert(1)</script> bank"]
    X = np.array([*TEXTS, *odd], dtype=object)
    data = dataset(X, np.array([*LABELS, "sport", "money", "sport"]), name="news", kind="text")
    data = replace(data, X_test=X[-6:], y_test=np.array([*LABELS[-3:], "money", "sport", "sport"]))
    models = {"net": small(), "logistic": "logistic"}
    return run_of(tmp_path_factory.mktemp("runs") / "news", models, data, spaces={"net": {}})


def test_attention_shows_the_surest_wrong_texts_then_the_surest_right_ones(news):
    (fold,) = text.summarize(news).blocks
    found = news.predictions["net"]
    sure, wrong = found.proba.max(axis=1), found.answer != found.truth
    order = np.argsort(-sure, kind="stable")
    expected = [*order[wrong[order]][:2], *order[~wrong[order]][:2]]
    figures = fold.blocks[0].figures
    assert [f.name for f in figures] == [f"attention-net-{row}" for row in expected]
    assert ["recognised" in f.caption for f in figures] == [False] * min(2, wrong.sum()) + [
        True
    ] * 2


def test_attention_is_that_of_the_last_block_over_heads_and_words(news):
    model = news.directory.path / "models" / "net.skops"
    assert model.exists()
    for one in read_insights(news.directory, "net")["attention"]:
        assert len(one["tokens"]) == len(one["weights"]) <= 120
        if one["n_tokens"] <= 120:
            assert sum(one["weights"]) == pytest.approx(1, abs=1e-3)


def test_texts_of_strange_signs_are_drawn_within_the_canvas(news):
    (fold,) = text.summarize(news).blocks
    for figure in fold.blocks[0].figures:
        assert all(place["left"] >= 0 for place in figure.data["places"])
        lines = max(place["line"] for place in figure.data["places"])
        assert figure.height > 24 * lines
        assert "<script" not in standalone(figure)
    assert "<script>alert" not in to_html(summarize(news))


def test_texts_reach_the_net_though_rows_are_left_out_in_training():
    data = dataset(np.array(TEXTS, dtype=object), np.array(LABELS), kind="text")
    data = replace(data, X_train=data.X_train[:40], y_train=data.y_train[:40])
    pipeline = make_pipeline(small(), data, resample="undersample").fit(data.X_train, data.y_train)
    found = insights(pipeline, data, predictions(pipeline, data.X_test))
    assert len(found["attention"]) >= 2
    assert found["balance"]["after"] == [min(found["balance"]["before"])] * 2


# --- several steps ahead --------------------------------------------------------------------------


class LastValue:
    def predict(self, X):
        return X[:, 0]


def test_errors_by_horizon_of_the_last_value_are_those_of_its_age():
    y = np.random.RandomState(0).normal(size=90).cumsum()
    rows = np.column_stack([y[2:-1], y[1:-2], np.arange(87.0)])
    data = Dataset(name="walk", task="forecasting", kind="series", n_lags=2,
                   X_train=rows[:40], y_train=y[3:43], X_test=rows[40:], y_test=y[43:])  # fmt: skip
    found = errors_by_horizon(LastValue(), data)
    assert len(found) == 7
    for steps, (error, low, high) in enumerate(found, start=1):
        truth, last = y[42 + steps :], y[42 : len(y) - steps]
        assert error == pytest.approx(np.abs(truth - last).mean())
        assert low < error < high


def test_rows_that_are_no_lags_have_no_further_steps():
    X, y = np.ones((9, 2)), np.arange(9.0)
    data = Dataset(name="rows", task="forecasting", kind="series", X_train=X, y_train=y,
                   X_test=X, y_test=y)  # fmt: skip
    assert errors_by_horizon(LastValue(), data) is None
    assert errors_by_horizon(LastValue(), replace(data, n_lags=1)) is None  # 9 rows, 7 steps
