"""A user's series after a run: rows as the run's own were, up to the one that is not known yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.lags import LagWindows

from .columns import listed
from .frames import check_once, in_time, regular_dates
from .table_file import short

_ONE_STEP = " one step before"


def series_columns(feature_names: Sequence[str]) -> tuple[list[str], int]:
    """Return which columns of a table rows were made of, the series first, and their lags.

    Parameters
    ----------
    feature_names : sequence of str
        As :func:`pipelines.loaders.series.history_rows` names the columns of rows.

    Returns
    -------
    columns : list of str
        The series, and what was measured beside it.
    n_lags : int
        How many values before a row holds.

    Examples
    --------
    >>> series_columns(["sold one step before", "sold 2 steps before", "rain one step before",
    ...                 "time in days"])
    (['sold', 'rain'], 2)
    """
    first = feature_names[0].removesuffix(_ONE_STEP)
    n_lags = 1
    while feature_names[n_lags] == f"{first} {n_lags + 1} steps before":
        n_lags += 1
    return [first, *(name.removesuffix(_ONE_STEP) for name in feature_names[n_lags:-1])], n_lags


def rows_to_come(
    frame: pd.DataFrame, columns: Sequence[str], n_lags: int
) -> tuple[np.ndarray, pd.Series]:
    """Return rows to forecast from: one for every value with enough before it, and the next one.

    Parameters
    ----------
    frame : DataFrame
        The columns, and one of time stamps; others are left alone if the time stamps are dates in
        even steps.
    columns : sequence of str
        As :func:`series_columns` returns them.
    n_lags : int
        How many values before a row holds.

    Returns
    -------
    rows : ndarray of shape (n_rows - n_lags + 1, n_lags + n_columns)
        As the run's own; missing numbers carry the last known one.
    times : Series
        What each row forecasts the value of; the last is one usual step after the table.

    Raises
    ------
    ValueError
        If there is no column of time, a time stamp stands twice, a column holds words, or the
        table is shorter than what a row holds.
    """
    rest = frame.drop(columns=list(columns))
    time = regular_dates(rest) or (str(rest.columns[0]) if rest.shape[1] == 1 else None)
    if time is None:
        raise ValueError(
            f"the table must hold time stamps beside {listed(list(columns))}: dates in even steps, "
            f"or one further column, got {listed(list(map(str, rest))) or 'none'}."
        )
    for column in columns:
        odd = pd.to_numeric(frame[column], errors="coerce").isna() & frame[column].notna()
        if odd.any():
            raise ValueError(
                f"column {short(column)} must hold numbers, but its row {int(odd.argmax()) + 1} "
                f"holds {short(frame[column][odd].iloc[0])}."
            )
    frame, times = in_time(frame, time)
    check_once(times)
    known = frame[list(columns)].astype(float).ffill().dropna()
    times = times[known.index]
    if len(known) <= n_lags:
        raise ValueError(
            f"the table must hold more than {n_lags} rows, as every forecast of this run looks at "
            f"{n_lags} values before, got {len(known)} with all numbers known."
        )
    values, lags = known.to_numpy(), LagWindows(n_lags=n_lags)
    rows = lags.fit_transform(values, times=times.to_numpy())
    following = lags.next_row(values, times=times.to_numpy())
    step = times.diff().median()
    to_come = pd.concat([times[n_lags:], pd.Series([times.iloc[-1] + step])], ignore_index=True)
    return np.concatenate([rows, following]), to_come
