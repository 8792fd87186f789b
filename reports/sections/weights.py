"""Weights of linear models: which columns count, and which relevance determination drops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table
from reports.run import Model, Run
from reports.words import clean, counted, distinct, number, sentence, share
from search.insights import read_insights

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_BARS = 15
_ROWS = 200  # of the table behind the bars
_BINS = 21
_SMALL = 0.01  # of the largest weight: below it a column hardly counts


def summarize(run: Run) -> Section | None:
    """Return the weights of every linear model, and those of two such models side by side."""
    found = {m.name: clean(read_insights(run.directory, m.name).get("weights")) for m in run.ranked}
    models = [model for model in run.ranked if found[model.name]]
    if not models:
        return None
    folds: list[Block] = [
        Fold(
            sentence(model.title),
            (Figures((_largest(model, found[model.name]), _histogram(model, found[model.name]))),),
            model.name,
            model is models[0],
        )
        for model in models
    ]
    beside = _beside(run, models, found)
    blocks = [Figures((beside,)), *folds] if beside else folds
    lead = " ".join(_in_words(model, found[model.name]) for model in models)
    return Section("weights", "Weights", lead, tuple(blocks))


def _in_words(model: Model, found: Row) -> str:
    counts = _counts(np.array(found["values"]))
    many = "all" if counts.all() else f"{counts.sum()} of"
    return (
        f"{sentence(model.title)} gives {many} {counted(len(counts), 'column')} a weight of "
        f"{share(_SMALL)} of its largest or more."
    )


def _counts(values: np.ndarray) -> np.ndarray:
    """Return which columns have a weight that is not small beside the largest."""
    sizes = np.abs(np.atleast_2d(values)).max(axis=0)
    return sizes > _SMALL * sizes.max()


def _names(found: Row) -> list[str]:
    return distinct([str(name) for name in found["names"]])


def _largest(model: Model, found: Row) -> Figure:
    """Return the weights that are largest, whatever their sign."""
    names, values = _names(found), np.array(found["values"])
    several = len(values) > 1
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:_ROWS]
    rows = tuple(
        {
            "name": names[column],
            "class": found["classes"][line] if several else None,
            "weight": float(values[line, column]),
        }
        for line, column in zip(*np.unravel_index(order, values.shape), strict=True)
    )
    columns = (
        Column("name", "Column"), *((Column("class", "Class", "class"),) if several else ()),
        Column("weight", "Weight", "number"),
    )  # fmt: skip
    shown = [row for row in rows[:_BARS] if row["weight"]]
    bars = [
        {"label": f"{r['name']} ({r['class']})" if several else r["name"], "weight": r["weight"]}
        for r in shown
    ]
    title = sentence(model.title)
    some = "" if len(rows) == values.size else f", the {len(rows)} largest of {values.size:,}"
    towards = f"; above zero: for “{found['classes'][1]}”" if len(found["classes"]) == 2 else ""
    words = ", ".join(f"{bar['label']} {number(bar['weight'], 3)}" for bar in bars[:3])
    return Figure(
        f"weights-{model.name}",
        f"{title}: the largest weights, of columns as they reach the model{towards}",
        f"{title}: the largest weights. {sentence(words) or 'All are zero'}.",
        "weights.draw_largest",
        {"bars": bars, "series": model.series},
        height=max(160, 56 + 20 * len(bars)),
        table=Table(f"weights-{model.name}", f"{title}: weights{some}", columns, rows),
    )


def _histogram(model: Model, found: Row) -> Figure:
    """Return how many weights are how large; those that are zero apart."""
    values = np.ravel(found["values"])
    reach = float(np.abs(values).max()) or 1.0
    edges = np.linspace(-reach, reach, _BINS + 1)
    counts = np.histogram(values, edges)[0]
    zeros = int((values == 0).sum())
    columns = (
        Column("low", "From", "number"), Column("high", "To", "number"),
        Column("count", "Weights", "integer"),
    )  # fmt: skip
    rows = tuple(
        {"low": float(low), "high": float(high), "count": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
    title = sentence(model.title)
    middle = counts[_BINS // 2]
    return Figure(
        f"weight-sizes-{model.name}",
        f"{title}: histogram of the weights; {counted(zeros, 'is', 'are')} exactly zero",
        f"{title}: histogram of {counted(len(values), 'weight')} from {number(float(values.min()))}"
        f" to {number(float(values.max()))}; {middle} in the middle bar, {zeros} exactly zero.",
        "weights.draw_histogram",
        {"edges": edges.tolist(), "counts": counts.tolist(), "zeros": zeros,
         "series": model.series},
        table=Table(f"weight-sizes-{model.name}", f"{title}: sizes of weights", columns, rows),
    )  # fmt: skip


def _beside(run: Run, models: list[Model], found: dict[str, Row]) -> Figure | None:
    """Return the weights of relevance determination against those of least squares."""
    named = {run.manifest["models"][m.name].get("class"): m for m in models}
    ard, plain = named.get("ARDRegression"), named.get("LinearRegression")
    if not ard or not plain or found[ard.name]["names"] != found[plain.name]["names"]:
        return None
    names = _names(found[ard.name])
    pair = [np.ravel(found[model.name]["values"]).tolist() for model in (plain, ard)]
    rows = tuple(
        {"name": name, "plain": one, "ard": other}
        for name, one, other in zip(names, *pair, strict=True)
    )
    counts = _counts(np.array(pair[1]))
    left_out = [abs(row["plain"]) for row, kept in zip(rows, counts, strict=True) if not kept]
    columns = (
        Column("name", "Column"), Column("plain", sentence(plain.title), "number"),
        Column("ard", sentence(ard.title), "number"),
    )  # fmt: skip
    caption = f"Weights of {ard.title} against those of {plain.title}"
    return Figure(
        "weights-compared",
        f"{caption}; on the line they are equal",
        f"{caption}. {sentence(ard.title)} hardly uses {len(left_out)} of "
        f"{counted(len(rows), 'column')}, to which {plain.title} gives weights of up to "
        f"{number(max(left_out, default=0.0), 3)}.",
        "weights.draw_beside",
        {"plain": pair[0], "ard": pair[1], "series": ard.series,
         "titles": [plain.title, ard.title]},
        height=330,
        table=Table("weights-compared", caption, columns, rows[:_ROWS]),
    )  # fmt: skip


def draw_largest(canvas: Canvas, data: Row) -> None:
    """Draw one bar for each weight, to the left where it is negative."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    names = [drawing.label(bar["label"], 24) for bar in data["bars"]]
    ax = drawing.axes(canvas, left=drawing.room(names), bottom=40, top=6)
    weights = [bar["weight"] for bar in data["bars"]]
    color = drawing.line_style(data["series"])["color"]
    ax.barh(range(len(weights)), weights, 0.65, color=color)
    ax.axvline(0, color=drawing.colour("muted"), linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0, labelcolor=drawing.colour("ink"))
    ax.invert_yaxis()
    ax.set(xlabel="Weight")
    drawing.few_ticks(ax.xaxis, 4)


def draw_histogram(canvas: Canvas, data: Row) -> None:
    """Draw how many weights are how large, those that are zero in a lighter part of their bar."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas)
    edges, counts = np.array(data["edges"]), np.array(data["counts"])
    color = drawing.line_style(data["series"])["color"]
    zeros = np.zeros_like(counts)
    zeros[len(counts) // 2] = data["zeros"]
    middles, width = (edges[:-1] + edges[1:]) / 2, 0.92 * (edges[1] - edges[0])
    ax.bar(middles, zeros, width, color=drawing.colour("dummy"))
    ax.bar(middles, counts - zeros, width, zeros, color=color)
    ax.set(xlabel="Weight (grey: exactly zero)", ylabel="Number of weights")
    drawing.few_ticks(ax.xaxis, 5)
    drawing.few_ticks(ax.yaxis, 5, integer=True)


def draw_beside(canvas: Canvas, data: Row) -> None:
    """Draw one point a column, least squares to the right, relevance determination upwards."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=60)
    reach = max(map(abs, (*data["plain"], *data["ard"])), default=1.0) or 1.0
    ax.plot([-reach, reach], [-reach, reach], color=drawing.colour("line"), linewidth=1)
    ax.axhline(0, color=drawing.colour("line"), linewidth=1)
    style = drawing.line_style(data["series"])
    mark = drawing.marker(data["series"])
    ax.plot(data["plain"], data["ard"], mark, color=style["color"], alpha=0.75, markersize=6)
    ax.set(xlabel=f"Weight in {drawing.label(data['titles'][0], 28)}")
    ax.set(ylabel=f"Weight in {drawing.label(data['titles'][1], 28)}")
    drawing.few_ticks(ax.xaxis, 5)
    drawing.few_ticks(ax.yaxis, 5)
