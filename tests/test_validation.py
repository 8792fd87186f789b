"""The search is validated by rows it did not learn from: by class, by group, by time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold, ShuffleSplit

from pipelines.dataset import Dataset
from search.validation import choose_cv, describe_cv, groups_of, part_of, sample_rows, search_part


def data_of(n, *, groups=None, **fields):
    X, y = np.arange(float(n))[:, None], np.arange(n) % 3
    given = {"name": "tiny", "task": "classification", "kind": "table", **fields}
    groups = None if groups is None else np.concatenate([groups, [-1]])
    return Dataset(X_train=X, y_train=y, X_test=X[:1], y_test=y[:1], groups=groups, **given)


def splits(data, cv=None):
    found = choose_cv(data, cv, 0).split(data.X_train, data.y_train, **groups_of(data))
    return list(found)


@pytest.mark.parametrize(
    ("fields", "n", "cv", "words"),
    [
        ({}, 60, None, "5-fold stratified"),
        ({}, 60, 3, "3-fold stratified"),
        ({}, 6_000, None, "one hold-out of 20 %, stratified"),
        ({"task": "regression"}, 60, None, "5-fold"),
        ({"task": "regression"}, 6_000, None, "one hold-out of 20 %"),
        (
            {"task": "regression", "kind": "series"},
            60,
            None,
            "5 folds, each after its training rows",
        ),
        ({"groups": np.arange(60) // 6}, 60, None, "5-fold stratified whole groups"),
        ({"groups": np.arange(60) // 20}, 60, None, "3-fold stratified whole groups"),
        ({}, 60, ShuffleSplit(3, test_size=0.1), "3 hold-outs of 10 %"),
        ({}, 60, KFold(4), "4-fold"),
    ],
)
def test_the_division_suits_the_data_and_is_told_in_words(fields, n, cv, words):
    assert describe_cv(choose_cv(data_of(n, **fields), cv, 0)) == words


@pytest.mark.parametrize("n", [60, 6_000])
def test_groups_stay_whole(n):
    data = data_of(n, groups=np.arange(n) // 6)
    for train, valid in splits(data):
        assert not set(data.groups[train]) & set(data.groups[valid])


def test_a_series_is_validated_on_later_rows():
    for train, valid in splits(data_of(60, task="regression", kind="series")):
        assert train.max() < valid.min()


def test_a_rare_class_limits_the_number_of_folds():
    data = data_of(60)
    y = np.where(np.arange(60) < 3, 1, 0)
    rare = Dataset(**{**vars(data), "y_train": y})
    assert [int(y[valid].sum()) for _, valid in splits(rare)] == [1, 1, 1]


def test_a_sample_keeps_the_shares_of_the_classes():
    y = np.repeat(["a", "b", "c"], [700, 200, 100])
    rows = sample_rows(y, 100, 0, "classification")
    assert len(set(rows)) == 100
    assert np.unique(y[rows], return_counts=True)[1].tolist() == pytest.approx([70, 20, 10], abs=1)


def test_the_search_uses_the_latest_rows_of_a_series():
    series = data_of(60, task="regression", kind="series")
    assert search_part(series, 10, 0).X_train.ravel().tolist() == list(range(50, 60))


def test_a_part_keeps_its_groups_and_those_of_the_test():
    data = data_of(6, groups=np.arange(6))
    assert part_of(data, np.array([1, 4])).groups.tolist() == [1, 4, -1]
