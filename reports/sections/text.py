"""Where a transformer looks in a text: in those it was surely wrong about, and surely right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table
from reports.run import Model, Run
from reports.words import clean, sentence, share, shorten
from search.insights import read_insights

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_WIDTH = 400
_MARGIN, _GAP, _LINE = 8, 5, 25  # in points
_CHARACTER = 7.2  # its width in points, about
_LONGEST = 24  # characters of a token


def summarize(run: Run) -> Section | None:
    """Return a few texts of every model that attends to words, its attention as shades."""
    found = {
        m.name: clean(read_insights(run.directory, m.name)).get("attention") for m in run.ranked
    }
    models = [m for m in run.ranked if found[m.name] and m.name in run.predictions]
    if not models:
        return None
    folds: list[Block] = [
        Fold(
            sentence(model.title),
            (Figures(tuple(_figure(run, model, text) for text in found[model.name])),),
            model.name,
            model is models[0],
        )
        for model in models
    ]
    lead = (
        "The darker a word, the more all words of the text look at it in the last block, from the "
        "least of the text to the most. First the texts that the model was surest about and wrong, "
        "then the surest right ones."
    )
    return Section("text", "Attention", lead, tuple(folds))


def _figure(run: Run, model: Model, text: Row) -> Figure:
    tokens, weights = text["tokens"], np.array(text["weights"])
    at = int(np.flatnonzero(run.predictions[model.name].rows == text["row"])[0])
    answers = run.predictions[model.name]
    truth, answer = (run.classes[labels[at]] for labels in (answers.truth, answers.answer))
    sure = "" if answers.proba is None else f" ({share(float(answers.proba[at].max()))} sure)"
    verdict = f"taken for {answer}" if truth != answer else "recognised"
    cut = f"; the first {len(tokens)} of {text['n_tokens']:,} tokens"
    caption = (
        f"Test row {text['row']:,}: {truth}, {verdict}{sure}"
        f"{cut if text['n_tokens'] > len(tokens) else ''}"
    )
    top = ", ".join(shorten(tokens[i], _LONGEST) for i in np.argsort(-weights, kind="stable")[:5])
    rows = tuple(
        {"position": i, "token": token, "weight": float(weight)}
        for i, (token, weight) in enumerate(zip(tokens, weights, strict=True), start=1)
    )
    columns = (
        Column("position", "Position", "integer"), Column("token", "Token"),
        Column("weight", "Share of the attention", "share"),
    )  # fmt: skip
    places, n_lines = _places([shorten(token, _LONGEST) for token in tokens])
    name = f"attention-{model.name}-{text['row']}"
    return Figure(
        name,
        caption,
        f"{caption}. Most attention goes to {top}.",
        "text.draw_attention",
        {"places": places, "weights": weights.tolist()},
        width=_WIDTH,
        height=2 * _MARGIN + _LINE * n_lines,
        table=Table(name, caption, columns, rows),
    )


def _places(tokens: list[str]) -> tuple[list[Row], int]:
    """Return where every token stands, in points from the left and in lines, and the last line."""
    places: list[Row] = []
    left, line = float(_MARGIN), 1
    for token in tokens:
        width = 6 + _CHARACTER * len(token)
        if left + width > _WIDTH - _MARGIN and left > _MARGIN:
            left, line = float(_MARGIN), line + 1
        places.append({"token": token, "left": round(left, 1), "width": width, "line": line})
        left += width + _GAP
    return places, line


def draw_attention(canvas: Canvas, data: Row) -> None:
    """Draw a text as it is read, every token on a shade of its share of the attention."""
    from matplotlib.patches import Rectangle

    from reports import drawing  # matplotlib is loaded when something is drawn

    width, height = (72 * side for side in canvas.get_size_inches())
    ax = canvas.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    least, most = min(data["weights"]), max(data["weights"])
    spread = most - least or 1  # from the least to the most: shares of long texts are alike
    for place, weight in zip(data["places"], data["weights"], strict=True):
        top = _MARGIN + _LINE * (place["line"] - 1)
        shade = Rectangle(
            (place["left"], top), place["width"], _LINE - _GAP, linewidth=0,
            facecolor=drawing.colour("s0"), alpha=0.04 + 0.56 * (weight - least) / spread,
        )  # fmt: skip
        ax.add_patch(shade)
        middle = place["left"] + place["width"] / 2
        ax.text(middle, top + 14.5, place["token"], ha="center", fontsize=11.5)
