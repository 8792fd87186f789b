"""Data sets along time: what is past trains, the last part judges."""

from __future__ import annotations

import difflib
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.lags import LagWindows, days_of, seasons_of

from .split import last_fifth

Files = dict[str, Path]

_FEWEST_LAGS = 30
_MISSING = -99.0  # degrees Fahrenheit: the archive's mark of a day without a value


def history_rows(
    values: np.ndarray,
    times: np.ndarray,
    names: Sequence[str] = ("value",),
    measured: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return a series as a forecasting task: a row holds what is known one step before its target.

    A row is as ``LagWindows`` makes it: the values before (a season of them and one more, 30 at
    least, but no more than a fifth of the series), what was measured beside it one step before, and
    the time. Before the series began, its first value stands. The first value itself has nothing
    before it and is left out; one that was filled in is seen by later rows but is no target.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, k)
        The series, and what was measured beside it, in the order of time.
    times : ndarray of shape (n,)
        Their time stamps.
    names : sequence of str, default=("value",)
        Names of the k columns.
    measured : ndarray of shape (n,), default=None
        False where a value of the series was filled in; None where none was.

    Returns
    -------
    dict
        ``X``, ``y``, ``times``, ``n_lags`` and ``feature_names``.

    Examples
    --------
    >>> parts = history_rows(np.arange(11.0), np.arange(11))
    >>> parts["X"][:3]
    array([[0., 0., 1.],
           [1., 0., 2.],
           [2., 1., 3.]])
    """
    values = values.reshape(len(values), -1)
    season = max(seasons_of(times), default=0)
    n_lags = max(1, min(max(season + 1, _FEWEST_LAGS), len(values) // 5))
    days = days_of(times)
    step = float(np.median(np.diff(days)))
    earlier = days[0] - step * np.arange(n_lags - 1, 0, -1)
    lags = LagWindows(n_lags=n_lags)
    filled = np.concatenate([np.repeat(values[:1], n_lags - 1, axis=0), values])
    (first, *others) = names
    spans = ["one step", *(f"{k} steps" for k in range(2, n_lags + 1))]
    before = [f"{first} {span} before" for span in spans]
    known = np.ones(len(values) - 1, dtype=bool) if measured is None else measured[1:]
    return {
        "X": lags.fit_transform(filled, times=np.concatenate([earlier, days]))[known],
        "y": values[1:, 0][known],
        "times": times[1:][known],
        "n_lags": n_lags,
        "feature_names": (*before, *(f"{name} one step before" for name in others), "time in days"),
    }


def one_step_ahead(
    values: np.ndarray, times: np.ndarray, measured: np.ndarray | None = None
) -> dict[str, Any]:
    """Return a series as the fields of a ``Dataset`` whose test part is its last fifth.

    Parameters
    ----------
    values, times, measured : ndarray of shape (n,)
        As :func:`history_rows` takes them.

    Returns
    -------
    dict
        Fields of a ``Dataset``.

    Examples
    --------
    >>> parts = one_step_ahead(np.arange(11.0), np.arange(11))
    >>> parts["X_test"][:, 0], parts["y_test"]
    (array([8., 9.]), array([ 9., 10.]))
    """
    rows = history_rows(values, times, measured=measured)
    X, y = rows.pop("X"), rows.pop("y")
    train, test = last_fifth(len(y))
    return {
        "X_train": X[train],
        "y_train": y[train],
        "X_test": X[test],
        "y_test": y[test],
        "time_index": rows.pop("times"),
        **rows,
    }


def city_temperature(files: Files, city: str) -> dict[str, Any]:
    """Return the daily mean temperature of a city in degrees Celsius."""
    (path,) = files.values()
    table = pd.read_csv(path).query("City == @city")
    fahrenheit = table["AvgTemperature"].mask(table["AvgTemperature"] == _MISSING)
    celsius = (fahrenheit - 32) / 1.8
    times = pd.to_datetime(table[["Year", "Month", "Day"]]).to_numpy()
    return {
        # carried forward, never interpolated: the day after is not known yet
        **one_step_ahead(celsius.ffill().to_numpy(), times, celsius.notna().to_numpy()),
        "notes": (
            "Degrees Celsius, from the archive's Fahrenheit.",
            f"{int(fahrenheit.isna().sum())} missing days carry the value of the day before where "
            "later days look back at them; they are neither learnt from nor judged.",
        ),
    }


def nab(files: Files, member: str = "realTweets/Twitter_volume_AAPL") -> dict[str, Any]:
    """Return one series of the Numenta benchmark, 1 inside its labelled windows.

    The training part is the benchmark's probation period, the first 15 % or 750 rows.
    """
    table = pd.read_csv(io.BytesIO(_nab_series(files["nab_data.zip"], member)))
    times = pd.to_datetime(table["timestamp"]).to_numpy()
    windows = json.loads(files["combined_windows.json"].read_text())[f"{member}.csv"]
    y = np.zeros(len(table), dtype=np.int64)
    for start, end in windows:
        y[(times >= np.datetime64(start)) & (times <= np.datetime64(end))] = 1
    X = table[["value"]].to_numpy(dtype=np.float64)
    n_train = min(int(0.15 * len(y)), 750)
    return {
        "X_train": X[:n_train],
        "y_train": y[:n_train],
        "X_test": X[n_train:],
        "y_test": y[n_train:],
        "feature_names": ("value",),
        "target_names": ("normal", "abnormal"),
        "time_index": times,
        "notes": (
            f"Series {member} of 52; the training part is the benchmark's probation period of "
            f"{n_train} rows; {len(windows)} labelled windows.",
        ),
    }


def _nab_series(path: Path, member: str) -> bytes:
    """Return the content of one series of the archive."""
    with zipfile.ZipFile(path) as archive:
        names = [name.removeprefix("data/").removesuffix(".csv") for name in archive.namelist()]
        if member in names:
            return archive.read(f"data/{member}.csv")
    series = {name.rpartition("/")[2]: name for name in names}
    near = difflib.get_close_matches(member.rpartition("/")[2], series, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"name must be 'nab/<folder>/<series>' with one of the {len(names)} series, got "
        f"{member!r}; did you mean {series[near]!r}?"
    )
