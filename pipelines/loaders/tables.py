"""Data sets of columns, in one CSV each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .split import random_fifth, stratified_fifth

Files = dict[str, Path]


def csv(
    files: Files,
    target: str,
    drop: list[str] | None = None,
    n_train: int | None = None,
    class_names: list[str] | None = None,
    is_regression: bool = False,
) -> dict[str, Any]:
    """Return a table; its first ``n_train`` rows train where that is the published split."""
    (path,) = files.values()
    table = pd.read_csv(path)
    y = _labels(table[target])
    X = table.drop(columns=[target, *(drop or [])])
    if n_train is not None:
        train, test = np.arange(n_train), np.arange(n_train, len(y))
    else:
        train, test = random_fifth(len(y)) if is_regression else stratified_fifth(y)
    names = tuple(class_names or map(str, np.unique(y)))
    return {
        "X_train": _rows(X, train),
        "y_train": y[train],
        "X_test": _rows(X, test),
        "y_test": y[test],
        "feature_names": tuple(X.columns),
        "target_names": None if is_regression else names,
    }


def _labels(column: pd.Series) -> np.ndarray:
    """Return numbers as they are and names as unicode strings."""
    labels = column.to_numpy()
    return labels if labels.dtype.kind in "iuf" else labels.astype(str)


def _rows(X: pd.DataFrame, rows: np.ndarray) -> Any:
    """Return an array where all columns are numbers, else a data frame."""
    chosen = X.iloc[rows].reset_index(drop=True)
    is_numeric = all(dtype.kind in "iuf" for dtype in X.dtypes)
    return chosen.to_numpy(dtype=np.float64) if is_numeric else chosen
