"""ROC and precision-recall: what any threshold would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import (
    PrecisionRecallDisplay,
    RocCurveDisplay,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from reports.blocks import Column, Figure, Figures, Row, Section, Table
from reports.run import Model, Predictions, Run
from reports.words import listing, score, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_GRID = np.unique(np.concatenate([np.linspace(0, 0.1, 41), np.linspace(0.1, 1, 61)]))
_RECALL_GRID = np.unique(np.round(1 - _GRID, 12))
_READ_OFF = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_RECALLS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
_MOST_CLASSES = 200


def summarize(run: Run) -> Section | None:
    """Return both plots; with several classes, the mean of one class against the rest."""
    models = [m for m in run.ranked if m.name in run.predictions]
    scored = [m for m in models if run.predictions[m.name].score is not None]
    if not run.is_classification or not scored or not 2 <= len(run.classes) <= _MOST_CLASSES:
        return None
    several = len(run.classes) > 2
    curves = [_curves(m, run.predictions[m.name]) for m in scored]
    if several:
        lead = "Each class against the rest, and the mean of all classes."
    else:
        lead = f"The scores of “{run.classes[1]}”, at every threshold."
    missing = [m.title for m in models if m not in scored]
    if missing:
        lead += f" {sentence(listing(missing))} gives no scores that could be ranked."
    return Section(
        "curves", "Ranking: ROC and precision-recall", lead, (Figures((_roc(curves), _pr(curves))),)
    )


def _curves(model: Model, found: Predictions) -> Row:
    """Return both mean curves on a grid, and the areas under them."""
    scores = np.asarray(found.score)
    classes = [1] if scores.shape[1] == 2 else range(scores.shape[1])
    tpr, precision, areas, averages = [], [], [], []
    for c in classes:
        truth = found.truth == c
        if truth.any() and not truth.all():
            x, y, _ = roc_curve(truth, scores[:, c])
            tpr.append(np.interp(_GRID, x, y))
            p, r, _ = precision_recall_curve(truth, scores[:, c])
            precision.append(_steps(r[::-1], p[::-1]))
            areas.append(roc_auc_score(truth, scores[:, c]))
            averages.append(average_precision_score(truth, scores[:, c]))
    return {
        "title": model.title,
        "series": model.series,
        "tpr": np.round(np.mean(tpr, axis=0), 5).tolist(),
        "precision": np.round(np.mean(precision, axis=0), 5).tolist(),
        "area": float(np.mean(areas)),
        "average": float(np.mean(averages)),
    }


def _steps(recall: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return precision on the grid; between two points a line would promise too much."""
    found = precision[np.searchsorted(recall, _RECALL_GRID)]
    found[0] = found[1]  # at recall 0 it is 1 by convention only
    return found


def _roc(curves: list[Row]) -> Figure:
    columns = (
        Column("title", "Model"),
        *(Column(f"at{x}", f"found at {100 * x:g} % false alarms", "share") for x in _READ_OFF),
        Column("area", "area", "score"),
    )
    rows = tuple(
        {"title": c["title"], "area": c["area"]}
        | {f"at{x}": float(np.interp(x, _GRID, c["tpr"])) for x in _READ_OFF}
        for c in curves
    )
    table = Table("roc", "ROC read off", columns, rows)
    return _figure(table, "ROC: share of a class found against false alarms", curves, "area")


def _pr(curves: list[Row]) -> Figure:
    columns = (
        Column("title", "Model"),
        *(Column(f"at{x}", f"precision at {100 * x:g} % recall", "share") for x in _RECALLS),
        Column("average", "average", "score"),
    )
    rows = tuple(
        {"title": c["title"], "average": c["average"]}
        | {f"at{x}": float(np.interp(x, _RECALL_GRID, c["precision"])) for x in _RECALLS}
        for c in curves
    )
    table = Table("precision-recall", "Precision-recall read off", columns, rows)
    return _figure(table, "Precision against recall", curves, "average")


def _figure(table: Table, caption: str, curves: list[Row], area: str) -> Figure:
    what = {"area": "area under the ROC curve", "average": "average precision"}[area]
    words = ", ".join(f"{c['title']} {score(c[area])}" for c in curves)
    legend = 12 + 17 * -(-len(curves) // 2)
    grid = _GRID if area == "area" else _RECALL_GRID
    zoom = _in_the_corner(curves)
    corner = "; only the corner is drawn" if zoom else ""
    return Figure(
        table.name,
        f"{caption}; in the legend the {what}{corner}",
        f"{caption}. {sentence(what)}: {words}.",
        f"curves.draw_{table.name.replace('-', '_')}",
        {"curves": curves, "x": grid.round(5).tolist(), "zoom": zoom},
        height=330 + legend,
        table=table,
    )


def _in_the_corner(curves: list[Row]) -> bool:
    """Tell whether all models are so good that their curves differ in the corner only."""
    models = [c for c in curves if c["series"] is not None] or curves
    return all(
        np.interp(0.1, _GRID, c["tpr"]) > 0.96
        and np.interp(0.9, _RECALL_GRID, c["precision"]) > 0.96
        for c in models
    )


def draw_roc(canvas: Canvas, data: Row) -> None:
    """Draw the ROC curves."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, bottom=50 + drawing.legend_height(len(data["curves"])))
    ax.plot([0, 1], [0, 1], color=drawing.colour("line"), linewidth=1)
    for curve in reversed(data["curves"]):
        # the corner at (0, 0) belongs to the curve, though several rows may share the best score
        x, y = np.array([0, *data["x"]]), np.array([0, *curve["tpr"]])
        RocCurveDisplay(fpr=x, tpr=y).plot(ax=ax)
        ax.lines[-1].set(**drawing.line_style(curve["series"]), label=_label(curve, "area"))
    ax.set(xlabel="False positive rate", ylabel="True positive rate")
    if data["zoom"]:
        ax.set(xlim=(-0.001, 0.1), ylim=(0.899, 1.001), aspect="auto")
    drawing.legend_below(canvas, ax, best_last=True)


def draw_precision_recall(canvas: Canvas, data: Row) -> None:
    """Draw the precision-recall curves."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, bottom=50 + drawing.legend_height(len(data["curves"])))
    for curve in reversed(data["curves"]):
        PrecisionRecallDisplay(np.array(curve["precision"]), np.array(data["x"])).plot(ax=ax)
        style = drawing.line_style(curve["series"])
        ax.lines[-1].set(**style, drawstyle="default", label=_label(curve, "average"))
    ax.set(xlabel="Recall", ylabel="Precision")
    if data["zoom"]:
        ax.set(xlim=(0.899, 1.001), ylim=(0.899, 1.001))
    drawing.legend_below(canvas, ax, best_last=True)


def _label(curve: Row, area: str) -> str:
    from reports import drawing  # matplotlib is loaded when something is drawn

    return f"{drawing.label(curve['title'], 16)} {score(curve[area])}"
