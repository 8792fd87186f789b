"""A user's ``.npz`` file: arrays ``X`` and ``y``, or both parts apart."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.dataset import Dataset

from .assemble import Rows, assemble
from .columns import task_of

_PARTS = ("x_train", "y_train", "x_test", "y_test")
_CHANNELS = (1, 3, 4)


def from_archive(path: Path, target: str | None, task: str) -> Dataset:
    """Return the data set of an ``.npz`` file.

    Parameters
    ----------
    path : Path
        Holds ``X`` and ``y``, or ``X_train``, ``y_train``, ``X_test`` and ``y_test``, in capitals
        or not.
    target : str or None
        Name of ``y`` where it is another.
    task : str
        "auto" or a task.

    Returns
    -------
    Dataset
        Of kind "table" (2-D), "image" (3-D and 4-D) or "text" (1-D strings).

    Raises
    ------
    ValueError
        If an array is absent, holds objects, or does not fit the others.
    """
    arrays = _load(path)
    key = (target or "y").lower()
    n_train = None
    if all(part in arrays for part in _PARTS):
        X = _joined(path, arrays["x_train"], arrays["x_test"])
        y = np.concatenate([arrays["y_train"], arrays["y_test"]])
        n_train = len(arrays["y_train"])
    elif "x" in arrays and key in arrays:
        X, y = arrays["x"], arrays[key]
    else:
        raise ValueError(
            f"{path.name} must hold X and {target or 'y'}, or X_train, y_train, X_test and y_test; "
            f"it holds {', '.join(arrays) or 'nothing'}."
        )
    if len(X) != len(y):
        raise ValueError(
            f"X and y must have as many rows as each other, {path.name} has {len(X)} and {len(y)}."
        )
    task, note = _task(y, task)
    rows = Rows(name=path.stem, source=f"file {path.name}", task=task, kind=_kind(X), X=X, y=y)
    return assemble(replace(rows, n_train=n_train, notes=[note]))


def _joined(path: Path, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return both parts in one array."""
    if train.shape[1:] != test.shape[1:]:
        raise ValueError(
            f"X_train and X_test must have rows of one shape, {path.name} has {train.shape[1:]} "
            f"and {test.shape[1:]}."
        )
    return np.concatenate([train, test])


def _load(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays by their names in small letters; strings as Python's."""
    try:
        # opened here: numpy leaves a file open that it cannot read
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name.lower(): archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(
            f"{path.name} must be an .npz file of numbers or strings, but cannot be read: {error}"
        ) from error
    for name, array in arrays.items():
        if array.ndim == 0:
            continue
        if array.dtype.kind == "f" and np.isinf(array).any():
            raise ValueError(
                f"{path.name}: {name} must hold finite numbers, but some are infinite."
            )
        if name.startswith("y") and array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(f"{path.name}: {name} must not hold NaN; leave those rows out.")
    return {
        name: array.astype(object) if array.dtype.kind == "U" and name.startswith("x") else array
        for name, array in arrays.items()
    }


def _kind(X: np.ndarray) -> str:
    """Return the kind of data that an array's shape means."""
    if X.ndim == 1 and X.dtype == object:
        return "text"
    if X.ndim == 2:
        return "table"
    if X.ndim == 3 or (X.ndim == 4 and X.shape[-1] in _CHANNELS):
        return "image"
    raise ValueError(
        f"X must be strings (n,), a table (n, p), or images (n, h, w) or (n, h, w, c) with 1, 3 or "
        f"4 channels, got {X.dtype.name} of shape {X.shape}."
    )


def _task(y: np.ndarray, task: str) -> tuple[str, str]:
    """Return the task and the note on it."""
    if task != "auto":
        return task, f"The task is {task}, as asked for."
    task, reason = task_of(pd.Series(y, name="y"))
    return task, f"The task is {task}, because {reason}; another one can be asked for."
