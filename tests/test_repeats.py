"""Further seeds: what they judge, what they must not touch, and what a killed run does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from pipelines import make_pipeline
from search import RunError, compare
from search.progress import StageStarted
from search.run_directory import RunDirectory
from tests.contests import essence, in_process, iris

__all__ = ["in_process", "iris"]  # fixtures

pytestmark = pytest.mark.usefixtures("in_process")
SPACES = {"forest": {"model__n_estimators": [3, 4], "model__max_depth": [1, 2]}}
ASKED = {"n_trials": 3, "spaces": SPACES, "metrics": ["accuracy", "log_loss"]}


def rows_of(folder, model, stage="repeat"):
    rows = RunDirectory(folder).rows()
    return [row for row in rows if (row["model"], row["stage"]) == (model, stage)]


@pytest.fixture
def repeated(tmp_path, iris):
    return compare(["forest", "knn"], iris, repeats=3, run_dir=tmp_path / "run", **ASKED)


def test_each_further_seed_fits_what_was_found_and_judges_it(repeated, iris):
    found = repeated.table().loc["forest", "params"]
    for row in rows_of(repeated.run_dir, "forest"):
        if row["metric"] == "accuracy":
            model = make_pipeline("forest", iris, random_state=row["extra"]["seed"])
            model.set_params(**found).fit(iris.X_train, iris.y_train)
            assert row["value"] == accuracy_score(iris.y_test, model.predict(iris.X_test))
    keys = [
        (r["fold"], r["metric"], r["extra"]["seed"]) for r in rows_of(repeated.run_dir, "forest")
    ]
    assert keys == [
        (number, metric, number) for number in (1, 2) for metric in ("accuracy", "log_loss")
    ]


def test_only_models_that_draw_random_numbers_are_repeated(repeated):
    assert rows_of(repeated.run_dir, "knn") == []
    assert [r["extra"]["n_seeds"] for r in rows_of(repeated.run_dir, "knn", "refit")] == [1]


def test_repeats_change_nothing_of_what_is_judged(repeated, tmp_path, iris):
    once = compare(["forest", "knn"], iris, run_dir=tmp_path / "once", **ASKED)
    same = ["accuracy", "log_loss", "validation", "params"]
    assert repeated.table()[same].to_dict() == once.table()[same].to_dict()
    answers = [RunDirectory(c.run_dir).arrays("predictions/forest") for c in (once, repeated)]
    # a forest adds up its trees in the order in which threads finish them
    np.testing.assert_allclose(answers[0]["y_proba"], answers[1]["y_proba"], rtol=1e-12)


def test_a_run_that_was_killed_among_the_repeats_goes_on_with_the_next(repeated, tmp_path, iris):
    rows = repeated.run_dir / "rows.jsonl"
    before = essence(repeated)
    lines = rows.read_text().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["fold"] != 2 or '"repeat"' not in line]
    rows.write_text("".join(kept))
    stages = []

    def watch(event):
        if isinstance(event, StageStarted):
            stages.append((event.model, event.stage))

    again = compare(
        ["forest", "knn"], iris, repeats=3, run_dir=repeated.run_dir, resume=True,
        progress=watch, **ASKED,
    )  # fmt: skip
    assert [stage for model, stage in stages if model == "forest"] == ["search", "repeat"]
    assert "knn" not in dict(stages)
    assert sorted(essence(again), key=str) == sorted(before, key=str)


def test_a_search_that_ran_out_of_time_does_not_go_on_for_the_repeats(repeated, iris):
    """Otherwise the repeats could be of other parameters than those that were judged."""
    path = repeated.run_dir
    lines = (path / "rows.jsonl").read_text().splitlines(keepends=True)
    kept = [ln for ln in lines if '"repeat"' not in ln]
    (path / "rows.jsonl").write_text("".join(kept))
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["question"]["n_trials"] = 30
    (path / "manifest.json").write_text(json.dumps(manifest))
    asked = ASKED | {"n_trials": 30}
    compare(["forest", "knn"], iris, repeats=3, run_dir=path, resume=True, **asked)
    assert len({row["trial"] for row in rows_of(path, "forest", "search")}) == 3
    assert len(rows_of(path, "forest")) == 4


def test_a_repeat_that_fails_is_written_down_and_leaves_the_score(repeated, iris, monkeypatch):
    path = repeated.run_dir
    lines = (path / "rows.jsonl").read_text().splitlines(keepends=True)
    (path / "rows.jsonl").write_text("".join(ln for ln in lines if '"repeat"' not in ln))

    def fail(*_args, **_kwargs):
        raise RuntimeError("no luck with this seed")

    monkeypatch.setattr("search.repeats.predictions", fail)
    again = compare(["forest", "knn"], iris, repeats=3, run_dir=path, resume=True, **ASKED)
    assert again.table().loc["forest", "status"] == "complete"
    (row,) = rows_of(path, "forest")
    assert (row["status"], "no luck with this seed" in row["error"]) == ("failed", True)


def test_another_number_of_repeats_is_another_question(repeated, iris):
    with pytest.raises(RunError, match="repeats is 3 there and 1 here"):
        compare(["forest", "knn"], iris, run_dir=repeated.run_dir, resume=True, **ASKED)


def test_a_number_of_repeats_that_makes_no_sense_is_named(iris):
    with pytest.raises(ValueError, match="repeats"):
        compare(["forest"], iris, repeats=0)
