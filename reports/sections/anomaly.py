"""How far normal and abnormal rows lie apart, and where the threshold cuts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table
from reports.run import Model, Predictions, Run
from reports.sections import series_alarms
from reports.words import counted, sentence, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_BINS = 30
_SHOWN = 0.95  # of the scores, at least, have bins of their own
_MOST_POINTS = 600
_SIDES = (("normal", 0), ("abnormal", 1))


def summarize(run: Run) -> Section | None:
    """Return alarms, and the scores of normal and abnormal rows, of every detector."""
    models = [m for m in run.ranked if m.name in run.predictions]
    scored = [m for m in models if run.predictions[m.name].score is not None]
    if run.task != "anomaly" or not scored:
        return None
    rows = {m.name: _alarms(m, run.predictions[m.name]) for m in scored}
    best = rows[scored[0].name]
    lead = (
        f"{sentence(scored[0].title)} raises an alarm on {share(best['found'])} of the abnormal "
        f"rows and on {share(best['false'])} of the normal ones, at the threshold that it took "
        f"from the training part.{_labelled(run)}"
    )
    columns = (
        Column("model", "Model", "model"), Column("alarms", "Alarms", "share"),
        Column("found", "Abnormal rows found ↑", "share"),
        Column("false", "False alarms ↓", "share"),
        Column("right", "Alarms that are right ↑", "share"),
    )  # fmt: skip
    table = Table("alarms", "Alarms on the test part", columns, tuple(rows.values()), True)
    blocks: list[Block] = [table, *_rules(run, scored)]
    for model in scored:
        found = run.predictions[model.name]
        drawn = [series_alarms.figure(run, model, found), *_figures(model, found, rows[model.name])]
        figures = Figures(tuple(figure for figure in drawn if figure is not None))
        blocks.append(Fold(sentence(model.title), (figures,), model.name, model is scored[0]))
    return Section("anomaly", "Alarms", lead, tuple(blocks))


def _labelled(run: Run) -> str:
    """Say how many training rows were known to be abnormal, and still taken for normal."""
    counts = run.data.get("class_counts", {}).get("train", {})
    n_strange = int(counts.get("1", 0))
    if not n_strange:
        return ""
    return (
        f" The detectors learnt from {counted(n_strange, 'row')} labelled abnormal as from the "
        "normal ones: leave such rows out of the training part to learn what is normal."
    )


def _rules(run: Run, scored: list[Model]) -> list[Table]:
    """Return what every rule for the threshold would have cost, where models have such rules."""
    rows = tuple(
        _alarms(model, replace(run.predictions[model.name], answer=(scores > cut).astype(int)))
        | {"rule": rule if cut else f"{rule} (in use)"}
        for model in scored
        for scores in [_scores(run.predictions[model.name])]
        for rule, cut in (model.extra.get("thresholds") or {}).items()
    )
    columns = (
        Column("model", "Model", "model"), Column("rule", "Rule"),
        Column("alarms", "Alarms", "share"), Column("found", "Abnormal rows found ↑", "share"),
        Column("false", "False alarms ↓", "share"),
    )  # fmt: skip
    caption = (
        "Alarms by the rule that takes the threshold from the training part; to choose a rule by "
        "this table would be to tune on the test part"
    )
    return [Table("rules", caption, columns, rows)] if rows else []


def _scores(found: Predictions) -> np.ndarray:
    """Return degrees of abnormality, of which 0 is the threshold."""
    score = np.asarray(found.score, dtype=float)
    return score if score.ndim == 1 else score[:, -1]


def _alarms(model: Model, found: Predictions) -> Row:
    """Return shares of alarms: of all rows, the abnormal, the normal, and right ones of them."""
    alarm, strange = found.answer == 1, found.truth == 1
    return {
        "model": model.name,
        "alarms": float(alarm.mean()),
        "found": _share(alarm[strange]),
        "false": _share(alarm[~strange]),
        "right": _share(strange[alarm]),
    }


def _share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if len(flags) else None


def _figures(model: Model, found: Predictions, alarms: Row) -> list[Figure]:
    scores, title = _scores(found), sentence(model.title)
    edges = _edges(scores)
    shown = scores.clip(edges[0], edges[-1])
    counts = {name: np.histogram(shown[found.truth == side], edges)[0] for name, side in _SIDES}
    words = (
        f"{share(alarms['found'])} of the abnormal and {share(alarms['false'])} of the normal "
        "rows lie above the threshold"
    )
    columns = (
        Column("from", "Score from", "number"),
        *(Column(name, f"{sentence(name)} rows", "integer") for name, _ in _SIDES),
    )
    rows = tuple(
        {"from": float(edges[i])} | {name: int(counts[name][i]) for name in counts}
        for i in range(_BINS)
    )
    keep = _thinned(scores)
    return [
        Figure(
            f"scores-{model.name}", f"{title}: scores of normal and abnormal rows; the line is "
            f"the threshold{_beyond(scores, edges)}",
            f"{title}: histogram of the degree of abnormality. {words}.",
            "anomaly.draw_histogram",
            {"edges": edges.tolist(), **{name: counts[name].tolist() for name in counts}},
            table=Table(f"scores-{model.name}", f"{title}: rows by score", columns, rows),
        ),
        Figure(
            f"course-{model.name}", f"{title}: scores in the order of the rows",
            f"{title}: degree of abnormality, row after row of the test part. {words}.",
            "anomaly.draw_course",
            {
                "row": keep.tolist(),
                "score": np.round(scores[keep], 6).tolist(),
                "strange": (found.truth[keep] == 1).tolist(),
            },
        ),
    ]  # fmt: skip


def _edges(scores: np.ndarray) -> np.ndarray:
    """Return the edges of bins around the threshold, 0; the last one takes all scores above, too.

    A few scores can be thousands of times the others, whose bins would all be one.
    """
    low, middle, high = np.quantile(scores, [0, 0.5, _SHOWN])
    highest = min(scores.max(), 2 * max(high, 0.0) - min(middle, 0.0))
    return np.linspace(low, highest if highest > low else low + 1.0, _BINS + 1)


def _beyond(scores: np.ndarray, edges: np.ndarray) -> str:
    n_beyond = int((scores > edges[-1]).sum())
    return f"; the last bar holds {counted(n_beyond, 'row')} beyond it, too" if n_beyond else ""


def _thinned(scores: np.ndarray) -> np.ndarray:
    """Return the rows that are drawn: the highest score of each of equal stretches."""
    stretches = np.array_split(np.arange(len(scores)), min(len(scores), _MOST_POINTS))
    return np.array([stretch[scores[stretch].argmax()] for stretch in stretches])


def draw_histogram(canvas: Canvas, data: Row) -> None:
    """Draw how many normal and abnormal rows have which score."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, bottom=50 + drawing.legend_height(2))
    for series, (name, _) in enumerate(_SIDES):
        style = drawing.line_style(series)
        total = max(1, sum(data[name]))
        heights = [count / total for count in data[name]]
        ax.stairs(heights, data["edges"], fill=True, alpha=0.25, color=style["color"])
        ax.stairs(heights, data["edges"], label=name, **style)
    ax.axvline(0, color=drawing.colour("muted"), linewidth=1)
    ax.set(xlabel="Degree of abnormality", ylabel="Share of the rows")
    drawing.few_ticks(ax.xaxis, 5)
    drawing.legend_below(canvas, ax)


def draw_course(canvas: Canvas, data: Row) -> None:
    """Draw the scores of the rows, one after the other."""
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=60, bottom=50 + drawing.legend_height(2))
    row, score = np.array(data["row"]), np.array(data["score"])
    strange = np.array(data["strange"], dtype=bool)
    for series, (name, side) in enumerate(_SIDES):
        chosen = strange == bool(side)
        colour = drawing.line_style(series)["color"]
        marker = drawing.marker(series)
        ax.plot(row[chosen], score[chosen], marker, color=colour, markersize=3.5, label=name)
    ax.axhline(0, color=drawing.colour("muted"), linewidth=1)
    ax.set(xlabel="Row of the test part", ylabel="Degree of abnormality")
    drawing.few_ticks(ax.xaxis, 5)
    drawing.few_ticks(ax.yaxis, 5)
    drawing.legend_below(canvas, ax)
