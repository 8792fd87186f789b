"""A series with the alarms of a detector and the stretches that are labelled abnormal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.blocks import Column, Figure, Row, Table
from reports.run import Model, Predictions, Run
from reports.words import counted, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_MOST_STRETCHES = 400


def figure(run: Run, model: Model, found: Predictions) -> Figure | None:
    """Return the plot of one model; None where the rows are not those of a series."""
    values = run.sample.get("test_X") if run.kind == "series" else None
    if values is None or np.ndim(values) != 2 or not np.issubdtype(values.dtype, np.number):
        return None
    n_rows = min(len(values), len(found.truth))
    series = np.asarray(values[:n_rows, 0], dtype=float)
    strange, alarm = found.truth[:n_rows] == 1, found.answer[:n_rows] == 1
    windows, episodes = stretches(strange), stretches(alarm)
    hit = sum(bool(alarm[start : end + 1].any()) for start, end in windows)
    where = "" if n_rows == len(found.truth) else f", the first {n_rows:,} rows"
    title = sentence(model.title)
    columns = (
        Column("from", "From row", "integer"),
        Column("to", "To row", "integer"),
        Column("what", "What"),
    )
    told = [(*w, "labelled abnormal") for w in windows] + [(*e, "alarm") for e in episodes]
    rows = tuple(dict(zip(("from", "to", "what"), entry, strict=True)) for entry in sorted(told))
    return Figure(
        f"series-{model.name}",
        f"{title}: the series{where}; shaded what is labelled abnormal, marked the alarms",
        f"{title}: {counted(len(episodes), 'episode')} of alarms; {hit} of "
        f"{counted(len(windows), 'labelled window')} met by one.",
        "series_alarms.draw_series",
        {**_thinned(series, alarm), "windows": windows, "name": _name(run)},
        width=740,
        table=Table(f"series-{model.name}", f"{title}: windows and alarms", columns, rows),
    )


def stretches(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last row of every unbroken run of true flags.

    >>> stretches(np.array([False, True, True, False, True]))
    [(1, 2), (4, 4)]
    """
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _name(run: Run) -> str:
    names = run.data.get("feature_names") or ("value",)
    return str(names[0])


def _thinned(series: np.ndarray, alarm: np.ndarray) -> Row:
    """Return lowest and highest value of equal stretches, and the highest of those with alarms."""
    parts = np.array_split(np.arange(len(series)), min(len(series), _MOST_STRETCHES))
    loud = [part[alarm[part]] for part in parts if alarm[part].any()]
    marked = [int(rows[series[rows].argmax()]) for rows in loud]
    return {
        "row": [int(part[0]) for part in parts],
        "low": [round(float(series[part].min()), 6) for part in parts],
        "high": [round(float(series[part].max()), 6) for part in parts],
        "alarm_row": marked,
        "alarm_value": [round(float(series[row]), 6) for row in marked],
    }


def draw_series(canvas: Canvas, data: Row) -> None:
    """Draw the series, the labelled windows as bands, alarms as markers."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=64, bottom=50 + drawing.legend_height(3, 3))
    for i, (start, end) in enumerate(data["windows"]):
        ax.axvspan(start, end + 1, color=drawing.colour("muted"), alpha=0.25, linewidth=0,
                   label="" if i else "labelled abnormal")  # fmt: skip
    # the course within a stretch is too narrow to be seen: what is drawn is its range
    across = np.repeat(data["row"], 2)
    ax.plot(across, np.ravel(np.column_stack([data["low"], data["high"]])), linewidth=0.8,
            color=drawing.line_style(0)["color"], label=drawing.label(data["name"]))  # fmt: skip
    ax.plot(data["alarm_row"], data["alarm_value"], drawing.marker(1), markersize=5,
            color=drawing.line_style(1)["color"], label="alarm")  # fmt: skip
    ax.set(xlabel="Row of the test part", ylabel=drawing.label(data["name"]))
    drawing.few_ticks(ax.xaxis, 8, integer=True)
    drawing.few_ticks(ax.yaxis, 5)
    drawing.legend_below(canvas, ax, 3)
