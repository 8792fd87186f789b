"""A rare class: what it takes to find it, and what balancing the classes did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import PrecisionRecallDisplay, average_precision_score, precision_recall_curve

from reports.blocks import Block, Column, Figure, Figures, Row, Section, Table
from reports.run import Model, Predictions, Run
from reports.words import clean, counted, distinct, number, score, sentence, share
from search.insights import read_insights

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_RARE = 0.2  # rows of the rarest class for one of the commonest
_RECALLS = (0.5, 0.8, 0.9)
_MOST_POINTS = 200
_MOST_CLASSES = 30


def summarize(run: Run) -> Section | None:
    """Return precision against recall of the rarest class, and the classes before and after."""
    if run.task != "classification" or not run.ranked:
        return None
    counts = (run.data.get("class_counts") or {}).get("train") or {}
    rows = np.array([int(counts.get(str(label), 0)) for label in run.known])
    balances = [clean(read_insights(run.directory, m.name)).get("balance") for m in run.ranked]
    figures = [
        _balance(run, model, found)
        for model, found in zip(run.ranked, balances, strict=True)
        if found
    ]
    lead = f"Balanced in training: {len(figures)} of {counted(len(run.ranked), 'model')}."
    trained = np.flatnonzero(rows)
    if len(trained) > 1 and rows[trained].min() < _RARE * rows.max():
        rare = int(trained[rows[trained].argmin()])
        lead = (
            f"{sentence(run.classes[rare])} is rare: {share(rows[rare] / rows.sum())} of the "
            f"training rows. {lead}"
        )
        figures = [*_precision_recall(run, rare), *figures]
    if not figures:
        return None
    blocks: list[Block] = [Figures(tuple(figures))]
    return Section("imbalance", "Rare classes", lead, tuple(blocks))


def _precision_recall(run: Run, rare: int) -> list[Figure]:
    """Return the plot of one class against the rest; none without scores or without its rows."""
    scored = [(m, run.predictions[m.name]) for m in run.ranked if m.name in run.predictions]
    curves = [
        _curve(model, found, rare)
        for model, found in scored
        if found.score is not None and 0 < np.sum(found.truth == rare) < len(found.truth)
    ]
    if not curves:
        return []
    chance = float(np.mean(scored[0][1].truth == rare))
    name = run.classes[rare]
    columns = (
        Column("title", "Model"),
        *(Column(f"at{r}", f"precision at {100 * r:g} % recall", "share") for r in _RECALLS),
        Column("average", "average", "score"),
        Column("precision_now", "precision of the answers", "share"),
        Column("recall_now", "recall of the answers", "share"),
    )
    caption = f"Precision against recall of “{name}” alone; crosses: the answers given"
    words = ", ".join(f"{c['title']} {score(c['average'])}" for c in curves)
    figure = Figure(
        "rare-class",
        f"{caption}; dotted: chance, {share(chance)}",
        f"{caption}. Average precision: {words}; chance is {score(chance)}.",
        "imbalance.draw_precision_recall",
        {"curves": curves, "chance": chance},
        height=330 + 12 + 17 * -(-len(curves) // 2),
        table=Table("rare-class", f"Finding “{name}”", columns, tuple(curves)),
    )
    return [figure]


def _curve(model: Model, found: Predictions, rare: int) -> Row:
    truth, scores = found.truth == rare, np.asarray(found.score)[:, rare]
    precision, recall, _ = precision_recall_curve(truth, scores)
    # the last point, precision 1 at recall 0, is a convention and no threshold
    kept = np.unique(np.linspace(0, len(recall) - 2, _MOST_POINTS).round().astype(int))
    called = found.answer == rare
    hits = int((called & truth).sum())
    return {
        "title": model.title,
        "series": model.series,
        "precision": precision[kept].round(5).tolist(),
        "recall": recall[kept].round(5).tolist(),
        "average": float(average_precision_score(truth, scores)),
        "precision_now": hits / int(called.sum()) if called.any() else None,
        "recall_now": hits / int(truth.sum()),
    } | {f"at{r}": float(precision[recall >= r].max()) for r in _RECALLS}


def _balance(run: Run, model: Model, found: Row) -> Figure:
    """Return the training rows of every class before and after they were balanced."""
    known = {str(label): name for label, name in zip(run.known, run.classes, strict=True)}
    names = distinct([known.get(label, label) for label in found["classes"]])
    rows = tuple(
        {"class": name, "before": before, "after": after}
        for name, before, after in zip(names, found["before"], found["after"], strict=True)
    )
    columns = (
        Column("class", "Class", "class"), Column("before", "Training rows", "integer"),
        Column("after", "Balanced", "integer"),
    )  # fmt: skip
    title = sentence(model.title)
    before, after = (sum(row[key] for row in rows) for key in ("before", "after"))
    return Figure(
        f"balance-{model.name}",
        f"{title}: training rows of each class, before balancing and after",
        f"{title}: training rows of each class. Balancing makes {number(float(after), 6)} of "
        f"{number(float(before), 6)} rows.",
        "imbalance.draw_balance",
        {"rows": list(rows[:_MOST_CLASSES]), "series": model.series},
        height=max(200, 90 + 34 * min(len(rows), _MOST_CLASSES)),
        table=Table(f"balance-{model.name}", f"{title}: classes balanced", columns, rows),
    )


def draw_precision_recall(canvas: Canvas, data: Row) -> None:
    """Draw precision against recall of one class, and where the answers stand."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, bottom=50 + drawing.legend_height(len(data["curves"])))
    ax.axhline(data["chance"], color=drawing.colour("muted"), linewidth=1, linestyle=(0, (1, 2)))
    for curve in reversed(data["curves"]):
        PrecisionRecallDisplay(np.array(curve["precision"]), np.array(curve["recall"])).plot(ax=ax)
        style = drawing.line_style(curve["series"])
        name = f"{drawing.label(curve['title'], 16)} {score(curve['average'])}"
        ax.lines[-1].set(**style, label=name)
        if curve["precision_now"] is not None:
            ax.plot(
                curve["recall_now"], curve["precision_now"], "x", color=style["color"],
                markersize=8, markeredgewidth=2,
            )  # fmt: skip
    ax.set(xlabel="Recall", ylabel="Precision", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    drawing.legend_below(canvas, ax, best_last=True)


def draw_balance(canvas: Canvas, data: Row) -> None:
    """Draw two bars for each class."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    rows = data["rows"]
    names = [drawing.label(row["class"]) for row in rows]
    ax = drawing.axes(canvas, left=drawing.room(names), right=40, bottom=62)
    places = np.arange(len(rows))
    color = drawing.line_style(data["series"])["color"]
    before, after = ([row[key] for row in rows] for key in ("before", "after"))
    bars = ax.barh(places - 0.2, before, 0.36, color=drawing.colour("dummy"), label="before")
    ax.bar_label(bars, [f"{n:,}" for n in before], padding=3)
    bars = ax.barh(places + 0.2, after, 0.36, color=color, label="after")
    ax.bar_label(bars, [f"{n:,}" for n in after], padding=3)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set(xlabel="Training rows")
    drawing.few_ticks(ax.xaxis, 4, integer=True)
    drawing.legend_below(canvas, ax)
