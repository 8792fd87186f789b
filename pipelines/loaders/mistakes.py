"""A few values that do not fit their column: named, as what they hide is never what was meant."""

from __future__ import annotations

import pandas as pd

from .columns import DATE, as_dates, is_regular
from .table_file import short

_MOST = 0.1  # of the values of a column: more are no mistakes


def stray_word(column: pd.Series) -> str | None:
    """Return in words where a column holds the first value that is no number.

    Parameters
    ----------
    column : Series
        Named, its rows counted from 0.

    Returns
    -------
    str or None
        None where most of its values are no numbers, or all are.

    Examples
    --------
    >>> stray_word(pd.Series([*"1234567890", "n/a?"], name="sold"))
    "row 11 of 'sold' holds 'n/a?'"
    """
    known = column.dropna()
    is_word = pd.to_numeric(known, errors="coerce").isna()
    return _where(known, is_word) if _are_few(is_word) else None


def flaw_of_dates(column: pd.Series) -> str | None:
    """Return in words what keeps dates in even steps from being the time stamps of a series.

    Parameters
    ----------
    column : Series
        Named, its rows counted from 0.

    Returns
    -------
    str or None
        None where nothing does, or where it is no column of dates in even steps.

    Examples
    --------
    >>> days = pd.Series(pd.date_range("2020-01-01", periods=30).astype(str), name="day")
    >>> flaw_of_dates(pd.concat([days, days[:1]], ignore_index=True))
    "row 31 of 'day' holds '2020-01-01' once more"
    """
    is_other = ~column.astype(str).str.match(DATE)  # an empty field too
    if not (_are_few(is_other) or not is_other.any()):
        return None
    dates = as_dates(column[~is_other])
    if dates is None:
        return None
    is_repeated = dates.duplicated()
    if not is_regular(dates[~is_repeated]):
        return None
    if is_other.any():
        return _where(column, is_other)
    return f"{_where(column, is_repeated)} once more" if _are_few(is_repeated) else None


def _are_few(odd: pd.Series) -> bool:
    return 0 < float(odd.mean()) <= _MOST


def _where(column: pd.Series, odd: pd.Series) -> str:
    """Return the first of the odd values, and its row, counted from 1."""
    row = odd.index[int(odd.to_numpy().argmax())]
    holds = "is empty" if pd.isna(column[row]) else f"holds {short(column[row])}"
    return f"row {row + 1} of {short(column.name)} {holds}"
