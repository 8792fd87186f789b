"""Whether a probability of 80 % means right four times in five."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.calibration import CalibrationDisplay, calibration_curve
from sklearn.metrics import brier_score_loss

from reports.blocks import Column, Figure, Figures, Row, Section, Table
from reports.run import Model, Predictions, Run
from reports.words import score, sentence, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_BINS = 10


def summarize(run: Run) -> Section | None:
    """Return the reliability diagram of all models that give probabilities."""
    models = [m for m in run.ranked if m.name in run.predictions]
    given = [m for m in models if run.predictions[m.name].proba is not None]
    if run.task != "classification" or not given or len(run.classes) < 2:
        return None
    curves = [_curve(model, run.predictions[model.name]) for model in given]
    best = curves[0]
    gap = best["confidence"] - best["accuracy"]
    manner = "over-confident" if gap > 0.02 else "under-confident" if gap < -0.02 else "calibrated"
    lead = (
        f"{sentence(best['title'])} is {manner} on the whole: its answers claim "
        f"{share(best['confidence'])} on average, and {share(best['accuracy'])} of them are right."
    )
    columns = (
        Column("title", "Model"), Column("confidence", "Mean confidence", "share"),
        Column("accuracy", "Right", "share"),
        Column("ece", "Calibration error (ECE) ↓", "score"),
        Column("brier", "Brier score ↓", "score"),
    )  # fmt: skip
    rows = tuple({column.key: curve[column.key] for column in columns} for curve in curves)
    table = Table("calibration", "Confidence against reality on the test part", columns, rows)
    return Section("calibration", "Calibration", lead, (table, Figures((_figure(curves),))))


def _curve(model: Model, found: Predictions) -> Row:
    """Return share of right answers by confidence, and the errors that sum it up."""
    proba = np.asarray(found.proba, dtype=float)
    confidence = np.clip(proba.max(axis=1), 0, 1)
    right = proba.argmax(axis=1) == found.truth
    edges = np.linspace(0, 1, _BINS + 1)
    bins = np.clip(np.digitize(confidence, edges) - 1, 0, _BINS - 1)
    sums = np.bincount(bins, confidence - right, minlength=_BINS)
    observed, claimed = calibration_curve(right, confidence, n_bins=_BINS, strategy="quantile")
    return {
        "title": model.title,
        "series": model.series,
        "observed": np.round(observed, 5).tolist(),
        "claimed": np.round(claimed, 5).tolist(),
        "confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "ece": float(np.abs(sums).sum() / len(right)),
        "brier": float(
            brier_score_loss(found.truth, _normed(proba), labels=np.arange(proba.shape[1]))
        ),
    }


def _normed(proba: np.ndarray) -> np.ndarray:
    """Return probabilities that sum to 1 in double precision, too."""
    return proba / proba.sum(axis=1, keepdims=True)


def _figure(curves: list[Row]) -> Figure:
    words = ", ".join(f"{curve['title']} {score(curve['ece'])}" for curve in curves)
    columns = (
        Column("title", "Model"),
        Column("claimed", "Mean confidence", "share"),
        Column("observed", "Right", "share"),
    )
    rows = tuple(
        {"title": curve["title"], "claimed": claimed, "observed": observed}
        for curve in curves
        for claimed, observed in zip(curve["claimed"], curve["observed"], strict=True)
    )
    return Figure(
        "calibration",
        "Share of right answers against the confidence in them, in ten groups of equal size; on "
        "the diagonal confidence is what it says",
        f"Reliability diagram. Expected calibration error: {words}.",
        "calibration.draw_calibration",
        {"curves": curves},
        height=330 + 12 + 17 * -(-len(curves) // 2),
        table=Table("reliability", "Reliability diagram", columns, rows),
    )


def draw_calibration(canvas: Canvas, data: Row) -> None:
    """Draw the reliability diagram."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    curves = data["curves"]
    ax = drawing.axes(canvas, bottom=50 + drawing.legend_height(len(curves)))
    ax.plot([0, 1], [0, 1], color=drawing.colour("line"), linewidth=1)
    for curve in reversed(curves):
        display = CalibrationDisplay(curve["observed"], curve["claimed"], None)
        display.plot(ax=ax, ref_line=False, name=drawing.label(curve["title"], 22))
        style = drawing.line_style(curve["series"])
        display.line_.set(**style, marker=drawing.marker(curve["series"]), markersize=4.5)
    ax.set(xlabel="Confidence", ylabel="Share right", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.set_aspect("equal")
    drawing.legend_below(canvas, ax, best_last=True)
