"""What models know of the rows: given back through a code, drawn anew, filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Gallery, Row, Section, Table
from reports.pictures import picture_of
from reports.run import Model, Run
from reports.words import clean, number, sentence
from search.insights import read_insights

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_MOST_ROWS = 200  # of a table behind a plot
_ACROSS = 2


def summarize(run: Run) -> Section | None:
    """Return what every autoencoder and Boltzmann machine makes of rows."""
    known = {m.name: clean(read_insights(run.directory, m.name).get("samples")) for m in run.ranked}
    models = [model for model in run.ranked if known[model.name]]
    if not models:
        return None
    folds: list[Block] = [
        Fold(
            sentence(model.title), tuple(_blocks(model, known[model.name])), model.name,
            model is models[0],
        )
        for model in models
    ]  # fmt: skip
    return Section("samples", "Given back and drawn", _lead(known[models[0].name]), tuple(folds))


def _lead(found: Row) -> str:
    parts = {
        "back": "test rows and what comes back through the code, the worst first",
        "drawn": "rows drawn anew",
        "between": "the way from one row to another",
        "filled": "rows whose second half was hidden and guessed",
        "filters": "what hidden units look for",
    }
    told = [words for name, words in parts.items() if name in found]
    return sentence("; ".join(told)) + "."


def _blocks(model: Model, found: Row) -> list[Block]:
    show = _pictures if found["shape"] else _curves
    blocks: list[Block] = []
    if rows := found.get("back"):
        blocks += [show(model, "back", found, _pairs(rows, "back")), _codes(model, rows)]
    if "drawn" in found:
        blocks.append(show(model, "drawn", found, _alone(found["drawn"])))
    if "filters" in found:
        filters = np.array(found["filters"])  # each on its own scale: layers differ in theirs
        filters /= np.abs(filters).max(axis=1, keepdims=True).clip(1e-12)
        blocks.append(show(model, "filters", found, _alone(filters.tolist())))
    if rows := found.get("filled"):
        blocks.append(show(model, "filled", found, _pairs(rows, "filled")))
    if rows := found.get("between"):
        blocks.append(show(model, "between", found, _alone(rows)))
        blocks.append(Figures((_profile(model, rows),)))
    return blocks


_CAPTIONS = {
    "back": "test rows as they are, and as they come back",
    "drawn": "rows drawn anew",
    "between": "the way from one test row to another, at equal steps of the code",
    "filled": "test rows as they are, and with the second half guessed from the first",
    "filters": "what hidden units look for, bright where a value turns them on",
}
Shown = tuple[list[Sequence[float]], tuple[str, ...]]  # one row or two, and words


def _alone(rows: list[Sequence[float]]) -> list[Shown]:
    return [([row], ()) for row in rows]


def _pairs(rows: list[Row], after: str) -> list[Shown]:
    return [
        (
            [row["given"], row[after]],
            (
                f"row {row['row']}",
                *([f"error {number(row['error'], 3)}"] if "error" in row else []),
            ),
        )
        for row in rows
    ]


def _pictures(model: Model, name: str, found: Row, shown: list[Shown]) -> Gallery:
    """Return grey images, those that belong together side by side."""
    caption = f"{sentence(model.title)}: {_CAPTIONS[name]}"
    values = np.array([rows for rows, _ in shown], dtype=float)
    scale = float(values.min()), float(values.max())
    height, width = found["shape"]
    pictures = []
    for i, (images, (_, words)) in enumerate(
        zip(values.reshape(len(shown), -1, height, width), shown, strict=True)
    ):
        gap = np.full((height, 1), scale[1])
        parts = [part for image in images for part in (image, gap)][:-1]
        alt = f"{_CAPTIONS[name]}, {i + 1} of {len(shown)}"
        pictures.append(
            picture_of(np.hstack(parts)[..., None], scale, f"{name}-{model.name}-{i}", alt, words)
        )
    return Gallery(f"{name}-{model.name}", caption, tuple(pictures))


def _curves(model: Model, name: str, found: Row, shown: list[Shown]) -> Figures:
    """Return rows as curves over their columns, those that belong together in one plot."""
    caption = f"{sentence(model.title)}: {_CAPTIONS[name]}"
    kept = shown[:6]
    keys = [(f"v{i}_{j}", i, j) for i, (rows, _) in enumerate(kept) for j in range(len(rows))]
    titles = [" ".join(words) or f"{i + 1}" for i, (_, words) in enumerate(kept)]
    columns = (
        Column("place", "Column", "integer"),
        *(Column(key, f"{titles[i]}{', after' if j else ''}", "number") for key, i, j in keys),
    )
    n = min(_MOST_ROWS, len(kept[0][0][0]))
    table = tuple(
        {"place": place + 1, **{key: kept[i][0][j][place] for key, i, j in keys}}
        for place in range(n)
    )
    data: dict[str, Any] = {"rows": [rows for rows, _ in kept], "titles": titles}
    plot = f"{name}-{model.name}"
    return Figures(
        (
            Figure(
                plot, caption, f"{caption}: {', '.join(titles)}.", "samples.draw_curves", data,
                height=110 * -(-len(kept) // _ACROSS) + 10,
                table=Table(plot, caption, columns, table),
            ),
        )
    )  # fmt: skip


def _codes(model: Model, rows: list[Row]) -> Table:
    n_code = len(rows[0]["code"])
    columns = (
        Column("row", "Test row", "integer"),
        Column("error", "Mean squared error", "number"),
        *(Column(f"code{i}", f"Code {i + 1}", "number") for i in range(n_code)),
    )
    listed = tuple(
        {"row": row["row"], "error": row["error"]}
        | {f"code{i}": value for i, value in enumerate(row["code"])}
        for row in rows
    )
    caption = f"{sentence(model.title)}: errors, and the beginning of the codes"
    return Table(f"codes-{model.name}", caption, columns, listed)


def _profile(model: Model, rows: list[list[float]]) -> Figure:
    """Return how far every step goes: a smooth way has no leap."""
    steps = np.linalg.norm(np.diff(np.array(rows), axis=0), axis=1)
    caption = f"{sentence(model.title)}: how far each step of the way goes"
    alt = f"{caption}: from {number(float(steps.min()), 3)} to {number(float(steps.max()), 3)}."
    columns = (Column("step", "Step", "integer"), Column("distance", "Distance", "number"))
    listed = tuple({"step": i, "distance": float(d)} for i, d in enumerate(steps, 1))
    name = f"profile-{model.name}"
    return Figure(
        name, caption, alt, "samples.draw_profile", {"distance": steps.tolist()}, height=200,
        table=Table(name, caption, columns, listed),
    )  # fmt: skip


def draw_curves(canvas: Canvas, data: Row) -> None:
    """Draw every row, and dashed what became of it."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    down = -(-len(data["rows"]) // _ACROSS)
    for i, (rows, title) in enumerate(zip(data["rows"], data["titles"], strict=True)):
        line, column = divmod(i, _ACROSS)
        bottom = 1 - (line + 1) / down
        ax = canvas.add_axes((column / _ACROSS + 0.02, bottom + 0.03, 0.46, 0.78 / down))
        for row, style in zip(rows, (drawing.line_style(0), drawing.line_style(1)), strict=False):
            ax.plot(row, **style | {"linewidth": 1.2})
        ax.set_title(title, fontsize=10)
        ax.set(xticks=[], yticks=[])


def draw_profile(canvas: Canvas, data: Row) -> None:
    """Draw the distance of each step."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas)
    steps = range(1, len(data["distance"]) + 1)
    ax.plot(steps, data["distance"], marker=drawing.marker(0), **drawing.line_style(0))
    ax.set(xlabel="Step", ylabel="Distance")
    ax.set_ylim(bottom=0)
    drawing.few_ticks(ax.xaxis, integer=True)
    drawing.few_ticks(ax.yaxis, 4)
