"""How forecasts err by how far ahead they look, and by how many values before they see."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING

from reports.blocks import Column, Figure, Row, Table
from reports.run import Model, Run
from reports.words import counted, number, sentence
from search.insights import read_insights

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_FEWEST_LAGS = 2  # numbers of lags that were tried: one is no curve


def by_horizon(run: Run, models: list[Model]) -> Figure | None:
    """Return the errors of every model from one step ahead on."""
    found = {m.name: read_insights(run.directory, m.name).get("horizon") for m in models}
    curves: list[Row] = [
        {"title": m.title, "series": m.series, "name": m.name, "errors": found[m.name]}
        for m in models
        if found[m.name]
    ]
    if not curves:
        return None
    n_steps = max(len(c["errors"]) for c in curves)
    columns = (
        Column("step", "Steps ahead", "integer"), Column("model", "Model", "model"),
        Column("error", "Mean absolute error", "estimate"),
    )  # fmt: skip
    rows = tuple(
        {"step": step, "model": c["name"], "error": error}
        for c in curves
        for step, error in enumerate(c["errors"], start=1)
    )
    words = "; ".join(
        f"{c['title']} {number(c['errors'][0][0], 3)} to {number(c['errors'][-1][0], 3)}"
        for c in curves
    )
    caption = "Mean absolute error by steps ahead, each step from the forecasts before it"
    return Figure(
        "errors-by-horizon",
        caption,
        f"{caption}. From one step to {n_steps}: {words}.",
        "forecast_reach.draw_horizon",
        {"curves": curves},
        height=300 + 12 + 17 * -(-len(curves) // 2),
        table=Table("errors-by-horizon", "Errors by steps ahead", columns, rows),
    )


def by_lags(run: Run, models: list[Model]) -> Figure | None:
    """Return the validation errors of the numbers of lags that the search tried."""
    tried = {m.name: _tried(m, run.metric.name, run.metric.sign) for m in models}
    curves: list[Row] = [
        {"title": m.title, "series": m.series, "name": m.name, "points": tried[m.name]}
        for m in models
        if len(tried[m.name]) >= _FEWEST_LAGS
    ]
    if not curves:
        return None
    columns = (
        Column("model", "Model", "model"), Column("lags", "Lags", "integer"),
        Column("score", f"Best validation {run.metric.title}", "score"),
        Column("trials", "Trials", "integer"),
    )  # fmt: skip
    rows = tuple({"model": c["name"], **point} for c in curves for point in c["points"])
    words = "; ".join(f"{c['title']} best with {_best(c, run.metric.sign)}" for c in curves)
    caption = f"Best validation {run.metric.title} by the number of lags that was tried"
    return Figure(
        "errors-by-lags",
        caption,
        f"{caption}, on training rows only. {sentence(words)}.",
        "forecast_reach.draw_lags",
        {"curves": curves, "metric": run.metric.title},
        height=300 + 12 + 17 * -(-len(curves) // 2),
        table=Table("errors-by-lags", "Validation by number of lags", columns, rows),
    )


def _best(curve: Row, sign: int) -> str:
    best = max(curve["points"], key=lambda point: sign * point["score"])
    return counted(best["lags"], "lag")


def _tried(model: Model, metric: str, sign: int) -> list[Row]:
    """Return the best score of every number of lags, over all else that was tried with it."""
    folds = defaultdict(list)
    for row in model.rows:
        lags = (row["params"] or {}).get("model__lags")
        is_whole = row["stage"] == "search" and row["status"] == "complete"
        if is_whole and row["metric"] == metric and isinstance(lags, int):
            folds[lags, row["trial"]].append(row["value"])
    most = max(map(len, folds.values()), default=0)
    scores = defaultdict(list)
    for (lags, _), values in folds.items():
        if len(values) == most and None not in values:  # a pruned trial has seen easy folds only
            scores[lags].append(fmean(values))
    return [
        {"lags": lags, "score": sign * max(values), "trials": len(values)}
        for lags, values in sorted(scores.items())
    ]


def draw_horizon(canvas: Canvas, data: Row) -> None:
    """Draw the error of every model by steps ahead, with its interval."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=60, bottom=50 + drawing.legend_height(len(data["curves"])))
    for curve in data["curves"]:
        steps = range(1, len(curve["errors"]) + 1)
        middle, low, high = zip(*curve["errors"], strict=True)
        style = drawing.line_style(curve["series"])
        ax.plot(steps, middle, **style, label=drawing.label(curve["title"]))
        if None not in (*low, *high):
            ax.fill_between(steps, low, high, color=style["color"], alpha=0.15, linewidth=0)
    ax.set(xlabel="Steps ahead", ylabel="Mean absolute error")
    ax.set_ylim(bottom=0)
    drawing.few_ticks(ax.xaxis, 7, integer=True)
    drawing.few_ticks(ax.yaxis, 5)
    drawing.legend_below(canvas, ax)


def draw_lags(canvas: Canvas, data: Row) -> None:
    """Draw the best validation score of every number of lags."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=60, bottom=50 + drawing.legend_height(len(data["curves"])))
    for curve in data["curves"]:
        lags = [point["lags"] for point in curve["points"]]
        scores = [point["score"] for point in curve["points"]]
        style = drawing.line_style(curve["series"])
        mark = drawing.marker(curve["series"])
        ax.plot(
            lags, scores, **style, marker=mark, markersize=4.5, label=drawing.label(curve["title"])
        )
    ax.set(xlabel="Lags", ylabel=f"Validation {data['metric']}")
    drawing.few_ticks(ax.xaxis, 6, integer=True)
    drawing.few_ticks(ax.yaxis, 5)
    drawing.legend_below(canvas, ax)
