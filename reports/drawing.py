"""What the sections draw with: colours, axes laid out by hand, legends, labels that keep apart.

Importing this module imports matplotlib; ``import reports`` does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from reports import palette
from reports.blocks import Row
from reports.words import seconds, shorten


def colour(name: str) -> str:
    """Return a colour of the palette as matplotlib takes it."""
    return palette.LIGHT[name]


def line_style(series: int | None) -> dict[str, Any]:
    """Return colour and dash of a series, None for the dummy."""
    if series is None:
        return {"color": colour("dummy"), "linestyle": (0, (1, 2)), "linewidth": 1.6}
    dash = palette.DASHES[series % len(palette.DASHES)]
    return {"color": colour(palette.series(series)), "linestyle": dash}


def marker(series: int | None) -> str:
    """Return the marker of a series, None for the dummy."""
    return "x" if series is None else palette.MARKERS[series % len(palette.MARKERS)]


def axes(
    canvas: Canvas, left: float = 54, right: float = 12, top: float = 14, bottom: float = 44
) -> Axes:
    """Return axes with margins in points; the ones given as the canvas is laid out by hand."""
    width, height = (72 * side for side in canvas.get_size_inches())
    return canvas.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - top - bottom) / height,
        )
    )


def limits(
    rows: Sequence[Row], values: Callable[[Row], Sequence[float | None]]
) -> tuple[float, float]:
    """Return the range of an axis of scores: of the models, and of the dummy if it is not far off.

    A dummy that is twice as far away as the models are from each other would press them together.
    """
    models = [v for row in rows if row["series"] is not None for v in values(row) if v is not None]
    everything = [v for row in rows for v in values(row) if v is not None]
    low, high = min(models or everything), max(models or everything)
    reach = max(high - low, 1e-3 * max(abs(low), abs(high), 1e-9))
    if min(everything) >= low - 2 * reach and max(everything) <= high + 2 * reach:
        low, high = min(everything), max(everything)
    margin = 0.12 * max(high - low, reach)
    return low - margin, high + margin


def time_axis(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis of seconds as durations."""
    low, high = axis.get_view_interval()
    axis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(NullLocator())
    decades = math.log10(high / low)
    if decades < 0.8:
        few_ticks(axis, 4)
        return
    subs = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=7))


def log_axis(ax: Axes) -> None:
    """Make the horizontal axis logarithmic, with a few plain numbers."""
    ax.set_xscale("log")
    ax.autoscale_view()
    low, high = ax.get_xlim()
    subs = (1.0,) if high / low > 100 else (1.0, 3.0) if high / low > 10 else (1.0, 2.0, 5.0)
    ax.xaxis.set_major_locator(LogLocator(base=10, subs=subs, numticks=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_minor_locator(NullLocator())


def room(labels: Sequence[str], least: float = 40, most: float = 190) -> float:
    """Return the margin in points that the longest of some labels needs."""
    return min(most, max(least, 14 + 5.9 * max(map(len, labels), default=0)))


def legend_height(n_entries: int, columns: int = 2) -> int:
    """Return the points that :func:`legend_below` needs."""
    return 12 + 17 * -(-n_entries // columns)


def legend_below(canvas: Canvas, ax: Axes, columns: int = 2, *, best_last: bool = False) -> None:
    """Place the legend of ``ax`` at the foot of the canvas, the best model first."""
    handles, labels = ax.get_legend_handles_labels()
    if old := ax.get_legend():
        old.remove()
    if best_last:
        handles, labels = handles[::-1], labels[::-1]
    canvas.legend(
        handles, labels, loc="lower left", ncols=columns, borderaxespad=0.2, handlelength=2.6,
        columnspacing=1.2, labelspacing=0.35, bbox_to_anchor=(0.02, 0.0),
    )  # fmt: skip


def label(text: str, length: int = 22) -> str:
    """Return a name as it stands in a plot."""
    return shorten(text, length)


def label_points(ax: Axes, points: Sequence[Row], x: str, y: str) -> None:
    """Write the title of each point beside it, on the side that has room, apart from the others."""
    ax.autoscale_view()  # without settled limits positions mean nothing
    box = ax.get_window_extent()
    taken: list[tuple[float, float, float]] = []
    for point in sorted(points, key=lambda p: p[y]):
        text = label(point["title"])
        width = 5.9 * len(text)
        right, up = ax.transData.transform((point[x], point[y]))
        on_right = right + 9 + width < box.x1 + 12
        start = right + 9 if on_right else right - 9 - width
        while any(abs(up - v) < 13 and start < e and s < start + width for s, e, v in taken):
            up += 3
        taken.append((start, start + width, up))
        ax.annotate(
            text, (point[x], point[y]), (right + 9 if on_right else right - 9, up),
            textcoords="figure pixels", ha="left" if on_right else "right", va="center",
            fontsize=10.5,
        )  # fmt: skip


def few_ticks(axis: Axis, n: int = 5, *, integer: bool = False) -> None:
    """Put at most so many ticks on an axis."""
    axis.set_major_locator(MaxNLocator(n, integer=integer))


def time_axes(canvas: Canvas, times: Row) -> tuple[Axes, list[Any]]:
    """Return axes whose horizontal one is time, and where the times lie on it.

    ``times`` holds ``values``, seconds since 1970 where ``is_date``, else plain numbers.
    """
    ax = axes(canvas, left=60)
    if not times["is_date"]:
        few_ticks(ax.xaxis, 5)
        return ax, times["values"]
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]  # matplotlib has none
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]  # matplotlib has none
    ax.xaxis.set_major_formatter(formatter)
    return ax, [datetime.fromtimestamp(value, UTC) for value in times["values"]]
