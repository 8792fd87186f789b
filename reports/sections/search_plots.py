"""The plots of a search: history, importances, slices, parallel coordinates.

Optuna draws these too, but in a style of its own (ggplot, set for good) that no page can colour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.blocks import Row
from reports.words import setting, share, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_ROOM = 24  # characters under one of the small plots


def draw_history(canvas: Canvas, data: Row) -> None:
    """Draw each trial, and the best so far as a step."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=58)
    colour = drawing.line_style(data["series"])["color"]
    done = [r for r in data["rows"] if r["state"] == "complete" and r["value"] is not None]
    other = [r["number"] for r in data["rows"] if r not in done]
    if done:
        numbers, values = [r["number"] for r in done], [r["value"] for r in done]
        best = (np.maximum if data["greater"] else np.minimum).accumulate(values)
        ax.step(numbers, best, where="post", color=colour, linewidth=1.6)
        ax.plot(numbers, values, "o", color=colour, alpha=0.55, markersize=5.5, markeredgewidth=0)
    if other:
        ax.plot(
            other, [0.02] * len(other), "x", color=drawing.colour("error"), markersize=5,
            transform=ax.get_xaxis_transform(), label="pruned or failed",
        )  # fmt: skip
        ax.legend(loc="lower right")
    ax.set(xlabel="Trial", ylabel=data["metric"])
    drawing.few_ticks(ax.xaxis, 6, integer=True)
    ax.grid(axis="y")


def draw_importances(canvas: Canvas, data: Row) -> None:
    """Draw one bar per parameter."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    names = [drawing.label(row["name"], 24) for row in data["rows"]]
    ax = drawing.axes(canvas, left=drawing.room(names), right=48, bottom=24, top=6)
    values = [row["value"] for row in data["rows"]]
    bars = ax.barh(names, values, 0.6, color=drawing.line_style(data["series"])["color"])
    ax.bar_label(bars, [share(value) for value in values], padding=4)
    ax.invert_yaxis()
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0, labelcolor=drawing.colour("ink"))
    ax.spines["bottom"].set_visible(False)


def draw_slices(canvas: Canvas, data: Row) -> None:
    """Draw one small plot per parameter."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    width, height = (72 * side for side in canvas.get_size_inches())
    colour = drawing.line_style(data["series"])["color"]
    for i, part in enumerate(data["slices"]):
        left, top = 62 + (i % 3) * (width - 62) / 3, 26 + (i // 3) * 162
        below = height - top - 110
        ax = drawing.axes(canvas, left, width - left - (width - 62) / 3 + 22, top, below)
        x, labels = _places([point[0] for point in part["points"]], part["scale"])
        ax.plot(
            x, [point[1] for point in part["points"]], "o", color=colour, alpha=0.6,
            markersize=5.5, markeredgewidth=0,
        )  # fmt: skip
        if labels:
            _write_categories(ax, labels)
        elif part["scale"] == "log":
            drawing.log_axis(ax)
        else:
            drawing.few_ticks(ax.xaxis, 4)
        drawing.few_ticks(ax.yaxis, 4)
        ax.set_title(drawing.label(part["name"], 26), fontsize=11)
        if i % 3:
            ax.tick_params(labelleft=False)
        elif i == 0:
            ax.set_ylabel(data["metric"])
        ax.grid(axis="y")


def draw_parallel(canvas: Canvas, data: Row) -> None:
    """Draw one line per trial over axes that all reach from 0 to 1."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    axes = [*data["axes"], {"name": data["metric"], "scale": "linear"}]
    columns = list(zip(*data["lines"], strict=True))
    heights, ends = zip(
        *(_heights(c, a["scale"]) for c, a in zip(columns, axes, strict=True)), strict=True
    )
    ax = drawing.axes(canvas, left=50, right=50, top=20, bottom=44)
    n_best = max(1, len(data["lines"]) // 10)
    colour = drawing.line_style(data["series"])["color"]
    for i, line in enumerate(np.column_stack(heights)):
        is_best = i >= len(data["lines"]) - n_best
        style = {"color": colour, "linewidth": 2} if is_best else {
            "color": drawing.colour("muted"), "linewidth": 0.8, "alpha": 0.45
        }  # fmt: skip
        ax.plot(range(len(axes)), line, **style)
    for place, (low, high) in enumerate(ends):
        ax.axvline(place, color=drawing.colour("line"), linewidth=1, zorder=0)
        ax.text(place, -0.03, low, ha="center", va="top", fontsize=9.5)
        ax.text(place, 1.03, high, ha="center", va="bottom", fontsize=9.5)
    ax.set(xlim=(-0.2, len(axes) - 0.8), ylim=(0, 1), yticks=[])
    length = max(6, 90 // len(axes))
    ax.set_xticks(range(len(axes)), [drawing.label(a["name"], length) for a in axes])
    ax.tick_params(axis="x", length=0, pad=18, labelcolor=drawing.colour("ink"))
    for spine in ax.spines.values():
        spine.set_visible(False)


def _places(values: list[Any], scale: str) -> tuple[list[float], list[str]]:
    """Return where values stand on an axis, and the labels if they are categories."""
    if scale != "category":
        return [float(value) for value in values], []
    written = [_category(value) for value in values]
    labels = sorted(set(written), key=_numbers_as_such)
    return [float(labels.index(text)) for text in written], labels


def _category(value: Any) -> str:
    """Return a short name of a choice: a step with what was set of it, and no more.

    >>> _category("PCA(n_components=50, random_state=0)"), _category((16, 32))
    ('PCA(50)', '(16, 32)')
    """
    return re.sub(r"\w+=", "", setting(value))


def _numbers_as_such(text: str) -> list[tuple[int, float, str]]:
    """Return what puts "a(25)" before "a(100)"."""
    parts = re.split(r"(\d+)", text)
    return [(0, float(part), "") if part.isdigit() else (1, 0.0, part) for part in parts]


def _write_categories(ax: Axes, labels: list[str]) -> None:
    """Write the names of choices under an axis, aslant where they need more room than there is."""
    names = [shorten(label, 14) for label in labels]
    ax.set_xticks(range(len(names)), names)
    ax.margins(x=0.15)
    if sum(map(len, names)) > _ROOM:
        ax.tick_params(axis="x", labelrotation=28, labelsize=9, pad=1)
        for written in ax.get_xticklabels():
            written.set(horizontalalignment="right", rotation_mode="anchor")


def _heights(values: tuple[Any, ...], scale: str) -> tuple[np.ndarray, tuple[str, str]]:
    """Return values on a common scale from 0 to 1, and how its ends are written."""
    places, labels = _places(list(values), scale)
    x = np.log(places) if scale == "log" else np.asarray(places)
    reach = x.max() - x.min()
    heights = (x - x.min()) / reach if reach else np.full(len(x), 0.5)
    if labels:
        return heights, (shorten(labels[0], 14), shorten(labels[-1], 14))
    return heights, (f"{min(places):.3g}", f"{max(places):.3g}")
