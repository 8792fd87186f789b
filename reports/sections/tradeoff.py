"""The trade-off: score against what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.blocks import Column, Figure, Figures, Row, Section, Table
from reports.run import Model, Run
from reports.sections.comparison import efficient
from reports.words import listing, score, seconds, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def summarize(run: Run) -> Section | None:
    """Return the scatter of score against fit and prediction time."""
    models = [m for m in run.ranked if m.fit_seconds and m.predict_seconds]
    if len(models) < 2:
        return None
    front = efficient(run.ranked)
    titles = [model.title for model in models if model.name in front]
    lead = f"No model is both better and faster than {listing(titles, 'or')}." if titles else ""
    return Section(
        "tradeoff",
        "Score against cost",
        lead,
        (Figures((_figure(run, models, front, "fit"), _figure(run, models, front, "predict"))),),
    )


def _figure(run: Run, models: list[Model], front: set[str], cost: str) -> Figure:
    what = "fit the training part" if cost == "fit" else "predict the test part"
    points: list[Row] = [
        {
            "title": m.title,
            "series": m.series,
            "seconds": m.fit_seconds if cost == "fit" else (m.predict_seconds or [0.0])[0],
            "score": m.test[run.metric.name],
            "efficient": m.name in front,
        }
        for m in models
    ]
    words = "; ".join(
        f"{p['title']} {score(p['score'])} in {seconds(p['seconds'])}" for p in points
    )
    columns = (
        Column("title", "Model"),
        Column("score", run.metric.title, "score"),
        Column("seconds", "Seconds", "number"),
        Column("efficient", "Best trade-off", "mark"),
    )
    return Figure(
        f"tradeoff-{cost}",
        f"{sentence(run.metric.title)} against the time to {what}; filled: best trade-off",
        f"{run.metric.title} against the seconds to {what}: {words}.",
        "tradeoff.draw_tradeoff",
        {"metric": sentence(run.metric.title), "what": f"Time to {what}", "points": points},
        height=320,
        table=Table(f"tradeoff-{cost}", f"Score and seconds to {what}", columns, tuple(points)),
    )


def draw_tradeoff(canvas: Canvas, data: Row) -> None:
    """Draw one labelled point per model."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    points = data["points"]
    ax = drawing.axes(canvas, left=58, right=20)
    low, high = drawing.limits(points, lambda point: [point["score"]])
    shown = [point for point in points if low <= point["score"] <= high]
    for point in shown:
        colour = drawing.line_style(point["series"])["color"]
        face = colour if point["efficient"] else "none"
        ax.plot(
            point["seconds"], point["score"], drawing.marker(point["series"]),
            color=colour, markerfacecolor=face, markersize=8, linestyle="none",
        )  # fmt: skip
    ax.set(xscale="log", xlabel=data["what"], ylabel=data["metric"], ylim=(low, high))
    ax.margins(x=0.2)
    ax.autoscale_view(scaley=False)
    drawing.time_axis(ax.xaxis)
    ax.grid()
    drawing.label_points(ax, shown, "seconds", "score")
    off = [f"{p['title']} {score(p['score'])}" for p in points if p not in shown]
    if off:
        ax.set_title(f"Off the scale: {', '.join(off)}", fontsize=10.5)
