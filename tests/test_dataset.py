"""A data set keeps its parts together, refuses what does not fit, and knows its content."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from pipelines import Dataset, load_dataset


def make(**changes) -> Dataset:
    fields = {
        "name": "tiny",
        "task": "classification",
        "kind": "table",
        "X_train": np.arange(6.0).reshape(3, 2),
        "y_train": np.array([0, 1, 0]),
        "X_test": np.ones((1, 2)),
        "y_test": np.array([1]),
    }
    return Dataset(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "guessing"}, r"task must be one of .* got 'guessing'"),
        ({"kind": "sound"}, r"kind must be one of .* got 'sound'"),
        ({"y_train": np.array([0, 1])}, r"X_train and y_train .* got 3 and 2"),
        ({"X_test": np.ones((2, 2))}, r"X_test and y_test .* got 2 and 1"),
        ({"groups": np.array([1, 1, 2])}, r"groups must have an entry for each of the 4 rows"),
        ({"time_index": np.arange(5)}, r"time_index must have an entry for each of the 4 rows"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_it_is_frozen_and_its_repr_is_one_line():
    data = make()
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"
    assert repr(data) == (
        "Dataset('tiny', classification of table rows: 3 for training, 1 for the test)"
    )


def test_a_thinned_set_keeps_the_mix_the_order_and_what_belongs_to_the_rows():
    n = np.arange(90)
    data = make(
        X_train=pd.DataFrame({"a": n, "b": n.astype(str)}),
        y_train=np.repeat([0, 1, 2], 30),  # sorted, as the files of a folder are
        X_test=pd.DataFrame({"a": n[:6], "b": n[:6].astype(str)}),
        y_test=np.repeat([0, 1, 2], 2),
        groups=np.arange(96),
        notes=("said",),
    )
    thin = data.thin(9)
    assert thin.X_train["a"].tolist() == list(range(5, 90, 10))
    assert thin.y_train.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert thin.y_test.tolist() == data.y_test.tolist()
    assert thin.groups.tolist() == [*range(5, 90, 10), *range(90, 96)]
    assert thin.time_index is None
    assert thin.notes == ("said", "Thinned out: 9 of 90 training rows, 6 of 6 test rows.")
    assert len(data.y_train) == 90


def test_classes_that_take_turns_are_all_kept():
    y = np.tile(["a", "b", "c"], 30)
    data = make(X_train=np.arange(90.0).reshape(-1, 1), y_train=y, X_test=np.ones((1, 1)))
    thin = data.thin(30)  # every third row would be "a"
    assert np.unique(thin.y_train, return_counts=True)[1].tolist() == [10, 10, 10]
    assert (np.diff(thin.X_train.ravel()) > 0).all()


def test_numbers_are_thinned_out_evenly():
    n = np.arange(10.0).reshape(-1, 1)
    data = make(task="regression", X_train=n, y_train=n[::-1, 0], X_test=np.ones((1, 1)))
    assert data.thin(5).y_train.tolist() == [8, 6, 4, 2, 0]


def test_of_a_series_the_stretch_around_the_cut_is_kept():
    n = np.arange(9.0).reshape(-1, 1)
    parts = {"X_train": n[:6], "y_train": n[:6, 0], "X_test": n[6:], "y_test": n[6:, 0]}
    thin = make(task="forecasting", kind="series", n_lags=1, time_index=n.ravel(), **parts).thin(2)
    assert (thin.y_train.tolist(), thin.y_test.tolist()) == ([4, 5], [6, 7])
    assert thin.time_index.tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize("kind", [list, np.array])
def test_texts_are_thinned_out_whatever_holds_them(kind):
    data = make(kind="text", X_train=kind(["a", "b", "c"]), X_test=kind(["d"]))
    assert list(data.thin(2).X_train) == ["a", "b"]


@pytest.mark.parametrize("n", [0, -1, 2.5, "9", None])
def test_a_set_is_thinned_out_to_a_number_of_rows(n):
    with pytest.raises((TypeError, ValueError), match=r"Dataset\.thin: n must be an integer >= 1"):
        make().thin(n)


EQUAL = [
    ({}, {"name": "renamed", "notes": ("said",)}),
    ({}, {"X_train": np.asfortranarray(np.arange(6.0).reshape(3, 2))}),
    ({"X_train": ["a", "b", "c"]}, {"X_train": np.array(["a", "b", "c"], dtype=object)}),
    (
        {"X_train": pd.DataFrame({"c": ["a", None, "b"]}, dtype="object")},
        {"X_train": pd.DataFrame({"c": pd.array(["a", pd.NA, "b"], dtype="string")})},
    ),
]
DIFFERENT = [
    ({}, {"X_train": np.arange(6.0).reshape(3, 2)[::-1]}),
    ({}, {"y_test": np.array([0])}),
    ({"X_train": ["ab", "c", ""]}, {"X_train": ["a", "bc", ""]}),
    (
        {"X_train": pd.DataFrame({"a": [1, 2, 3]})},
        {"X_train": pd.DataFrame({"b": [1, 2, 3]})},
    ),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_content_has_one_fingerprint(one, other):
    assert make(**one).fingerprint == make(**other).fingerprint


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_content_has_another_fingerprint(one, other):
    assert make(**one).fingerprint != make(**other).fingerprint


def test_the_fingerprint_is_the_same_in_another_process():
    code = "from pipelines import load_dataset; print(load_dataset('wine').fingerprint)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == load_dataset("wine").fingerprint
