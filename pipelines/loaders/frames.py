"""From a data frame to a ``Dataset``: the task and the columns are found, and it is stated how."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np
import pandas as pd

from pipelines.dataset import Dataset

from .assemble import Rows, assemble
from .columns import as_dates, is_regular, kind_of, listed, other_steps, task_of
from .mistakes import flaw_of_dates, stray_word
from .series import history_rows
from .table_file import short

_WITHOUT_TARGET = ("clustering", "generation")
_SHORTEST_SERIES = 10


def from_frame(
    frame: pd.DataFrame,
    target: str | None,
    task: str,
    *,
    time: str | None,
    groups: str | None,
    name: str,
    source: str,
) -> Dataset:
    """Return the data set of a table; the parameters are those of ``read_data``.

    Parameters
    ----------
    frame : DataFrame
        The whole table.
    target, time, groups : str or None
        Names of columns.
    task : str
        "auto" or a task.
    name, source : str
        As in ``Dataset``.

    Returns
    -------
    Dataset
        Of kind "table", "text" or "series".
    """
    for parameter, column in (("target", target), ("time", time), ("groups", groups)):
        _check_column(frame, parameter, column)
    if target is None and task not in _WITHOUT_TARGET:
        names = listed(list(map(str, frame)))
        raise ValueError(f"target must name the column to predict; the columns are {names}.")
    frame = _checked_values(frame)
    notes: list[str] = []
    task, time = _resolve(frame, target, task, time, notes)
    times = None
    if time is not None:
        frame, times = in_time(frame, time)
    if task == "forecasting":
        rows = _one_step_ahead(frame, times, str(target), notes)
    else:
        rows = _as_they_are(frame, times, target, task, groups, notes)
    return assemble(Rows(name=name, source=source, task=task, notes=notes, **rows))


def _check_column(frame: pd.DataFrame, parameter: str, column: str | None) -> None:
    """Raise a ValueError that suggests the nearest name if there is no such column."""
    if column is None or column in frame.columns:
        return
    near = difflib.get_close_matches(column, map(str, frame.columns), n=1)
    hint = (
        f"did you mean {short(near[0])}?" if near else f"there are {listed(list(map(str, frame)))}."
    )
    raise ValueError(f"{parameter} must name a column, but there is no {short(column)}; {hint}")


def _checked_values(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with names as strings; refuse what no model can read."""
    changed: dict[str, Any] = {}
    for name, column in frame.items():
        if column.dtype.kind == "f" and np.isinf(column.to_numpy()).any():
            row = int(np.isinf(column.to_numpy()).argmax()) + 1
            raise ValueError(
                f"column {short(name)} must hold finite numbers, but its row {row} is infinite; "
                "leave the field empty if the value is missing."
            )
        if column.dtype == object:
            odd = next((v for v in column if isinstance(v, list | dict | bytes | np.ndarray)), None)
            if odd is not None:
                raise ValueError(
                    f"column {short(name)} must hold one value a row, but holds {short(odd)}."
                )
            changed[str(name)] = column.astype("str")
    return frame.assign(**changed)


def _resolve(
    frame: pd.DataFrame, target: str | None, task: str, time: str | None, notes: list[str]
) -> tuple[str, str | None]:
    """Return the task and the column of time, and note why they are these."""
    if task == "auto":
        if word := stray_word(frame[target]):
            raise ValueError(
                f"target must hold numbers or names, but {word}, and nearly all of it are numbers; "
                "correct it, leave it empty, or ask for task='classification'."
            )
        task, reason = task_of(frame[target].dropna())
        if task == "regression":
            time = time or _time_stamps(frame.drop(columns=[target]))
            if time is not None:
                task, reason = "forecasting", f"{reason} along {short(time)}"
        notes.append(f"The task is {task}, because {reason}; another one can be asked for.")
    elif task == "forecasting":
        time = time or _time_stamps(frame.drop(columns=[target]))
        if time is None:
            raise ValueError(
                "time must name the column of time stamps for task='forecasting'; no column of "
                "evenly spaced dates was found."
            )
    return task, time


def regular_dates(frame: pd.DataFrame) -> str | None:
    """Return the first column of evenly spaced dates in order, if there is one."""
    for name, column in frame.items():
        dates = as_dates(column)
        if dates is not None and is_regular(dates):
            return str(name)
    return None


def _time_stamps(frame: pd.DataFrame) -> str | None:
    """Return the column of time stamps, if there is one; refuse one with a few mistakes."""
    if (time := regular_dates(frame)) is not None:
        return time
    for name, column in frame.items():
        if flaw := flaw_of_dates(column):
            raise ValueError(
                f"{short(name)} holds dates in even steps, but {flaw}; a series needs a date in "
                "every row, each once. Correct it, or ask for task='regression' to take the rows "
                "as a table."
            )
    return None


def in_time(frame: pd.DataFrame, time: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows in the order of time, and their time stamps."""
    is_number = pd.api.types.is_numeric_dtype(frame[time])
    times = frame[time] if is_number else as_dates(frame[time])
    if times is None:
        raise ValueError(f"time must name a column of dates or numbers, {short(time)} is neither.")
    if times.isna().any():
        raise ValueError(
            f"time must be given in every row, but {short(time)} is missing in "
            f"{int(times.isna().sum())} rows, first in row {int(times.isna().argmax()) + 1}."
        )
    times = times.sort_values(kind="stable")
    return frame.loc[times.index].reset_index(drop=True), times.reset_index(drop=True)


def check_once(times: pd.Series) -> None:
    """Raise a ValueError that names the first time stamp that stands twice."""
    if (again := times.duplicated()).any():
        raise ValueError(
            f"time must hold every time stamp once, but {short(times[again].iloc[0])} stands in "
            "several rows; keep one series per file."
        )


def _one_step_ahead(
    frame: pd.DataFrame, times: pd.Series | None, target: str, notes: list[str]
) -> dict[str, Any]:
    """Return rows that hold all numbers one step before their target."""
    assert times is not None  # there is no forecasting without a column of time
    check_once(times)
    others = [str(c) for c in frame if c not in (target, times.name)]
    numbers = [target, *(c for c in others if kind_of(frame[c]) == "number")]
    _check_numbers(frame[target], "forecasting")
    # carried forward, never interpolated: what comes later is not known yet
    values = frame[numbers].astype(float).ffill().dropna()
    measured = frame[target].notna()[values.index].to_numpy()
    if measured.sum() < _SHORTEST_SERIES:
        raise ValueError(
            f"a series must have at least {_SHORTEST_SERIES} rows with all numbers known, "
            f"got {measured.sum()}."
        )
    stamps = times[values.index].to_numpy()
    notes += _series_notes(frame, stamps, target, numbers, others)
    rows = history_rows(values.to_numpy(), stamps, numbers, measured)
    more = {name: rows.pop(name) for name in ("n_lags", "feature_names")}
    return {"kind": "series", **rows, "more": more}


def _series_notes(
    frame: pd.DataFrame, stamps: np.ndarray, target: str, numbers: list[str], others: list[str]
) -> list[str]:
    """Return what a reader must know of a series."""
    steps = pd.Series(np.diff(stamps))
    is_odd, usual = other_steps(stamps), steps.mode()[0]
    words = str(usual).removeprefix("0 days ").removesuffix(" 00:00:00")
    if (steps[~is_odd] != usual).any():  # months
        words = f"about {words}"
    notes = [
        f"A row holds the numbers one step ({words}) before the {short(target)} to forecast, and "
        f"earlier ones of {short(target)}."
    ]
    if gaps := int(is_odd.sum()):
        notes.append(f"Steps of another length: {gaps:,}. Missing time stamps are not filled in.")
    if missing := int(frame[numbers].isna().sum().sum()):
        notes.append(f"Missing numbers, which carry the last known value: {missing:,}.")
    if missing := int(frame[target].isna().sum()):
        notes.append(f"Rows without {short(target)}, neither learnt from nor judged: {missing:,}.")
    if dropped := [c for c in others if c not in numbers]:
        notes.append(f"Left out, being no measured numbers: {listed(dropped)}.")
    return notes


def _as_they_are(
    frame: pd.DataFrame,
    times: pd.Series | None,
    target: str | None,
    task: str,
    groups: str | None,
    notes: list[str],
) -> dict[str, Any]:
    """Return rows whose columns are known together with their target."""
    if target is not None and (missing := frame[target].isna()).any():
        notes.append(f"Rows without {short(target)}, left out: {int(missing.sum()):,}.")
        frame = frame[~missing]
    y = np.zeros(len(frame), dtype=int) if target is None else _labels(frame[target], task, notes)
    features = frame.drop(columns=[c for c in (target, groups) if c is not None])
    X, kind, names = _features(features.reset_index(drop=True), notes)
    return {
        "kind": kind,
        "X": X,
        "y": y,
        "times": None if times is None else times[frame.index].to_numpy(),
        "groups": None if groups is None else frame[groups].to_numpy(),
        "more": {"feature_names": names},
    }


def _labels(column: pd.Series, task: str, notes: list[str]) -> np.ndarray:
    """Return the target as the task needs it."""
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if task == "regression":
        _check_numbers(column, task)
        return column.to_numpy(dtype=np.float64)
    if task == "anomaly":
        return _abnormal(column, notes)
    if is_number and (column % 1 == 0).all():
        return column.to_numpy(dtype=np.int64)
    return column.astype("str").to_numpy(dtype=str)


def _check_numbers(column: pd.Series, task: str) -> None:
    """Raise a ValueError that names the first word if a target is not made of numbers."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        word = stray_word(column)
        where = f"but {word}" if word else f"{short(column.name)} does not"
        raise ValueError(f"target must hold numbers for {task}, {where}.")


def _abnormal(column: pd.Series, notes: list[str]) -> np.ndarray:
    """Return 1 for the rarer of two values and 0 for the other."""
    counts = column.value_counts()
    if len(counts) != 2:
        raise ValueError(
            f"target must hold two different values for anomaly, normal and abnormal, but "
            f"{short(column.name)} holds {len(counts)}."
        )
    rarer = counts.index[-1]
    notes.append(f"{short(rarer)} of {short(column.name)}, the rarer value, means abnormal.")
    return (column == rarer).to_numpy(dtype=np.int64)


def _features(frame: pd.DataFrame, notes: list[str]) -> tuple[Any, str, tuple[str, ...]]:
    """Return what models get, its kind and the names of the columns in use."""
    kinds = {str(name): kind_of(column) for name, column in frame.items()}
    for unused, reason in (("constant", "the same in every row"), ("row number", "a row number")):
        if names := [name for name, kind in kinds.items() if kind == unused]:
            notes.append(f"Left out, being {reason}: {listed(names)}.")
    used = {name: kind for name, kind in kinds.items() if kind not in ("constant", "row number")}
    if not used:
        raise ValueError("a table must have a column that varies besides the target, got none.")
    by_kind = {kind: [c for c in used if used[c] == kind] for kind in sorted(set(used.values()))}
    notes += [f"Columns read as {kind}: {listed(names)}." for kind, names in by_kind.items()]
    frame = frame[list(used)]
    if missing := int(frame.isna().sum().sum()):
        notes.append(f"Missing values, filled in where a model cannot take them: {missing:,}.")
    if set(used.values()) == {"text"}:
        texts = frame.fillna("").agg(" ".join, axis=1).to_numpy(dtype=object)
        return texts, "text", tuple(used)
    return frame, "table", tuple(used)
