"""Self-organising maps: where they are torn, where rows fall, and what their units hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table
from reports.run import Model, Run
from reports.words import clean, counted, distinct, number, sentence, share, shorten
from search.insights import read_insights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_WRITTEN = 15  # units of a side up to which their classes are written
_PLANES_ACROSS = 2
_COLOURED = 8  # units up to which their rows have colours of their own


def summarize(run: Run) -> Section | None:
    """Return U-matrix, hits, planes or units of every self-organising map, and it among rows."""
    maps = {m.name: clean(read_insights(run.directory, m.name).get("map")) for m in run.ranked}
    models = [model for model in run.ranked if maps[model.name]]
    if not models:
        return None
    folds: list[Block] = [
        Fold(
            sentence(model.title),
            (Figures(tuple(_figures(run, model, maps[model.name]))),),
            model.name,
            model is models[0],
        )
        for model in models
    ]
    lead = _in_words(models[0], maps[models[0].name])
    return Section("maps", "Maps", lead, tuple(folds))


def _in_words(model: Model, found: Row) -> str:
    hits = np.array(found["hits"])
    return (
        f"{sentence(model.title)}: {counted(hits.size, 'unit')}, {int((hits == 0).sum())} of them "
        f"without a training row; mean distance of the rows to their unit "
        f"{number(found['quantization_error'])}; of {share(found['topographic_error'])} of the "
        "rows the two nearest units do not touch."
    )


def _figures(run: Run, model: Model, found: Row) -> list[Figure]:
    figures = [_u_matrix(run, model, found), _hits(model, found)]
    if found.get("view"):
        figures.append(_view(model, found))
    if found.get("planes"):
        figures.append(_planes(model, found))
    if found.get("units"):
        figures.append(_units(model, found))
    return figures


def _u_matrix(run: Run, model: Model, found: Row) -> Figure:
    names = _class_names(run, found)
    words = "U-matrix, the distance of every unit to those it touches; dark ridges part clusters"
    if names:
        words += "; letters: the commonest class of its training rows"
    cells: dict[str, Any] = {"distance": np.ravel(found["u_matrix"])}
    columns = [Column("distance", "Distance to its neighbours", "number")]
    if names:
        labels = np.ravel(found["labels"])
        cells["class"] = [names[label] if label >= 0 else None for label in labels]
        columns.append(Column("class", "Commonest class", "class"))
    name = f"u-matrix-{model.name}"
    return Figure(
        name, f"{sentence(model.title)}: {words}",
        f"{sentence(model.title)}: {words}. {_extremes(found['u_matrix'])}", "maps.draw_grid",
        {**_grid(found), "values": found["u_matrix"], "labels": found.get("labels"),
         "names": names},
        height=_height(found["hits"]),
        table=_table(name, f"{sentence(model.title)}: U-matrix", found, columns, cells),
    )  # fmt: skip


def _hits(model: Model, found: Row) -> Figure:
    caption = f"{sentence(model.title)}: training rows of every unit"
    columns = [Column("hits", "Training rows", "integer")]
    name, cells = f"hits-{model.name}", {"hits": np.ravel(found["hits"])}
    return Figure(
        name, caption, f"{caption}. {_extremes(found['hits'])}", "maps.draw_grid",
        {**_grid(found), "values": found["hits"]}, height=_height(found["hits"]),
        table=_table(name, caption, found, columns, cells),
    )  # fmt: skip


def _view(model: Model, found: Row) -> Figure:
    """Return the map among its rows: where units lie, which touch, whose the rows are."""
    view = found["view"]
    caption = (
        f"{sentence(model.title)}: the units among {counted(len(view['rows']), 'training row')}, "
        "joined where they touch"
    )
    across, up = distinct([shorten(str(axis), 24) for axis in view["axes"]])
    units = np.array(view["units"])
    columns = [Column("across", across, "number"), Column("up", up, "number")]
    name, cells = f"view-{model.name}", {"across": units[:, 0], "up": units[:, 1]}
    alt = f"{caption}. Across: {across}; up: {up}."
    return Figure(
        name, caption, alt, "maps.draw_view", {**view, "axes": [across, up]},
        table=_table(name, f"{sentence(model.title)}: where the units lie", found, columns, cells),
    )  # fmt: skip


def _planes(model: Model, found: Row) -> Figure:
    caption = (
        f"{sentence(model.title)}: component planes, one column at a time over the map; "
        "dark is high"
    )
    names = distinct([str(name) for name in found["names"]], 18)
    columns = [Column(f"plane{i}", name, "number") for i, name in enumerate(names)]
    cells = {f"plane{i}": np.ravel(plane) for i, plane in enumerate(found["planes"])}
    name = f"planes-{model.name}"
    across = min(len(names), _PLANES_ACROSS)
    height = 30 + round(_height(found["hits"], 340 / across))
    return Figure(
        name, caption, f"{caption}.", "maps.draw_planes",
        {**_grid(found), "planes": found["planes"], "names": names},
        height=height * -(-len(names) // across),
        table=_table(name, f"{sentence(model.title)}: component planes", found, columns, cells),
    )  # fmt: skip


def _units(model: Model, found: Row) -> Figure:
    caption = f"{sentence(model.title)}: the units as images"
    columns = [Column("mean", "Mean brightness", "number")]
    units = np.array(found["units"])
    name, cells = f"units-{model.name}", {"mean": units.mean(axis=(2, 3)).ravel()}
    mosaic = np.empty((units.shape[0] * units.shape[2], units.shape[1] * units.shape[3]))
    return Figure(
        name, caption, f"{caption}.", "maps.draw_units", {"units": found["units"]},
        height=_height(mosaic),
        table=_table(name, caption, found, columns, cells),
    )  # fmt: skip


def _height(cells: Any, width: float = 340) -> int:
    """Return the height of a plot of square cells, within reason."""
    n_rows, n_columns = np.shape(cells)
    return round(min(1.3 * width, max(0.25 * width, width * n_rows / n_columns)))


def _grid(found: Row) -> Row:
    return {"topology": found["topology"], "places": found["places"]}


def _class_names(run: Run, found: Row) -> list[str]:
    """Return short names of the classes that the labels count through, none without labels."""
    if not found.get("classes"):
        return []
    given = run.data.get("target_names") or ()
    names = given if len(given) == len(found["classes"]) else found["classes"]
    return distinct([str(clean(name)) for name in names], 12)


def _extremes(values: list[list[float]]) -> str:
    array = np.array(values)
    return f"From {number(float(array.min()))} to {number(float(array.max()))}."


def _table(
    name: str, caption: str, found: Row, columns: list[Column], cells: dict[str, Any]
) -> Table:
    """Return one row per unit: where it stands on the grid, and some numbers of it."""
    n_columns = len(found["hits"][0])
    place = (Column("row", "Row", "integer"), Column("column", "Column", "integer"))
    rows = tuple(
        {"row": i // n_columns, "column": i % n_columns}
        | dict(zip(cells, np.asarray(values, dtype=object).tolist(), strict=True))
        for i, values in enumerate(zip(*cells.values(), strict=True))
    )
    return Table(name, caption, (*place, *columns), rows)


def draw_grid(canvas: Canvas, data: Row) -> None:
    """Draw one number for every unit, and the first letters of its class."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = canvas.add_axes((0.03, 0.03, 0.94, 0.94))
    values = np.array(data["values"], dtype=float)
    _paint(ax, values, data)
    if not data.get("names") or max(values.shape) > _WRITTEN:
        return
    for (down, right), label in zip(data["places"], np.ravel(data["labels"]), strict=True):
        if label >= 0:
            ax.text(right, down, data["names"][label][:3], ha="center", va="center", fontsize=8.5,
                    color=drawing.colour("ink"))  # fmt: skip


def draw_view(canvas: Canvas, data: Row) -> None:
    """Draw rows, units and the lines between units that touch; few units colour their rows."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=58)
    rows, units = np.array(data["rows"]), np.array(data["units"])
    colours = [drawing.colour("dummy")] * len(rows)
    if len(units) <= _COLOURED:
        colours = [drawing.line_style(unit)["color"] for unit in data["unit_of"]]
    ax.scatter(rows[:, 0], rows[:, 1], s=8, c=colours, linewidths=0, alpha=0.6)
    gap = np.full(2, np.nan)  # one line for all edges: hundreds of them make a large file
    line = np.array([point for a, b in data["edges"] for point in (units[a], units[b], gap)])
    ax.plot(*line.reshape(-1, 2).T, color=drawing.colour("ink"), linewidth=0.7)
    ax.plot(*units.T, "o", markersize=5, color=drawing.colour("ink"))
    ax.set(xlabel=data["axes"][0], ylabel=data["axes"][1])
    drawing.few_ticks(ax.xaxis)
    drawing.few_ticks(ax.yaxis)


def draw_planes(canvas: Canvas, data: Row) -> None:
    """Draw small maps, one for each column of the data."""
    across = min(len(data["planes"]), _PLANES_ACROSS)
    down = -(-len(data["planes"]) // across)
    tall, title = 1 / down, 22 / 72 / canvas.get_size_inches()[1]
    for i, (name, plane) in enumerate(zip(data["names"], data["planes"], strict=True)):
        row, column = divmod(i, across)
        bottom, left = 1 - (row + 1) * tall, (column + 0.03) / across
        ax = canvas.add_axes((left, bottom + 0.01, 0.94 / across, tall - title - 0.02))
        _paint(ax, np.array(plane, dtype=float), data)
        ax.set_title(name, fontsize=10)


def draw_units(canvas: Canvas, data: Row) -> None:
    """Draw the units as one picture of pictures."""
    units = np.array(data["units"])
    rows, columns, height, width = units.shape
    ax = canvas.add_axes((0.01, 0.01, 0.98, 0.98))
    padded = np.pad(units, ((0, 0), (0, 0), (0, 1), (0, 1)))
    mosaic = padded.swapaxes(1, 2).reshape(rows * (height + 1), columns * (width + 1))
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=1)
    ax.set_axis_off()


def _paint(ax: Axes, values: np.ndarray, data: Row) -> None:
    """Draw the cells of a grid, dark where values are high."""
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgb
    from matplotlib.patches import RegularPolygon

    from reports import drawing

    spread = values.max() - values.min()
    cells = np.zeros((*values.shape, 4))
    cells[..., :3] = to_rgb(drawing.colour("s0"))
    cells[..., 3] = 0.04 + 0.86 * (values - values.min()) / (spread or 1)
    if data["topology"] == "rectangular":
        ax.imshow(cells)
    else:
        where = np.array(data["places"])
        hexagons = [RegularPolygon((x, y), 6, radius=3**-0.5, orientation=np.pi / 6)
                    for y, x in where]  # fmt: skip
        ax.add_collection(PatchCollection(hexagons, facecolors=cells.reshape(-1, 4)))
        (low_y, low_x), (high_y, high_x) = where.min(axis=0), where.max(axis=0)
        ax.set(xlim=(low_x - 0.6, high_x + 0.6), ylim=(high_y + 0.6, low_y - 0.6), aspect="equal")
    ax.set_axis_off()
