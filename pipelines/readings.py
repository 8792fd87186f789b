"""The readings of a series and their time stamps, checked before windows are cut from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def as_columns(X: Any, owner: str) -> Any:
    """Return a series as columns of numbers, one value per time stamp as a single column.

    Parameters
    ----------
    X : array-like of shape (n_rows,) or (n_rows, n_features)
        The readings.
    owner : str
        Whom an error names.

    Returns
    -------
    DataFrame, or ndarray of shape (n_rows, n_features)

    Raises
    ------
    ValueError
        If a column holds time stamps, or a number is missing.
    """
    is_frame = getattr(X, "columns", None) is not None
    if is_frame:
        for name, dtype in dict(X.dtypes).items():
            if "datetime" in str(dtype):
                raise ValueError(
                    f"{owner}: X must hold numbers alone, got the column {name!r} of time stamps; "
                    "give them as times."
                )
    values = X if is_frame else np.asarray(X)
    if not is_frame and values.ndim == 1:
        values = values.reshape(-1, 1)
    numbers = np.asarray(values)
    if numbers.dtype.kind == "f" and np.isnan(numbers).any():
        row = int(np.argwhere(np.isnan(numbers))[0, 0])
        raise ValueError(
            f"{owner}: X must have no missing values, got NaN in row {row}; fill the gap, as with "
            "pandas' interpolate, or cut the series there."
        )
    return values


def stamps_of(X: Any, times: Any) -> Any:
    """Return the time stamps that are given, else those of a pandas index, else None."""
    index = getattr(X, "index", None)
    return index if times is None and isinstance(index, pd.DatetimeIndex) else times


def check_even(times: Any, n_rows: int, owner: str) -> None:
    """Check that time stamps go on in equal steps, if there are any.

    Parameters
    ----------
    times : array-like of shape (n_rows,), or None
        The time stamps.
    n_rows : int
        How many there must be.
    owner : str
        Whom an error names.

    Raises
    ------
    ValueError
        If one is missing or they go back; it names the first gap.
    """
    if times is None:
        return
    stamps = pd.Series(np.asarray(times))
    if len(stamps) != n_rows:
        raise ValueError(
            f"{owner}: times must have a time stamp for each of the {n_rows} rows, got "
            f"{len(stamps)}."
        )
    if stamps.isna().any():
        raise ValueError(
            f"{owner}: times must have no missing time stamps, got none for row "
            f"{int(stamps.isna().argmax())}."
        )
    if not stamps.is_monotonic_increasing:
        row = int((stamps < stamps.shift()).argmax())
        raise ValueError(
            f"{owner}: times must not go back, got {stamps[row]} after {stamps[row - 1]}; sort the "
            "rows by time."
        )
    steps = stamps.diff().iloc[1:]
    usual = steps.median()
    if len(odd := steps[steps != usual]):
        before = stamps[odd.index[0] - 1]
        raise ValueError(
            f"{owner}: times must be evenly spaced, got a step of {odd.iloc[0]} after {before} "
            f"where {usual} is usual; fill the gap or cut the series there."
        )
