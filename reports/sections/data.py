"""What the models were given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.blocks import (
    Block,
    Column,
    Figure,
    Figures,
    Gallery,
    Picture,
    Row,
    Section,
    Table,
    Text,
)
from reports.pictures import feature_columns, feature_values, picture
from reports.run import Run
from reports.sections.plane import plane_of_rows
from reports.words import counted, number, share, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_PER_CLASS = 6
_MOST_PICTURES = 60
_MOST_CLASSES = 30  # more make no bars that can be read


def summarize(run: Run) -> Section:
    """Return what is known of the data, the counts of the classes, samples and a map."""
    blocks: list[Block] = [_facts(run)]
    has_sample = "train_X" in run.sample and len(run.sample["train_X"]) > 2
    figures = [_counts(run)] if run.is_classification else []
    if has_sample and not run.is_classification:
        figures.append(_targets(run))
    if has_sample and (plane := plane_of_rows(run)):
        figures.append(plane)
    if figures:
        blocks.append(Figures(tuple(figures)))
    if has_sample:
        blocks.append(_samples(run))
    blocks += _full_names(run)
    return Section(
        "data", "The data", shorten(run.data.get("description") or "", 500), tuple(blocks)
    )


def _facts(run: Run) -> Table:
    data = run.data
    shape = data.get("image_shape")
    facts = {
        "Name": data["name"],
        "Rows": f"{data['n_train']:,} for training, {data['n_test']:,} for the test",
        "Columns": None if not data.get("n_features") else f"{data['n_features']:,}",
        "Image": " × ".join(map(str, shape)) + " (height, width, channels)" if shape else None,
        "Classes": f"{len(run.classes):,}" if run.is_classification else None,
        "Source": data.get("source"),
        "Licence": data.get("licence"),
    }
    rows = tuple({"what": k, "value": shorten(str(v), 500)} for k, v in facts.items() if v)
    return Table("data", "At a glance", (Column("what", "What"), Column("value", "Value")), rows)


def _counts(run: Run) -> Figure:
    """Return how many rows of each class stand in both parts."""
    labels = [str(label) for label in run.known]
    counts = run.data.get("class_counts") or {}
    rows: tuple[Row, ...] = tuple(
        {
            "class": name,
            **{part: int((counts.get(part) or {}).get(label, 0)) for part in ("train", "test")},
        }
        for name, label in zip(run.classes, labels, strict=True)
    )
    columns = (
        Column("class", "Class", "class"),
        Column("train", "Training rows", "integer"),
        Column("test", "Test rows", "integer"),
    )
    shown = sorted(rows, key=lambda row: -row["train"])[:_MOST_CLASSES]
    shown = [row for row in rows if row in shown]
    return Figure(
        "class-counts",
        "Rows of each class in the training and the test part",
        f"Rows of {counted(len(rows), 'class', 'classes')}: {_balance(rows)}.",
        "data.draw_counts",
        {"rows": shown},
        height=max(200, 70 + 22 * len(shown)),
        table=Table("class-counts", "Rows of each class", columns, rows),
    )


def _balance(rows: tuple[Row, ...]) -> str:
    """Return which class is the commonest and which the rarest, in words."""
    commonest = max(rows, key=lambda row: row["train"])
    rarest = min(rows, key=lambda row: row["train"])
    total = max(1, sum(row["train"] for row in rows))
    if commonest["train"] == rarest["train"]:
        return f"{commonest['train']:,} training rows of each"
    return (
        f"most are {commonest['class']} ({share(commonest['train'] / total)} of the training "
        f"part), fewest {rarest['class']} ({share(rarest['train'] / total)})"
    )


def _targets(run: Run) -> Figure:
    """Return the distribution of the numbers to predict."""
    y = np.asarray(run.sample["train_y"], dtype=float)
    edges = np.histogram_bin_edges(y, bins=min(30, max(5, int(np.sqrt(len(y))))))
    counts = np.histogram(y, edges)[0]
    rows = tuple(
        {"low": float(low), "high": float(high), "count": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
    columns = (
        Column("low", "From", "number"),
        Column("high", "To", "number"),
        Column("count", "Rows", "integer"),
    )
    return Figure(
        "targets",
        f"The numbers to predict, in {counted(len(y), 'training row')}",
        f"Numbers to predict: {number(y.min())} to {number(y.max())}, mean {number(y.mean())}.",
        "data.draw_targets",
        {"edges": edges.tolist(), "counts": counts.tolist()},
        table=Table("targets", "The numbers to predict", columns, rows),
    )


def _samples(run: Run) -> Gallery | Table:
    """Return training rows of every class to look at."""
    if run.is_classification:
        codes = run.encode(run.sample["train_y"])
        per_class = max(1, min(_PER_CLASS, _MOST_PICTURES // max(1, len(run.classes))))
        rows = [
            int(i)
            for c in range(min(len(run.classes), _MOST_PICTURES))
            for i in np.flatnonzero(codes == c)[:per_class]
        ]
        names = [run.classes[codes[i]] for i in rows]
    else:
        rows = list(range(min(10, len(run.sample["train_X"]))))
        names = [number(float(run.sample["train_y"][i])) for i in rows]
    caption = "Samples of the training part"
    if run.kind == "image" and run.data.get("image_shape"):
        return Gallery("samples", caption, tuple(_pictures(run, rows, names)))
    columns = (Column("y", "Class" if run.is_classification else "Target", "class"),)
    table = tuple(
        {"y": name, **feature_values(run, "train", i)} for i, name in zip(rows, names, strict=True)
    )
    return Table("samples", caption, (*columns, *feature_columns(run)), table)


def _pictures(run: Run, rows: list[int], names: list[str]) -> list[Picture]:
    return [
        picture(run, "train", i, f"Training sample of {name}", [name])
        for i, name in zip(rows, names, strict=True)
    ]


def _full_names(run: Run) -> list[Block]:
    """Return the names that had to be cut, as far as a page can show them."""
    if not run.is_classification:
        return []
    cut = tuple(
        {"short": short, "full": shorten(full, 1000)}
        for short, full in zip(run.classes, run.class_names, strict=True)
        if short != full
    )
    columns = (Column("short", "In this report", "class"), Column("full", "Full name"))
    note = Text("Names of classes that are too long, or hold what cannot be printed:", "small")
    return [note, Table("class-names", "Names of classes", columns, cut)] if cut else []


def draw_counts(canvas: Canvas, data: Row) -> None:
    """Draw two bars per class."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    rows = data["rows"]
    names = [drawing.label(row["class"], 18) for row in rows]
    ax = drawing.axes(canvas, left=drawing.room(names, 24, 120), bottom=64, right=20)
    y = np.arange(len(rows))
    ax.barh(
        y - 0.19, [r["train"] for r in rows], 0.36, color=drawing.colour("s0"), label="Training"
    )
    ax.barh(y + 0.19, [r["test"] for r in rows], 0.36, color=drawing.colour("s1"), label="Test")
    ax.set(yticks=y, yticklabels=names, ylim=(len(rows) - 0.4, -0.6), xlabel="Rows")
    ax.tick_params(axis="y", length=0, labelcolor=drawing.colour("ink"))
    drawing.few_ticks(ax.xaxis, 5, integer=True)
    ax.grid(axis="x")
    drawing.legend_below(canvas, ax)


def draw_targets(canvas: Canvas, data: Row) -> None:
    """Draw the histogram."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas)
    ax.stairs(data["counts"], data["edges"], fill=True, color=drawing.colour("s0"), alpha=0.8)
    ax.set(xlabel="Number to predict", ylabel="Rows")
    ax.grid(axis="y")
