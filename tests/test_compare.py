"""What comes out of a comparison is true, and nothing was judged on what it was chosen by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import cross_val_score

from search import Comparison, compare
from search.progress import DataGuarded, ModelFinished, ModelStarted, StageStarted, TrialFinished
from search.run_directory import RunDirectory
from search.validation import choose_cv
from tests.contests import (
    SEEN,
    SHIFTS,
    Noting,
    dataset,
    finished,
    in_process,
    iris,
)

__all__ = ["finished", "in_process", "iris"]  # fixtures


def test_every_stage_is_told_in_its_order(finished):
    _, events = finished
    assert events[0] == DataGuarded(warnings=())
    knn = [event for event in events[1:] if event.model == "knn"]
    assert isinstance(knn[0], ModelStarted)
    assert (knn[0].position, knn[0].n_models, knn[0].n_trials) == (1, 2, 3)
    stages = [event.stage for event in knn if isinstance(event, StageStarted)]
    assert stages == ["search", "refit", "test"]
    assert sum(isinstance(event, TrialFinished) for event in knn) == 3
    assert isinstance(knn[-1], ModelFinished)
    assert (knn[-1].status, knn[-1].metric) == ("complete", "accuracy")


def test_scores_are_those_of_the_saved_model_on_the_test_part(finished, iris):
    comparison, _ = finished
    model, line = comparison.load_model("knn"), comparison.table().loc["knn"]
    assert line["accuracy"] == accuracy_score(iris.y_test, model.predict(iris.X_test))
    assert line["log_loss"] == pytest.approx(
        log_loss(iris.y_test, model.predict_proba(iris.X_test))
    )
    assert model[-1].n_samples_fit_ == len(iris.y_train)


def test_validation_is_what_scikit_learn_makes_of_the_best_parameters(finished, iris):
    comparison, _ = finished
    scores = cross_val_score(
        comparison.load_model("knn"), iris.X_train, iris.y_train, cv=choose_cv(iris, None, 0)
    )
    assert comparison.table().loc["knn", "validation"] == pytest.approx(scores.mean())


def test_predictions_on_disk_are_those_of_the_saved_model(finished, iris):
    comparison, _ = finished
    arrays = RunDirectory(comparison.run_dir).arrays("predictions/knn")
    assert arrays["y_true"].tolist() == iris.y_test.tolist()
    assert arrays["rows"].tolist() == list(range(len(iris.y_test)))
    expected = comparison.load_model("knn").predict_proba(iris.X_test)
    np.testing.assert_array_equal(arrays["y_proba"], expected)


def test_costs_are_measured(finished):
    comparison, _ = finished
    refit = next(r for r in comparison.rows if (r["model"], r["stage"]) == ("knn", "refit"))
    test = next(r for r in comparison.rows if (r["model"], r["stage"]) == ("knn", "test"))
    assert refit["extra"]["model_bytes"] == (comparison.run_dir / "models/knn.skops").stat().st_size
    assert refit["extra"]["peak_memory"] > 50 * 2**20
    assert refit["extra"]["n_parameters"] is None
    assert test["seconds"] == pytest.approx(np.median(test["extra"]["repeats"]))
    assert len(test["extra"]["repeats"]) == 5


def test_a_dummy_is_always_there_and_the_better_model_is_best(finished):
    comparison, _ = finished
    assert list(comparison.table().index) == ["knn", "dummy"]
    assert comparison.best_ == "knn"
    assert Comparison(comparison.run_dir).best_ == "knn"
    assert "knn" in repr(comparison)
    assert "<table" in comparison._repr_html_()


def test_a_second_look_at_a_finished_run_measures_nothing(finished, iris):
    comparison, _ = finished
    before = (comparison.run_dir / "rows.jsonl").read_bytes()
    again = compare(["knn"], iris, n_trials=3, run_dir=comparison.run_dir, resume=True)
    assert (comparison.run_dir / "rows.jsonl").read_bytes() == before
    pd.testing.assert_frame_equal(again.table(), comparison.table())


# Honesty


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("evaluation", ["holdout", "nested"])
def test_nothing_sees_the_test_part_before_the_final_fit_and_nothing_is_fitted_on_it(
    tmp_path, evaluation
):
    X = np.arange(80.0)[:, None]
    data = dataset(X, (X[:, 0] // 10 % 2).astype(int))
    compare(
        {"noting": Noting()},
        data,
        spaces=SHIFTS,
        n_trials=3,
        evaluation=evaluation,
        run_dir=tmp_path / "run",
    )
    test = set(data.X_test.ravel())
    touched = [bool(test & set(rows.ravel())) for _, rows in SEEN]
    first = touched.index(True)
    assert all(what == "predict" for what, _ in SEEN[first:])
    assert len(SEEN[first - 1][1]) == len(data.y_train)
    assert SEEN[first - 1][0] == "fit"
    assert all(len(rows) == len(data.y_test) for _, rows in SEEN[first:])


@pytest.mark.usefixtures("in_process")
def test_nested_judges_by_rows_that_the_search_did_not_see(tmp_path):
    rng = np.random.RandomState(0)
    data = dataset(rng.normal(size=(80, 2)), rng.randint(2, size=80))
    comparison = compare(
        ["knn"],
        data,
        spaces={"knn": {"n_neighbors": list(range(1, 30, 2))}},
        metrics=["accuracy"],
        n_trials=8,
        evaluation="nested",
        run_dir=tmp_path / "run",
    )
    rows = [r for r in comparison.rows if (r["model"], r["stage"]) == ("knn", "nested")]
    assert [r["fold"] for r in rows] == [0, 1, 2, 3, 4]
    outer = [r["value"] for r in rows]
    inner = [r["extra"]["inner"] for r in rows]
    # pure noise: the best of many looks good where it was chosen, and only there
    assert np.mean(inner) > max(0.55, np.mean(outer))
    assert abs(np.mean(outer) - 0.5) < 2 * np.sqrt(0.25 / len(data.y_train))


@pytest.mark.usefixtures("in_process")
def test_the_search_may_use_a_sample_and_the_final_fit_uses_all(tmp_path):
    X = np.arange(80.0)[:, None]
    data = dataset(X, (X[:, 0] // 10 % 2).astype(int))
    compare(
        {"noting": Noting()},
        data,
        spaces=SHIFTS,
        n_trials=2,
        search_rows=20,
        run_dir=tmp_path / "r",
    )
    sizes = [len(rows) for what, rows in SEEN if what == "fit"]
    assert sizes == [16] * 10 + [60]
