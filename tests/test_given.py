"""What a run keeps of how it was asked, as text that is read back without being run."""

from __future__ import annotations

import json

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.svm import SVC

from estimators import registry
from estimators.params import AnyOf, Choice, Float, Int
from pipelines import load_dataset
from reports.cli import main
from search import RunDirectory, RunError, compare
from search.given import given_again
from search.notation import read, write
from search.space import as_space, space_of
from tests.contests import run_here


@pytest.mark.parametrize(
    "entry",
    [
        IntDistribution(1, 100, log=True),
        FloatDistribution(-0.5, 0.5, step=0.25),
        CategoricalDistribution(("a", None, 1.5)),
        AnyOf((Choice(options=("scale",)), Float(0, open_low=True, search=(1e-4, 1.0), log=True))),
        Int(1, search=(1, 9), none=True),
        [(64,), (64, 32)],
        ["uniform", None, True, -1.5, float("inf")],
        (1, 2),
        range(1, 9, 2),
        np.array([0.1, 1.0]),
        [np.float32(0.5), np.int64(3)],
    ],
)
def test_an_entry_of_a_space_comes_back_as_the_same_dimension(entry):
    again = as_space({"x": read(write(entry))}).dimensions["x"]
    assert again == as_space({"x": entry}).dimensions["x"]


@pytest.mark.parametrize("name", ["knn", "forest", "logistic"])
def test_the_spaces_of_the_registry_come_back(name):
    space = space_of(registry.get(name))
    assert space.dimensions
    for dimension in space.dimensions.values():
        assert read(write(dimension)) == dimension


@pytest.mark.parametrize(
    "cv",
    [
        None, 3, GroupKFold(3), TimeSeriesSplit(4, gap=2),
        StratifiedKFold(4, shuffle=True, random_state=7),
        RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    ],
)  # fmt: skip
def test_a_splitter_comes_back(cv):
    assert repr(read(write(cv))) == repr(cv)
    assert type(read(write(cv))) is type(cv)


@pytest.mark.parametrize(
    "value", [SVC(), [SVC(), "passthrough"], len, lambda trial: {}, PredefinedSplit([0, 1])]
)
def test_what_is_more_than_data_has_no_text(value):
    assert write(value) is None


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()", "open('x')", "KFold.__init__", "[x for x in (1,)]", "1 + 1",
        "Int(**{'low': open})", "SVC()", "lambda: 1",
    ],
)  # fmt: skip
def test_text_that_would_do_something_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        read(text)


SPACES = {
    "near": {"n_neighbors": range(1, 6), "weights": ["uniform", "distance"]},
    "dummy": {},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run from Python: models under other names, validation and spaces of its own."""
    folder = tmp_path_factory.mktemp("given") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        compare(
            {"dummy": "dummy", "near": "knn"}, load_dataset("iris"), n_trials=3, spaces=SPACES,
            cv=StratifiedKFold(3, shuffle=True, random_state=1), metrics=["accuracy"],
            run_dir=folder,
        )  # fmt: skip
    return folder


def test_a_run_from_python_is_asked_again(run):
    given = given_again(RunDirectory(run))
    assert given["models"] == {"dummy": "dummy", "near": "knn"}
    assert repr(given["cv"]) == "StratifiedKFold(n_splits=3, random_state=1, shuffle=True)"
    assert given["spaces"] == {
        "near": {"n_neighbors": [1, 2, 3, 4, 5], "weights": ["uniform", "distance"]},
        "dummy": {},
    }


def test_a_run_from_python_is_verified(run, monkeypatch, capsys):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    assert main(["verify", str(run)]) == 0
    assert "The same again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("models", "params", "missing"),
    [
        ({"mine": LogisticRegression()}, {}, r"models of its own \(mine\)"),
        (["knn"], {"spaces": {"knn": lambda trial: {}}}, r"spaces of its own \(knn\)"),
        (["knn"], {"cv": PredefinedSplit(np.arange(120) % 3)}, r"cv of its own \(cv\)"),
    ],
)
def test_what_a_run_cannot_keep_is_named_and_may_be_given(
    models, params, missing, tmp_path, monkeypatch, capsys
):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("search.contest.run_in_child", stop)
    with pytest.raises(KeyboardInterrupt):
        compare(models, load_dataset("iris"), n_trials=1, run_dir=tmp_path, **params)
    with pytest.raises(RunError, match=missing):
        given_again(RunDirectory(tmp_path))
    assert main(["verify", str(tmp_path)]) == 2
    assert "bakeoff diff" in " ".join(capsys.readouterr().err.split())
    own = {"models": models, **params}
    assert given_again(RunDirectory(tmp_path), **own).items() >= own.items()


def test_a_run_of_an_earlier_version_is_asked_again_without_spaces(tmp_path):
    question = {"models": ["knn"], "spaces": {}}
    run = RunDirectory.create(tmp_path / "old", {"format": 1, "question": question})
    assert given_again(run) == {"models": {"knn": "knn"}, "cv": None, "spaces": {}}
    path = tmp_path / "old/manifest.json"
    path.write_text(json.dumps({"format": 1, "question": question | {"spaces": {"knn": "..."}}}))
    with pytest.raises(RunError, match="spaces of its own"):
        given_again(RunDirectory(tmp_path / "old"))
