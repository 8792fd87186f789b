"""From a user's rows and targets to a ``Dataset`` whose test part is set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from pipelines.dataset import Dataset, image_shape

from .split import grouped_fifth, last_fifth, random_fifth, stratified_fifth
from .table_file import short


@dataclass(kw_only=True)
class Rows:
    """All rows of a user's data before a part of them is set aside.

    Parameters
    ----------
    name, source : str
        Of the file.
    task, kind : str
        As in ``Dataset``.
    X : array-like of n rows, or callable
        As in ``Dataset``; or what returns both parts when it is called with their row numbers.
    y : ndarray of shape (n,)
        As in ``Dataset``.
    times, groups : ndarray of shape (n,) or None, default=None
        Time stamps, in order, and groups.
    n_train : int or None, default=None
        How many first rows train where the user has set the others apart.
    more : dict, default={}
        Further fields of ``Dataset``.
    notes : list of str, default=[]
        What was inferred.
    """

    name: str
    source: str
    task: str
    kind: str
    X: Any
    y: np.ndarray
    times: np.ndarray | None = None
    groups: np.ndarray | None = None
    n_train: int | None = None
    more: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def assemble(rows: Rows) -> Dataset:
    """Return the data set with its test part, and say which rows these are.

    Parameters
    ----------
    rows : Rows
        All rows.

    Returns
    -------
    Dataset
        The user's own where there is one, the last fifth where there is time, whole groups where
        there are groups, else a fifth of every class.

    Raises
    ------
    ValueError
        If the target has one value only, or there are too few rows.
    """
    _check_target(rows.y, rows.task)
    train, test, sentence = _split(rows)
    if rows.task == "anomaly" and rows.times is None and rows.n_train is None:
        # what is abnormal judges: a detector learns from normal rows
        moved = train[rows.y[train] == 1]
        train, test = train[rows.y[train] == 0], np.concatenate([test, moved])
        sentence += f" with all {len(moved)} other abnormal rows"
    X_train, X_test = _parts(rows.X, train, test)
    return Dataset(
        name=rows.name,
        task=rows.task,
        kind=rows.kind,
        X_train=X_train,
        y_train=rows.y[train],
        X_test=X_test,
        y_test=rows.y[test],
        time_index=_in_order(rows.times, train, test),
        groups=_in_order(rows.groups, train, test),
        target_names=_class_names(rows.y, rows.task),
        source=rows.source,
        image_shape=image_shape(X_train) if rows.kind == "image" else None,
        notes=(*rows.notes, f"The test part is {sentence}: {len(test):,} of {len(rows.y):,} rows."),
        **rows.more,
    )


def _parts(X: Any, train: np.ndarray, test: np.ndarray) -> tuple[Any, Any]:
    """Return the rows of both parts."""
    if callable(X):
        X_train, X_test = X(train, test)
        return X_train, X_test
    return _safe_indexing(X, train), _safe_indexing(X, test)


def _check_target(y: np.ndarray, task: str) -> None:
    """Raise a ValueError if there is nothing to learn from the target."""
    if task in ("clustering", "generation"):
        return
    values = np.unique(y)
    if len(values) < 2:
        raise ValueError(
            f"target must have at least two different values, but all {len(y)} rows hold "
            f"{short(values[0]) if len(values) else 'none'}."
        )


def _class_names(y: np.ndarray, task: str) -> tuple[str, ...] | None:
    """Return the names of the classes in the order of ``np.unique``."""
    if task == "anomaly":
        return ("normal", "abnormal")
    return tuple(map(str, np.unique(y))) if task == "classification" else None


def _split(rows: Rows) -> tuple[np.ndarray, np.ndarray, str]:
    """Return training and test rows and the words for the latter."""
    if rows.n_train is not None:
        train, test = np.split(np.arange(len(rows.y)), [rows.n_train])
        return train, test, "the one that came with the data"
    if rows.times is not None:
        return *last_fifth(len(rows.y)), "the last fifth in time"
    has_classes = rows.task in ("classification", "anomaly")
    if rows.groups is not None:
        parts = grouped_fifth(rows.y, rows.groups, has_classes)
        return *parts, "a fifth of the groups, none of which trains (seed 0)"
    if has_classes:
        return *stratified_fifth(rows.y), "a stratified fifth (seed 0)"
    return *random_fifth(len(rows.y)), "a random fifth (seed 0)"


def _in_order(values: np.ndarray | None, train: np.ndarray, test: np.ndarray) -> Any:
    """Return one entry per row, training rows first."""
    return None if values is None else np.concatenate([values[train], values[test]])
