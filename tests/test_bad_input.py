"""Odd texts, series and tables from file to answer: they work, or it is said why not."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines import Dataset, make_pipeline, read_data
from reports.prediction import predict
from search import compare
from tests.contests import run_here
from tests.test_text import COUNTING, LABELS, ODD, TEXTS


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)


# --- texts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTING)
def test_models_over_counted_words_answer_odd_texts_with_a_known_class(name):
    texts = np.array(list(ODD.values()), dtype=object)
    data = Dataset(name="odd", task="classification", kind="text",
                   X_train=np.array(TEXTS, dtype=object), y_train=np.array(LABELS),
                   X_test=texts, y_test=np.array(LABELS[: len(texts)]))  # fmt: skip
    pipeline = make_pipeline(name, data, random_state=0).fit(data.X_train, data.y_train)
    assert set(pipeline.predict(texts)) <= set(LABELS)
    only_odd = make_pipeline(name, data, random_state=0)
    with pytest.raises(ValueError, match="empty vocabulary"):
        only_odd.fit(np.array([""] * 20, dtype=object), np.array(LABELS[:20]))


# --- series ---------------------------------------------------------------------------------------


def sales(tmp_path, days, values):
    path = tmp_path / "sales.csv"
    path.write_text(
        "\n".join(["day,sold", *(f"{d},{v}" for d, v in zip(days, values, strict=True))])
    )
    return path


DAYS = np.arange("2022-01-01", "2022-05-01", dtype="datetime64[D]")
SOLD = 50 + 10 * np.sin(2 * np.pi * np.arange(len(DAYS)) / 7)


def test_a_series_with_gaps_is_compared_and_its_gaps_are_stated(tmp_path):
    kept = np.arange(len(DAYS)) % 11 > 0
    values = ["" if i % 23 == 5 else f"{v:.3f}" for i, v in enumerate(SOLD[kept])]
    data = read_data(sales(tmp_path, DAYS[kept], values), "sold", task="forecasting", time="day")
    assert any("Steps of another length: 10" in note for note in data.notes)
    assert any("carry the last known value: 5" in note for note in data.notes)
    found = compare(["linear"], data, n_trials=1, spaces={"linear": {}}, run_dir=tmp_path / "run")
    assert {row["status"] for row in found.rows} == {"complete"}


def test_a_time_stamp_that_stands_twice_is_named(tmp_path):
    path = sales(tmp_path, [*DAYS, DAYS[-1]], [*SOLD, 1.0])
    with pytest.raises(ValueError, match=r"every time stamp once, but .*2022-04-30.* several rows"):
        read_data(path, "sold", task="forecasting", time="day")


def test_a_lag_longer_than_the_series_is_a_failed_row_that_says_so(tmp_path):
    data = read_data(sales(tmp_path, DAYS, SOLD), "sold", task="forecasting", time="day")
    spaces = {"linear": {"model__lags": [500]}}
    found = compare(["linear"], data, n_trials=1, spaces=spaces, run_dir=tmp_path / "run")
    errors = [row["error"] for row in found.rows if row["model"] == "linear"]
    assert any(f"lags must be at most the {data.n_lags} values before" in e for e in errors if e)


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["logistic", "forest"])
def test_a_category_unseen_in_training_is_answered(tmp_path, model):
    rows = [f"{i},{'round' if i % 3 else 'long'},{'yes' if i > 30 else 'no'}" for i in range(60)]
    (tmp_path / "fruit.csv").write_text("\n".join(["weight,shape,ripe", *rows]))
    data = read_data(tmp_path / "fruit.csv", target="ripe")
    compare([model], data, n_trials=1, spaces={model: {}}, run_dir=tmp_path / "run")
    (tmp_path / "new.csv").write_text("weight,shape\n2,square\n58,\n,long\n")
    answers = predict(tmp_path / "run", tmp_path / "new.csv", model)
    assert list(answers["prediction"][:2]) == ["no", "yes"]
    assert answers.filter(like="probability").sum(axis=1).to_numpy() == pytest.approx(1)
