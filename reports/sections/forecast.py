"""Forecasts beside what came, how wide their intervals are, and when they were wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table
from reports.run import Model, Run
from reports.sections.forecast_reach import by_horizon, by_lags
from reports.words import counted, number, sentence, share
from search.statistics import interval, time_blocks

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_SHOWN = 150  # rows of the course of the forecasts: more are no lines but a surface
_STRETCHES = 150
_PARTS = 10  # of a test part without a calendar
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WIDE = 760


@dataclass(frozen=True)
class _Forecasts:
    """Forecasts of the test part in the order of time; no interval where there is none."""

    times: np.ndarray
    truth: np.ndarray
    answer: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None
    coverage: float | None

    @property
    def errors(self) -> np.ndarray:
        return self.truth - self.answer

    @property
    def inside(self) -> np.ndarray | None:
        """Whether a value came to lie within its interval."""
        if self.low is None or self.high is None:
            return None
        return (self.low <= self.truth) & (self.truth <= self.high)


def summarize(run: Run) -> Section | None:
    """Return intervals, errors by horizon and lags, the course of forecasts, errors by month."""
    models = [m for m in run.ranked if m.name in run.predictions]
    if run.task != "forecasting" or not models:
        return None
    found = {m.name: _forecasts(run.raw_predictions(m)) for m in models}
    best = models[0]
    blocks: list[Block] = []
    if any(one.low is not None for one in found.values()):
        blocks.append(_intervals(models, found))
    reach = [figure for figure in (by_horizon(run, models), by_lags(run, models)) if figure]
    if reach:
        blocks.append(Figures(tuple(reach)))
    for model in models:
        one = found[model.name]
        small = Figures((_residuals(model, one), _by_part(model, one)))
        parts = (_course(model, one), small)
        blocks.append(Fold(sentence(model.title), parts, model.name, model is best))
    return Section("forecast", "Forecasts", _lead(best, found[best.name]), tuple(blocks))


def _forecasts(arrays: dict[str, np.ndarray]) -> _Forecasts:
    n_rows = len(arrays["y_true"])
    coverage = arrays.get("coverage")
    return _Forecasts(
        arrays.get("time", np.arange(1, n_rows + 1)),
        np.asarray(arrays["y_true"], dtype=float),
        np.asarray(arrays["y_pred"], dtype=float),
        arrays.get("low"),
        arrays.get("high"),
        None if coverage is None else float(coverage),
    )


def _lead(best: Model, found: _Forecasts) -> str:
    error = number(float(np.abs(found.errors).mean()), 3)
    words = f"{sentence(best.title)} is {error} off on average."
    if found.inside is None or found.coverage is None:
        return f"{words} It has no intervals: too few training rows to measure their width on."
    return (
        f"{words} Its intervals should hold {share(found.coverage)} of the values to come, and "
        f"hold {share(float(found.inside.mean()))} of those of the test part; their width was "
        "measured on the training part."
    )


def _intervals(models: list[Model], found: dict[str, _Forecasts]) -> Table:
    """Return what the intervals of every model promise and keep, and what they cost in width."""
    columns = (
        Column("model", "Model", "model"), Column("promised", "Promised", "share"),
        Column("kept", "Values within, with 95 % interval", "estimate"),
        Column("width", "Mean width ↓", "number"),
    )  # fmt: skip
    rows = tuple(_kept(m, found[m.name]) for m in models)
    return Table("intervals", "Intervals of the forecasts", columns, rows, True)


def _kept(model: Model, found: _Forecasts) -> Row:
    row: Row = {"model": model.name, "promised": found.coverage, "kept": None, "width": None}
    inside = found.inside
    if inside is None:
        return row
    ends = interval(
        "accuracy", np.ones(len(inside)), inside.astype(float), groups=time_blocks(len(inside))
    )
    width = float(np.mean(np.asarray(found.high) - np.asarray(found.low)))
    return row | {"kept": [float(inside.mean()), *ends], "width": width}


def _course(model: Model, found: _Forecasts) -> Figure:
    """Return truth, forecast and interval of the latest rows."""
    last = slice(-_SHOWN, None)
    columns = (
        Column("time", "Time"), Column("truth", "Came", "number"),
        Column("forecast", "Forecast", "number"), Column("low", "Interval from", "number"),
        Column("high", "to", "number"),
    )  # fmt: skip
    values = {
        "time": _written(found.times[last]),
        "truth": found.truth[last].tolist(),
        "forecast": found.answer[last].tolist(),
        "low": None if found.low is None else found.low[last].tolist(),
        "high": None if found.high is None else found.high[last].tolist(),
    }
    rows = _rows(values)
    title, n_rows = sentence(model.title), len(found.truth)
    which = "all rows" if n_rows <= _SHOWN else f"the latest {_SHOWN} of {n_rows:,} rows"
    inside = found.inside
    band = ""
    if inside is not None:
        outside = counted(int((~inside[last]).sum()), "value")
        band = f" {sentence(outside)} of {len(rows)} outside the shaded interval."
    return Figure(
        f"forecast-{model.name}",
        f"{title}: forecast (line), interval (shaded) and what came (dots); {which}",
        f"{title}: forecasts and what came, {which}, from {values['time'][0]} to "
        f"{values['time'][-1]}.{band}",
        "forecast.draw_course",
        {**values, "x": _axis(found.times[last]), "series": model.series},
        width=_WIDE,
        table=Table(f"forecast-{model.name}", f"{title}: forecasts", columns, rows),
    )


def _residuals(model: Model, found: _Forecasts) -> Figure:
    """Return mean and extremes of the errors of equal stretches of the test part."""
    stretches = np.array_split(np.arange(len(found.truth)), min(len(found.truth), _STRETCHES))
    errors = [found.errors[rows] for rows in stretches]
    first = np.array([rows[0] for rows in stretches])
    columns = (
        Column("time", "From"), Column("least", "Least", "number"),
        Column("mean", "Mean", "number"), Column("most", "Greatest", "number"),
    )  # fmt: skip
    values = {
        "time": _written(found.times[first]),
        "least": [float(part.min()) for part in errors],
        "mean": [float(part.mean()) for part in errors],
        "most": [float(part.max()) for part in errors],
    }
    title, n = sentence(model.title), len(stretches[0])
    each = f"mean and range of {n} rows each" if n > 1 else "each row"
    drift = [float(half.mean()) for half in np.array_split(found.errors, 2) if len(half)]
    return Figure(
        f"errors-over-time-{model.name}",
        f"{title}: what came less the forecast, over time; {each}",
        f"{title}: errors over time. On average "
        f"{' in the first half and '.join(number(d, 3) for d in drift)} in the second.",
        "forecast.draw_residuals",
        {**values, "x": _axis(found.times[first]), "series": model.series},
        table=Table(f"errors-over-time-{model.name}", f"{title}: errors", columns, _rows(values)),
    )


def _by_part(model: Model, found: _Forecasts) -> Figure:
    """Return the mean absolute error, and the share within the interval, by month or tenth."""
    labels, part, what = _parts(found.times)
    columns = (
        Column("part", sentence(what)), Column("rows", "Rows", "integer"),
        Column("error", "Mean absolute error", "number"),
        Column("inside", "Within the interval", "share"),
    )  # fmt: skip
    inside, present = found.inside, np.unique(part)
    rows = tuple(
        {
            "part": labels[p],
            "rows": int(np.sum(part == p)),
            "error": float(np.abs(found.errors[part == p]).mean()),
            "inside": None if inside is None else float(inside[part == p].mean()),
        }
        for p in present
    )
    title = sentence(model.title)
    worst, least = max(rows, key=lambda r: r["error"]), min(rows, key=lambda r: r["error"])
    return Figure(
        f"errors-by-part-{model.name}",
        f"{title}: mean absolute error by {what}",
        f"{title}: mean absolute error by {what}, from {number(least['error'], 3)} "
        f"({least['part']}) to {number(worst['error'], 3)} ({worst['part']}).",
        "forecast.draw_parts",
        {
            "part": [row["part"] for row in rows],
            "error": [row["error"] for row in rows],
            "what": what,
            "series": model.series,
        },
        table=Table(f"errors-by-part-{model.name}", f"{title}: errors by {what}", columns, rows),
    )


def _parts(times: np.ndarray) -> tuple[tuple[str, ...], np.ndarray, str]:
    """Return the names of the parts, the part of every row, and what a part is."""
    if times.dtype.kind == "M":
        month = times.astype("datetime64[M]").astype(int) % 12
        if len(np.unique(month)) > 1:
            return _MONTHS, month, "month"
        hour = times.astype("datetime64[h]").astype(int) % 24
        if len(np.unique(hour)) > 1:
            return tuple(f"{h:02d} h" for h in range(24)), hour, "hour of the day"
    n_parts = min(_PARTS, len(times))
    part = np.arange(len(times)) * n_parts // len(times)
    return tuple(f"{p + 1}" for p in range(n_parts)), part, "part of the test rows"


def _rows(values: dict[str, Any]) -> tuple[Row, ...]:
    """Return columns as rows; a column that is None is empty."""
    n_rows = len(values["time"])
    return tuple(
        {name: None if column is None else column[i] for name, column in values.items()}
        for i in range(n_rows)
    )


def _written(times: np.ndarray) -> list[str]:
    """Return times as people read them: no more of a date than differs."""
    if times.dtype.kind != "M":
        return [number(float(time)) for time in times]
    days = times.astype("datetime64[D]")
    shown = days if (days == times).all() else times.astype("datetime64[m]")
    return [str(time).replace("T", " ") for time in shown]


def _axis(times: np.ndarray) -> dict[str, Any]:
    """Return where times lie on an axis, and whether these are seconds since 1970."""
    is_date = times.dtype.kind == "M"
    values = times.astype("datetime64[s]").astype(np.int64) if is_date else times
    return {"values": np.asarray(values, dtype=float).tolist(), "is_date": is_date}


def draw_course(canvas: Canvas, data: Row) -> None:
    """Draw forecasts as a line, their interval as a surface, what came as dots."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax, x = drawing.time_axes(canvas, data["x"])
    color = drawing.line_style(data["series"])["color"]
    if data["low"] is not None:
        ax.fill_between(x, data["low"], data["high"], color=color, alpha=0.2, linewidth=0)
    ax.plot(x, data["forecast"], color=color, linewidth=1.4)
    ax.plot(x, data["truth"], "o", color=drawing.colour("ink"), markersize=2.5)
    ax.set(ylabel="Value")
    drawing.few_ticks(ax.yaxis, 5)


def draw_residuals(canvas: Canvas, data: Row) -> None:
    """Draw the errors over time."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax, x = drawing.time_axes(canvas, data["x"])
    color = drawing.line_style(data["series"])["color"]
    ax.vlines(x, data["least"], data["most"], color=color, alpha=0.35, linewidth=1.5)
    ax.plot(x, data["mean"], "o", color=color, markersize=2.5)
    ax.axhline(0, color=drawing.colour("muted"), linewidth=1)
    ax.set(ylabel="Came less forecast")
    drawing.few_ticks(ax.yaxis, 5)


def draw_parts(canvas: Canvas, data: Row) -> None:
    """Draw the mean absolute error of every part as a bar."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=60)
    color = drawing.line_style(data["series"])["color"]
    ax.bar(range(len(data["part"])), data["error"], color=color, width=0.7)
    step = -(-len(data["part"]) // 12)
    ax.set_xticks(range(0, len(data["part"]), step), data["part"][::step], fontsize=9)
    ax.set(xlabel=data["what"].capitalize(), ylabel="Mean absolute error")
    drawing.few_ticks(ax.yaxis, 5)
