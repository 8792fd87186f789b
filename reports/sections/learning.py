"""How the nets learnt: loss and score by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.blocks import Column, Figure, Figures, Row, Section, Table
from reports.run import Model, Run
from reports.words import clean, counted, listing, number, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_MOST_ROWS = 40
_LATE = 0.05  # of the fall of the loss


def summarize(run: Run) -> Section | None:
    """Return two plots per net that kept a history."""
    histories = {m.name: clean(run.directory.history(m.name)) for m in run.ranked}
    nets = [model for model in run.ranked if histories[model.name]]
    if not nets:
        return None
    lead = "The final fit, epoch by epoch. "
    unfinished = [m.title for m in nets if _still_falling(histories[m.name])]
    if unfinished:
        lead += (
            f"The loss of {listing(unfinished)} was still falling at the end: more epochs may help."
        )
    figures = [f for model in nets for f in _figures(model, histories[model.name])]
    return Section("learning", "Learning curves", lead.strip(), (Figures(tuple(figures)),))


def _still_falling(epochs: list[Row]) -> bool:
    """Tell whether the loss fell noticeably over the last tenth of the epochs."""
    losses = _series(epochs, "valid_loss") or _series(epochs, "train_loss")
    if len(losses) < 10:
        return False
    late = losses[-max(2, len(losses) // 10)]
    return bool(late - losses[-1] > _LATE * (losses[0] - losses[-1]) > 0)


def _series(epochs: list[Row], key: str) -> list[float]:
    return [epoch[key] for epoch in epochs if epoch.get(key) is not None]


def _figures(model: Model, epochs: list[Row]) -> list[Figure]:
    found = []
    for what in ("loss", "score"):
        keys = (f"train_{what}", f"valid_{what}")
        if not any(_series(epochs, key) for key in keys):
            continue
        columns = (
            Column("epoch", "Epoch", "integer"),
            Column(keys[0], "Training", "number"),
            Column(keys[1], "Validation", "number"),
        )
        step = -(-len(epochs) // _MOST_ROWS)
        rows = [{c.key: epoch.get(c.key) for c in columns} for epoch in epochs]
        kept = [*rows[:-1:step], rows[-1]]
        caption = f"{sentence(model.title)}: {what} by epoch"
        found.append(
            Figure(
                f"{what}-{model.name}", caption, _in_words(model, rows, what),
                "learning.draw_curve",
                {"what": what, "series": model.series, "rows": rows, "title": model.title},
                height=270,
                table=Table(f"{what}-{model.name}", caption, columns, tuple(kept)),
            )
        )  # fmt: skip
    return found


def _in_words(model: Model, rows: list[Row], what: str) -> str:
    words = []
    for key, name in ((f"train_{what}", "training"), (f"valid_{what}", "validation")):
        if values := _series(rows, key):
            words.append(f"{name} {what} from {number(values[0], 3)} to {number(values[-1], 3)}")
    return f"{sentence(model.title)}, {counted(len(rows), 'epoch')}: {'; '.join(words)}."


def draw_curve(canvas: Canvas, data: Row) -> None:
    """Draw training and, where there is one, validation curve."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, bottom=46 + drawing.legend_height(1), top=26)
    colour = drawing.line_style(data["series"])["color"]
    styles = {"train": ("Training", (0, (2, 1.5))), "valid": ("Validation", "-")}
    for part, (title, dash) in styles.items():
        key = f"{part}_{data['what']}"
        points = [(row["epoch"], row[key]) for row in data["rows"] if row[key] is not None]
        if points:
            ax.plot(*zip(*points, strict=True), color=colour, linestyle=dash, label=title)
    ax.set(xlabel="Epoch", ylabel=sentence(data["what"]))
    ax.set_title(drawing.label(sentence(data["title"]), 40))
    drawing.few_ticks(ax.xaxis, 6, integer=True)
    ax.grid(axis="y")
    drawing.legend_below(canvas, ax)
