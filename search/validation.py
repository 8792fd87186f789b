"""How the training part is divided for the search, when the user does not say how."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from pipelines.dataset import Dataset

_LABELLED = ("classification", "anomaly")
_FOLDS = 5
_HOLDOUT = 0.2
_MANY = 5_000  # rows from which one hold-out of a fifth says as much as folds do
_MUCH = 10_000_000  # numbers in all rows, from which folds take too long: photographs


def choose_cv(data: Dataset, cv: Any, random_state: int) -> Any:
    """Return how the training part is divided.

    Parameters
    ----------
    data : Dataset
        Its training part is divided: classes keep their shares, groups stay whole, and series are
        validated on later rows.
    cv : int, splitter or None
        A number of folds; None for one hold-out of a fifth from 5,000 rows on or from ten million
        numbers on, and five folds where there is less. A splitter is returned as it is.
    random_state : int
        Seed of the division.

    Returns
    -------
    splitter
        With scikit-learn's ``split(X, y, groups)``.
    """
    if cv is not None and not isinstance(cv, int):
        return cv
    stratified, grouped = data.task in _LABELLED, data.groups is not None
    n_folds = min(cv or _FOLDS, len(data.y_train))
    if is_ordered(data):
        return TimeSeriesSplit(n_folds)
    is_large = len(data.y_train) >= _MANY or math.prod(np.shape(data.X_train)) >= _MUCH
    if cv is None and is_large:
        return _holdout(stratified, grouped, random_state)
    if grouped:
        splitter = StratifiedGroupKFold if stratified else GroupKFold
        n_folds = max(2, min(n_folds, len(np.unique(groups_of(data)["groups"]))))
        return splitter(n_folds, shuffle=True, random_state=random_state)
    if not stratified:
        return KFold(n_folds, shuffle=True, random_state=random_state)
    smallest = int(np.unique(data.y_train, return_counts=True)[1].min())
    n_folds = max(2, min(n_folds, smallest))
    return StratifiedKFold(n_folds, shuffle=True, random_state=random_state)


def can_validate(data: Dataset) -> bool:
    """Tell whether the training part can judge: detectors need abnormal rows for that."""
    return data.task != "anomaly" or len(np.unique(data.y_train)) > 1


def describe_cv(cv: Any) -> str:
    """Return a splitter in words.

    >>> describe_cv(StratifiedKFold(5)), describe_cv(ShuffleSplit(1, test_size=0.2))
    ('5-fold stratified', 'one hold-out of 20 %')
    """
    name = type(cv).__name__
    words = [
        word
        for word, part in (("stratified", "Stratified"), ("whole groups", "Group"))
        if part in name
    ]
    if isinstance(cv, (StratifiedShuffleSplit, ShuffleSplit, GroupShuffleSplit)):
        count = "one hold-out" if cv.n_splits == 1 else f"{cv.n_splits} hold-outs"
        return ", ".join([f"{count} of {100 * cv.test_size:g} %", *words])
    if isinstance(cv, TimeSeriesSplit):
        return f"{cv.n_splits} folds, each after its training rows"
    if isinstance(cv, (KFold, StratifiedKFold, GroupKFold, StratifiedGroupKFold)):
        return " ".join([f"{cv.n_splits}-fold", *words])
    return " ".join(repr(cv).split())


def sample_rows(y: np.ndarray, n_rows: int | None, random_state: int, task: str) -> np.ndarray:
    """Return sorted positions of up to ``n_rows`` rows, of every class in proportion.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Targets of the rows to choose from.
    n_rows : int or None
        How many at most; None for all.
    random_state : int
        Seed of the choice.
    task : str
        One of ``estimators.spec.TASKS``.

    Examples
    --------
    >>> y = np.array([0] * 8 + [1] * 2)
    >>> y[sample_rows(y, 5, 0, "classification")].tolist()
    [0, 0, 0, 0, 1]
    """
    if n_rows is None or n_rows >= len(y):
        return np.arange(len(y))
    rows = np.random.RandomState(random_state).permutation(len(y))
    if task in _LABELLED:
        # Evenly spaced in an order by class: every class is hit in proportion to its size.
        labels = np.unique(y, return_inverse=True)[1]
        rows = rows[np.argsort(labels[rows], kind="stable")]
    return np.sort(rows[np.linspace(0, len(y) - 1, n_rows).round().astype(int)])


def search_part(data: Dataset, n_rows: int | None, random_state: int) -> Dataset:
    """Return the Dataset with up to ``n_rows`` training rows, the latest ones of a series."""
    rows = sample_rows(data.y_train, n_rows, random_state, data.task)
    n_train = len(data.y_train)
    return part_of(data, np.arange(n_train - len(rows), n_train) if is_ordered(data) else rows)


def part_of(data: Dataset, rows: np.ndarray) -> Dataset:
    """Return the Dataset with only these of its training rows."""
    n_train = len(data.y_train)
    if len(rows) == n_train:
        return data
    along: dict[str, Any] = {
        name: np.concatenate([values[:n_train][rows], values[n_train:]])
        for name in ("time_index", "groups")
        if (values := getattr(data, name)) is not None
    }
    return replace(data, X_train=take(data.X_train, rows), y_train=data.y_train[rows], **along)


def take(X: Any, rows: np.ndarray) -> Any:
    """Return some rows of an array, a data frame or a sequence of strings."""
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def groups_of(data: Dataset) -> dict[str, np.ndarray]:
    """Return the ``groups`` of the training rows as a keyword of ``fit`` or ``split``, if any."""
    return {} if data.groups is None else {"groups": data.groups[: len(data.y_train)]}


def groups_of_test(data: Dataset) -> dict[str, np.ndarray]:
    """Return the groups of the test rows as numbers from 0, if there are any."""
    if data.groups is None:
        return {}
    return {"groups": np.unique(data.groups[len(data.y_train) :], return_inverse=True)[1]}


def is_ordered(data: Dataset) -> bool:
    """Tell whether the rows follow each other in time."""
    return data.kind == "series" or data.task == "forecasting"


def _holdout(stratified: bool, grouped: bool, random_state: int) -> Any:
    splitter = StratifiedShuffleSplit if stratified else ShuffleSplit
    splitter = GroupShuffleSplit if grouped else splitter
    return splitter(1, test_size=_HOLDOUT, random_state=random_state)
