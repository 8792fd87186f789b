"""Predictions for new rows by a model of a run, refused where the columns are not the same."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.loaders.new_series import rows_to_come, series_columns
from pipelines.loaders.table_file import read_table
from search.comparison import Comparison
from search.disk import RunError
from search.run_directory import RunDirectory

_BLANKS = ("nan", "None", "<NA>", "NaT", "")  # how a missing value is written in the sample


def predict(
    run_dir: str | os.PathLike[str],
    path: str | os.PathLike[str],
    model: str | None = None,
    encoding: str = "utf-8",
) -> pd.DataFrame:
    """Return what a model of a run answers to the rows of a file.

    Parameters
    ----------
    run_dir : path-like
        The run directory.
    path : path-like
        A table file with the columns that the run used, in any order; others are left alone. Of
        a series that was forecast, its values up to now with their time stamps.
    model : str or None, default=None
        Name of the model in the run; None takes the best one in validation.
    encoding : str, default="utf-8"
        Of a text file.

    Returns
    -------
    DataFrame of n rows
        ``prediction``, and ``probability of <class>`` where the model gives probabilities. Of a
        series ``time`` and ``prediction``, one step ahead each; the last row is the next step.

    Raises
    ------
    ValueError
        If a column is absent, or the file cannot be read.
    search.RunError
        If there is no fitted model, or its rows were no columns of a table.
    """
    run = RunDirectory(run_dir)
    data = run.manifest["data"]
    comparison = Comparison(run_dir)
    name = model or comparison.best_
    if name is None:
        raise RunError(f"{run_dir} holds no model that was fitted and tested.")
    is_series = data["task"] == "forecasting"
    if data["feature_names"] is None or (data["kind"] not in ("table", "text") and not is_series):
        raise RunError(
            f"{run_dir} is about {data['kind']} data without columns; load the model by "
            "search.Comparison(...).load_model(...) and call its predict."
        )
    pipeline = comparison.load_model(name)
    if is_series:
        return _forecasts(pipeline, read_table(Path(path), encoding), data, Path(path).name)
    frame = _columns(read_table(Path(path), encoding), data["feature_names"], Path(path).name)
    if data["kind"] == "table":
        _check_numbers(frame, run.arrays("data").get("train_X"))
    rows = _as_fitted(pipeline, frame, data["kind"])
    answers = pd.DataFrame({"prediction": pipeline.predict(rows)})
    if hasattr(pipeline, "predict_proba"):
        proba = pipeline.predict_proba(rows)
        for label, column in zip(pipeline.classes_, np.transpose(proba), strict=True):
            answers[f"probability of {label}"] = column
    return answers


def _forecasts(pipeline: Any, frame: pd.DataFrame, data: dict[str, Any], file: str) -> pd.DataFrame:
    """Return a forecast for every time with enough values before it, the next one last."""
    columns, n_lags = series_columns(data["feature_names"])
    _columns(frame, columns, file)
    rows, times = rows_to_come(frame, columns, n_lags)
    return pd.DataFrame({"time": times, "prediction": pipeline.predict(rows)})


def _columns(frame: pd.DataFrame, names: list[str], file: str) -> pd.DataFrame:
    """Return the columns that the model was fitted on, in their order."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        near = difflib.get_close_matches(missing[0], map(str, frame.columns), n=1)
        hint = f" (is it {near[0]!r} there?)" if near else ""
        raise ValueError(
            f"{file} must hold the columns that the model was fitted on, but lacks "
            f"{', '.join(map(repr, missing))}{hint}."
        )
    return frame[names]


def _check_numbers(frame: pd.DataFrame, known: np.ndarray | None) -> None:
    """Refuse words in a column that held numbers when the model was fitted."""
    if known is None:
        return
    for name, before in zip(frame, np.transpose(known), strict=True):
        values = pd.to_numeric(pd.Series(before), errors="coerce")
        is_blank = pd.Series(before).astype(str).isin(_BLANKS)
        held_numbers = values.notna().any() and (values.notna() | is_blank).all()
        given = frame[name].dropna()
        if held_numbers and pd.to_numeric(given, errors="coerce").isna().any():
            odd = given[pd.to_numeric(given, errors="coerce").isna()]
            raise ValueError(
                f"column {name!r} must hold numbers, as it did when the model was fitted, but its "
                f"row {odd.index[0] + 1} holds {odd.iloc[0]!r}."
            )


def _as_fitted(pipeline: Any, frame: pd.DataFrame, kind: str) -> Any:
    """Return rows in the form in which the training rows came."""
    if kind == "text":
        return frame.fillna("").astype(str).agg(" ".join, axis=1).to_numpy(dtype=object)
    return frame if hasattr(pipeline, "feature_names_in_") else frame.to_numpy()
