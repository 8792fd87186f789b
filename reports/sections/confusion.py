"""What is taken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from reports.blocks import Block, Column, Figure, Figures, Row, Section, Table
from reports.run import Model, Run
from reports.words import counted, sentence, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_MOST_CLASSES = 60  # more make neither a picture nor a table that can be read
_WRITTEN = 15  # classes up to which the counts stand in the cells
_MOST_PAIRS = 10


def summarize(run: Run) -> Section | None:
    """Return a matrix per model, and the commonest confusions of the best one."""
    models = [m for m in run.ranked if m.name in run.predictions and not m.is_dummy]
    if not run.is_classification or not models:
        return None
    counts = {model.name: _matrix(run, model) for model in models}
    best = models[0]
    pairs = _pairs(run, counts[best.name])
    blocks: list[Block] = []
    if len(run.classes) <= _MOST_CLASSES:
        blocks.append(Figures(tuple(_figure(run, m, counts[m.name]) for m in models)))
    if pairs:
        columns = (
            Column("truth", "True class", "class"), Column("answer", "Taken for", "class"),
            Column("count", "Times", "integer"), Column("share", "Of that class", "share"),
        )  # fmt: skip
        caption = f"Commonest confusions of {best.title}"
        blocks.append(Table("confusions", caption, columns, pairs))
    return Section("confusion", "Confusions", _lead(best, pairs), tuple(blocks))


def _matrix(run: Run, model: Model) -> np.ndarray:
    found = run.predictions[model.name]
    return confusion_matrix(found.truth, found.answer, labels=np.arange(len(run.classes)))


def _pairs(run: Run, counts: np.ndarray) -> tuple[Row, ...]:
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    places = [divmod(int(i), len(counts)) for i in order]
    return tuple(
        {
            "truth": run.classes[row],
            "answer": run.classes[column],
            "count": int(wrong[row, column]),
            "share": float(wrong[row, column] / counts[row].sum()),
        }
        for row, column in places
        if wrong[row, column]
    )


def _lead(best: Model, pairs: tuple[Row, ...]) -> str:
    if not pairs:
        return f"{sentence(best.title)} confuses nothing on the test part."
    worst = pairs[0]
    times = counted(worst["count"], "time")
    return (
        f"{sentence(best.title)} most often takes “{worst['truth']}” for “{worst['answer']}” "
        f"({times}). Blue is right, red is wrong, the stronger the larger the share of the true "
        "class."
    )


def _figure(run: Run, model: Model, counts: np.ndarray) -> Figure:
    n_right, n = int(np.trace(counts)), int(counts.sum())
    worst = _pairs(run, counts)
    alt = f"Confusion matrix of {model.title}: {n_right:,} of {n:,} test rows right"
    if worst:
        often = worst[0]
        alt += (
            f"; most often wrong: {often['truth']} taken for {often['answer']}, "
            f"{counted(often['count'], 'time')}"
        )
    columns = (
        Column("truth", "True class", "class"),
        *(Column(f"c{i}", name, "integer") for i, name in enumerate(run.classes)),
    )
    rows = tuple(
        {"truth": name, **{f"c{i}": int(count) for i, count in enumerate(row)}}
        for name, row in zip(run.classes, counts, strict=True)
    )
    caption = f"{sentence(model.title)}: true class by row, answer by column"
    return Figure(
        f"confusion-{model.name}",
        caption,
        alt + ".",
        "confusion.draw_matrix",
        {"counts": counts.tolist(), "classes": run.classes, "title": model.title},
        height=340,
        table=Table(f"confusion-{model.name}", caption, columns, rows),
    )


def _font_size(n_classes: int, largest: int) -> float:
    """Return the points of a number that fits into its cell."""
    return 8.5 if n_classes > 10 else 9.5 if n_classes > 7 and largest > 999 else 11


def draw_matrix(canvas: Canvas, data: Row) -> None:
    """Draw the matrix: right answers in one colour, wrong ones in another."""
    from matplotlib.colors import to_rgb  # matplotlib is loaded when something is drawn

    from reports import drawing

    counts = np.array(data["counts"])
    n = len(counts)
    names = [shorten(name, 12) for name in data["classes"]]
    turn = max(map(len, names)) > 3
    bottom = 34 + (drawing.room(names, 12, 90) if turn else 12)
    ax = drawing.axes(canvas, left=26 + drawing.room(names, 24, 90), right=6, top=26, bottom=bottom)
    written = n <= _WRITTEN
    display = ConfusionMatrixDisplay(counts, display_labels=names)
    display.plot(
        ax=ax,
        colorbar=False,
        include_values=written,
        xticks_rotation="vertical" if turn else "horizontal",
        text_kw={"color": drawing.colour("ink"), "fontsize": _font_size(n, int(counts.max()))},
    )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = np.zeros((n, n, 4))
    cells[..., :3] = to_rgb(drawing.colour("error"))
    cells[..., 3] = np.where(counts > 0, 0.15 + 0.75 * np.sqrt(shares), 0)
    diagonal = np.arange(n)
    cells[diagonal, diagonal, :3] = to_rgb(drawing.colour("s0"))
    cells[diagonal, diagonal, 3] = 0.5 * shares[diagonal, diagonal]
    display.im_.set_data(cells)
    if written:
        for text in display.text_.ravel():
            if text.get_text() == "0":
                text.remove()
    if n > 20:
        step = -(-n // 20)
        ax.set(xticks=range(0, n, step), xticklabels=names[::step])
        ax.set(yticks=range(0, n, step), yticklabels=names[::step])
    ax.set(xlabel="Answer", ylabel="True class")
    ax.set_title(drawing.label(sentence(data["title"]), 28))
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(True)
