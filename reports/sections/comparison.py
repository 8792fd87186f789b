"""The comparison table: score with interval, what was tuned, what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.blocks import Block, Column, Figure, Row, Section, Table, Text
from reports.run import Model, Run
from reports.seeds import spread
from reports.words import counted, estimate, estimate_parts, score, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


def summarize(run: Run) -> Section:
    """Return the table of all models, the ones without a score last."""
    metric = run.metric
    better = "more" if metric.greater_is_better else "less"
    lead = (
        f"Judged by {metric.title} ({better} is better) on "
        f"{counted(run.data['n_test'], 'test row')} that no search has seen. Brackets hold 95 % "
        "intervals: where the score would plausibly be if there were no end of such rows."
    )
    rest = [model for model in run.models if not model.done]
    front = efficient(run.ranked)
    rows = tuple(_row(run, model, model.name in front) for model in [*run.ranked, *rest])
    blocks: list[Block] = [
        Table("comparison", "All models, best test score first", _columns(run), rows, True)
    ]
    note = _NOTE + _SEEDS if run.is_repeated else _NOTE
    blocks += [_forest(run), Text(note, "small")] if run.ranked else []
    if len(run.metrics) > 1 and run.ranked:
        blocks.append(_all_metrics(run))
    return Section("comparison", "Comparison", lead, tuple(blocks))


_NOTE = (
    "Fit: the final fit on the whole training part with the tuned parameters. Predict: the whole "
    "test part, median of several repeats after one warm-up. Size: of the saved model. Memory: the "
    "peak of the process that searched and fitted. Best trade-off: no other model but the dummy is "
    "at least as good in score, fit and prediction time and better in one of them."
)
_SEEDS = (
    " Over seeds: standard deviation and range of the test score when what was found is fitted "
    "again with other seeds; a dash where nothing is drawn."
)


def efficient(models: list[Model]) -> set[str]:
    """Return the names of the models that no other beats in score and time at once."""
    costs = {model.name: _costs(model) for model in models if not model.is_dummy}
    return {
        name
        for name, own in costs.items()
        if not any(
            other != own and all(o <= c for o, c in zip(other, own, strict=True))
            for other in costs.values()
        )
    }


def _costs(model: Model) -> tuple[float, ...]:
    metric = model.refit_metric
    predict = (model.predict_seconds or [float("inf")])[0]
    fit = float("inf") if model.fit_seconds is None else model.fit_seconds
    return -metric.sign * model.test[metric.name], fit, predict


def _columns(run: Run) -> tuple[Column, ...]:
    title = run.metric.title
    all_done = all(model.done for model in run.models)
    return (
        Column("model", "Model", "model"),
        Column("test", f"Test {title}", "estimate"),
        *([Column("seeds", "Over seeds", "seeds")] if run.is_repeated else []),
        Column("validation", "Validation", "score"),
        Column("fit", "Fit", "seconds"),
        Column("predict", "Predict", "spread"),
        Column("size", "Size", "bytes"),
        Column("memory", "Memory", "bytes"),
        Column("efficient", "Best trade-off", "mark"),
        Column("params", "Tuned parameters", "params"),
    ) + (() if all_done else (Column("status", "Status"),))


def _row(run: Run, model: Model, is_efficient: bool) -> Row:
    return {
        "model": model.name,
        "test": _estimate(run, model),
        "validation": model.validation,
        "fit": model.fit_seconds,
        "predict": model.predict_seconds,
        "size": model.extra.get("model_bytes"),
        "memory": model.extra.get("peak_memory"),
        "efficient": is_efficient,
        "params": model.params if model.done else None,
        "status": model.status,
    } | ({"seeds": spread(model)} if run.is_repeated else {})


def _estimate(run: Run, model: Model) -> list[float | None] | None:
    return run.estimate(model, run.metric) if model.done else None


def _all_metrics(run: Run) -> Table:
    columns = [Column("model", "Model", "model")]
    for metric in run.metrics:
        arrow = "↑" if metric.greater_is_better else "↓"
        columns.append(Column(metric.name, f"{sentence(metric.title)} {arrow}", "estimate"))
    rows = tuple(
        {"model": m.name} | {metric.name: run.estimate(m, metric) for metric in run.metrics}
        for m in run.ranked
    )
    caption = "Every metric on the test part (↑ more is better, ↓ less is better)"
    return Table("metrics", caption, tuple(columns), rows, True)


def _forest(run: Run) -> Figure:
    """Return the plot of all scores with their intervals."""
    estimates = [_estimate(run, model) for model in run.ranked]
    data = {
        "title": sentence(run.metric.title),
        "rows": [
            {"title": m.title, "series": m.series, "estimate": e}
            for m, e in zip(run.ranked, estimates, strict=True)
        ],
    }
    words = "; ".join(
        f"{m.title} {estimate(e)}" for m, e in zip(run.ranked, estimates, strict=True)
    )
    return Figure(
        "scores",
        f"Test {run.metric.title} with 95 % interval",
        f"Test {run.metric.title} of each model with its 95 % interval: {words}.",
        "comparison.draw_scores",
        data,
        width=640,
        height=58 + 26 * len(run.ranked),
    )


def draw_scores(canvas: Canvas, data: Row) -> None:
    """Draw a dot with a bar for every model; a dummy far off stands at the edge."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    rows = data["rows"]
    names = [drawing.label(row["title"], 28) for row in rows]
    ax = drawing.axes(canvas, left=drawing.room(names), right=64)
    low, high = drawing.limits(rows, lambda row: row["estimate"])
    for y, row in enumerate(rows):
        value = row["estimate"][0]
        ends = [end if end is not None else value for end in row["estimate"][1:]]
        colour = drawing.line_style(row["series"])["color"]
        if not low <= value <= high:
            edge, arrow = (low, "←") if value < low else (high, "→")
            ax.annotate(
                f"{arrow} {score(value)}",
                (edge, y),
                (6, 0),
                va="center",
                color=colour,
                textcoords="offset points",
            )
            continue
        ax.plot(ends, [y, y], color=colour, linewidth=2.4, solid_capstyle="round")
        ax.plot(value, y, "o", color=colour, markersize=6.5)
        written, _ = estimate_parts(row["estimate"])
        ax.annotate(written, (ends[1], y), (8, 0), textcoords="offset points", va="center")
    ax.set(yticks=range(len(rows)), yticklabels=names, ylim=(len(rows) - 0.4, -0.6))
    ax.set(xlabel=data["title"], xlim=(low, high))
    ax.tick_params(axis="y", length=0, labelcolor=drawing.colour("ink"))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
