"""``Dataset``: the data of one question, with the part that judges already set apart."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from estimators.params import Int
from estimators.spec import KINDS, TASKS

_CHUNK = 1 << 22  # bytes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Dataset:
    """Training and test part of one data set.

    Parameters
    ----------
    name : str
        Short name, as in ``load_dataset(name)``.
    task : str
        One of ``estimators.spec.TASKS``.
    kind : str
        One of ``estimators.spec.KINDS``.
    X_train, X_test : array-like or DataFrame of n rows
        Rows as the models get them: ``(n, p)`` numbers, ``(n, h, w)`` or ``(n, h, w, c)`` images
        (uint8 stays uint8), n strings, or a DataFrame of mixed columns.
    y_train, y_test : ndarray of shape (n,)
        Class labels, numbers, or 0/1 for normal/abnormal.
    feature_names, target_names : tuple of str or None, default=None
        Names of the columns, and of the classes in the order of ``np.unique(y)``.
    image_shape : tuple of int or None, default=None
        ``(h, w, c)`` of one image.
    n_lags : int or None, default=None
        Of forecasting: the first so many columns are the values before, latest first, and the last
        one is the time in days (or the number that orders the rows); between them stands what was
        measured beside the series, one step before. See ``LagWindows``.
    time_index, groups : ndarray or None, default=None
        Time stamp and group of every row, training rows first.
    description, source, licence : str, default=""
        For the report.
    notes : tuple of str, default=()
        Plain sentences on what was inferred, left out or changed.

    Raises
    ------
    ValueError
        If the task or the kind is unknown, or the parts do not have as many rows as they should.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1])
    >>> Dataset(name="tiny", task="classification", kind="table",
    ...         X_train=X[:2], y_train=y[:2], X_test=X[2:], y_test=y[2:])
    Dataset('tiny', classification of table rows: 2 for training, 2 for the test)
    """

    name: str
    task: str
    kind: str
    X_train: Any
    y_train: np.ndarray
    X_test: Any
    y_test: np.ndarray
    feature_names: tuple[str, ...] | None = None
    target_names: tuple[str, ...] | None = None
    image_shape: tuple[int, int, int] | None = None
    n_lags: int | None = None
    time_index: np.ndarray | None = None
    groups: np.ndarray | None = None
    description: str = ""
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for parameter, value, known in (("task", self.task, TASKS), ("kind", self.kind, KINDS)):
            if value not in known:
                raise ValueError(f"Dataset: {parameter} must be one of {known}, got {value!r}.")
        for part in ("train", "test"):
            n_rows, n_targets = len(getattr(self, f"X_{part}")), len(getattr(self, f"y_{part}"))
            if n_rows != n_targets:
                raise ValueError(
                    f"Dataset {self.name!r}: X_{part} and y_{part} must have as many rows as each "
                    f"other, got {n_rows} and {n_targets}."
                )
        n_rows = len(self.y_train) + len(self.y_test)
        for parameter in ("time_index", "groups"):
            value = getattr(self, parameter)
            if value is not None and len(value) != n_rows:
                raise ValueError(
                    f"Dataset {self.name!r}: {parameter} must have an entry for each of the "
                    f"{n_rows} rows, training rows first, got {len(value)}."
                )

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}, {self.task} of {self.kind} rows: {len(self.y_train)} for "
            f"training, {len(self.y_test)} for the test)"
        )

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 of the content of all four parts, as hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.X_train, self.y_train, self.X_test, self.y_test):
            for piece in _bytes_of(part):
                digest.update(piece)
        return digest.hexdigest()

    def thin(self, n: int) -> Self:
        """Return a smaller data set, with which a study can be tried out in a minute.

        Parameters
        ----------
        n : int
            Rows of each part, at most, in the order that they have: of every class its share,
            evenly spaced; of a series the stretch on each side of the cut.

        Returns
        -------
        Dataset
            With a note that says so, which the report shows.

        Raises
        ------
        ValueError
            If ``n`` is not an integer, 1 or more.

        Examples
        --------
        >>> from pipelines import load_dataset
        >>> load_dataset("digits").thin(100)
        Dataset('digits', classification of image rows: 100 for training, 100 for the test)
        """
        from sklearn.utils import _safe_indexing  # lazy: the list of data sets needs no sklearn

        Int(1).check(n, "n", "Dataset.thin")
        n_train, n_test = len(self.y_train), len(self.y_test)
        if self.kind == "series":
            train, test = np.arange(n_train)[-n:], np.arange(n_test)[:n]
        else:
            has_classes = self.task in ("classification", "anomaly")
            train, test = (_evenly(y, n, has_classes) for y in (self.y_train, self.y_test))
        both = np.concatenate([train, n_train + test])
        rows = {"X_train": train, "y_train": train, "X_test": test, "y_test": test}
        rows |= {name: both for name in ("time_index", "groups") if getattr(self, name) is not None}
        taken: dict[str, Any] = {
            name: _safe_indexing(getattr(self, name), chosen) for name, chosen in rows.items()
        }
        note = (
            f"Thinned out: {len(train):,} of {n_train:,} training rows, {len(test):,} of "
            f"{n_test:,} test rows."
        )
        return replace(self, **taken, notes=(*self.notes, note))


def _evenly(y: np.ndarray, n: int, has_classes: bool) -> np.ndarray:
    """Return the numbers of ``n`` rows, or of all if there are fewer, evenly spaced."""
    classes = np.unique(y, return_inverse=True)[1] if has_classes else np.zeros(len(y))
    n = min(n, len(y))
    middles = (2 * np.arange(n) + 1) * len(y) // (2 * max(n, 1))
    return np.sort(np.argsort(classes, kind="stable")[middles])


def image_shape(X: np.ndarray) -> tuple[int, int, int]:
    """Return ``(h, w, c)`` of images ``(n, h, w)`` or ``(n, h, w, c)``."""
    height, width, channels = (*X.shape[1:], 1)[:3]
    return height, width, channels


def _bytes_of(part: Any) -> Iterable[bytes]:
    """Return the content of an array, a data frame or a list of strings as byte strings."""
    if hasattr(part, "columns"):
        names = repr([str(name) for name in part.columns]).encode()
        return [names, *(b for name in part.columns for b in _bytes_of(_plain(part[name])))]
    array = np.asarray(part)
    if array.dtype.kind in "OUST":
        # with its length, for "ab" "c" and "a" "bc" are not the same
        texts = map(str, array.ravel())
        return [f"{array.shape}text".encode(), *(f"{len(t)}:{t}".encode() for t in texts)]
    header = f"{array.shape}{array.dtype.str}".encode()
    return itertools.chain([header], _content(array))


def _content(array: np.ndarray) -> Iterator[bytes]:
    """Yield the bytes of an array in order, some rows at a time: it may be mapped from a file."""
    if array.ndim == 0:
        yield array.tobytes()
        return
    step = max(1, _CHUNK // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        yield array[start : start + step].tobytes()


def _plain(column: Any) -> np.ndarray:
    """Return a column as an array where all marks of a missing value are one."""
    values: np.ndarray = column.to_numpy(copy=True)
    if values.dtype == object:
        values[column.isna()] = None
    return values
