"""What a column is, and what is asked of a target: inferred from the values, to be stated."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from .table_file import short

# A whole number with more different values than this is a quantity, not a class.
_MOST_INTEGER_CLASSES = 20
_ROWS_PER_CLASS = 5
_WORDS_OF_A_TEXT = 3
_DIFFERENT_TEXTS = 0.3
_REGULAR_STEPS = 0.7  # of working days four in five follow on the day before
_ABOUT = 0.1  # months have 28 to 31 days
_LISTED = 5  # names in a sentence
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}-\d{2}$")
_ROW_NUMBER = re.compile(r"|id|index|row|row[ _]?(id|number)|unnamed: \d+", re.IGNORECASE)


def kind_of(column: pd.Series) -> str:
    """Return "number", "date", "text", "category", "constant" or "row number".

    Parameters
    ----------
    column : Series
        Named, with at least one row.

    Returns
    -------
    str
        What its values look like.

    Examples
    --------
    >>> kind_of(pd.Series(["2020-01-01", "2020-02-01"], name="since"))
    'date'
    """
    if len(column.drop_duplicates()) == 1:
        return "constant"
    if _counts_rows(column):
        return "row number"
    if pd.api.types.is_bool_dtype(column):
        return "category"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    if as_dates(column) is not None:
        return "date"
    return "text" if _reads_as_text(column) else "category"


def as_dates(column: pd.Series) -> pd.Series | None:
    """Return a column as time stamps, or None if it does not hold dates."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    values = column.dropna()
    if not pd.api.types.is_string_dtype(values) or not values.head(20).str.match(DATE).all():
        return None
    # imported here: skrub takes half a second, and few tables hold dates
    from skrub import to_datetime

    dates = to_datetime(column)  # it finds out whether the day or the month comes first
    return dates if pd.api.types.is_datetime64_any_dtype(dates) else None


def task_of(y: pd.Series) -> tuple[str, str]:
    """Return the task that a target without missing values asks for, and the reason.

    Parameters
    ----------
    y : Series
        The target.

    Returns
    -------
    task, reason : str
        "classification" or "regression", and why.

    Examples
    --------
    >>> task_of(pd.Series(["yes", "no", "no"], name="churn"))
    ('classification', "'churn' holds 2 different names")
    """
    n_values, name = y.nunique(), short(y.name)
    if not pd.api.types.is_numeric_dtype(y) or pd.api.types.is_bool_dtype(y):
        return "classification", f"{name} holds {n_values} different names"
    is_whole = bool((y % 1 == 0).all())
    if is_whole and n_values <= _MOST_INTEGER_CLASSES and len(y) >= _ROWS_PER_CLASS * n_values:
        return "classification", f"{name} holds {n_values} different whole numbers"
    return "regression", f"{name} holds {n_values} different numbers"


def is_regular(times: pd.Series) -> bool:
    """Tell whether time stamps, put in order, are mostly one step apart: days, months, quarters."""
    if times.isna().any() or not times.is_unique or len(times) < 2:
        return False
    odd = other_steps(np.sort(times.to_numpy()))
    return float(odd.mean()) <= 1 - _REGULAR_STEPS


def other_steps(times: np.ndarray) -> np.ndarray:
    """Tell which steps between times in order differ from the usual one by more than a tenth.

    Examples
    --------
    >>> months = np.arange("2020-01", "2020-06", dtype="datetime64[M]").astype("datetime64[D]")
    >>> other_steps(months)
    array([False, False, False, False])
    """
    steps = np.diff(times)
    usual = np.median(steps.astype(np.float64))
    return np.abs(steps.astype(np.float64) - usual) > _ABOUT * usual


def listed(names: list[str]) -> str:
    """Return the first few names for a sentence."""
    shown = ", ".join(short(name) for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def _counts_rows(column: pd.Series) -> bool:
    """Tell whether a column only numbers the rows."""
    if not _ROW_NUMBER.fullmatch(str(column.name).strip()):
        return False
    if not pd.api.types.is_integer_dtype(column):
        return False
    return bool((np.diff(column.to_numpy()) == 1).all())


def _reads_as_text(column: pd.Series) -> bool:
    """Tell whether values are sentences rather than names of a few categories."""
    values = column.dropna().astype(str)
    words = np.mean([len(value.split()) for value in values.head(1000)])
    return bool(words >= _WORDS_OF_A_TEXT and values.nunique() >= _DIFFERENT_TEXTS * len(values))
