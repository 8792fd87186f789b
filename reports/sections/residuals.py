"""How far predicted numbers are from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import PredictionErrorDisplay

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table
from reports.run import Model, Predictions, Run
from reports.words import number, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_MOST_POINTS = 400
_SHARES = (0.5, 0.8, 0.9, 0.95)


def summarize(run: Run) -> Section | None:
    """Return predicted against true and the residuals of every model."""
    models = [m for m in run.ranked if m.name in run.predictions]
    if run.is_classification or run.task not in ("regression", "forecasting") or not models:
        return None
    found = run.predictions
    best = models[0]
    middle, bias = _middle(found[best.name]), _bias(found[best.name])
    lead = (
        f"Half of the predictions of {best.title} are less than {number(middle)} off; on average "
        f"they are {number(abs(bias), 3)} too {'high' if bias > 0 else 'low'}."
    )
    blocks: list[Block] = [_table(models, found)]
    for model in models:
        if not model.is_dummy:
            figures = Figures(tuple(_figures(model, found[model.name])))
            is_open = model is best
            blocks.append(Fold(sentence(model.title), (figures,), model.name, is_open))
    return Section("residuals", "Errors", lead, tuple(blocks))


def _middle(found: Predictions) -> float:
    return float(np.median(np.abs(found.answer - found.truth)))


def _bias(found: Predictions) -> float:
    return float(np.mean(found.answer - found.truth))


def _table(models: list[Model], found: dict[str, Predictions]) -> Table:
    columns = (
        Column("model", "Model", "model"), Column("bias", "Mean error", "number"),
        *(Column(f"q{q}", f"{100 * q:g} % are within", "number") for q in _SHARES),
        Column("largest", "Largest", "number"),
    )  # fmt: skip
    rows = []
    for model in models:
        errors = np.abs(found[model.name].answer - found[model.name].truth)
        row: Row = {"model": model.name, "bias": _bias(found[model.name])}
        row |= {f"q{q}": float(np.quantile(errors, q)) for q in _SHARES}
        rows.append(row | {"largest": float(errors.max())})
    return Table("errors", "Size of the errors on the test part", columns, tuple(rows), True)


def _figures(model: Model, found: Predictions) -> list[Figure]:
    keep = _thinned(found)
    truth, answer = found.truth[keep], found.answer[keep]
    columns = (Column("truth", "True", "number"), Column("answer", "Predicted", "number"))
    rows = tuple(
        {"truth": float(t), "answer": float(a)} for t, a in zip(truth, answer, strict=True)
    )
    shown = "" if len(keep) == len(found.truth) else f", {len(keep)} of {len(found.truth):,} rows"
    correlation = float(np.corrcoef(found.truth, found.answer)[0, 1]) if len(rows) > 1 else 0.0
    data = {
        "truth": np.round(truth, 6).tolist(),
        "answer": np.round(answer, 6).tolist(),
        "series": model.series,
    }
    title = sentence(model.title)
    off = f"Half of the errors are below {number(_middle(found))}."
    return [
        Figure(
            f"predicted-{model.name}", f"{title}: true against predicted{shown}",
            f"{title}: true against predicted values, correlation {correlation:.2f}. {off}",
            "residuals.draw_predicted", data,
            table=Table(f"predicted-{model.name}", f"{title}: true and predicted", columns, rows),
        ),
        Figure(
            f"residuals-{model.name}", f"{title}: residuals against predicted{shown}",
            f"{title}: true less predicted, against predicted. {off}",
            "residuals.draw_residuals", data,
        ),
    ]  # fmt: skip


def _thinned(found: Predictions) -> np.ndarray:
    """Return the rows that are drawn: the largest errors, and a regular sample of the others."""
    order = np.argsort(-np.abs(found.answer - found.truth), kind="stable")
    if len(order) <= _MOST_POINTS:
        return np.sort(order)
    largest, others = order[: _MOST_POINTS // 4], order[_MOST_POINTS // 4 :]
    picked = np.linspace(0, len(others) - 1, _MOST_POINTS - len(largest)).astype(int)
    return np.sort(np.concatenate([largest, others[picked]]))


def draw_predicted(canvas: Canvas, data: Row) -> None:
    """Draw true against predicted values."""
    ax = _draw(canvas, data, "actual_vs_predicted")
    ax.set(xlabel="Predicted", ylabel="True")


def draw_residuals(canvas: Canvas, data: Row) -> None:
    """Draw the residuals against the predicted values."""
    ax = _draw(canvas, data, "residual_vs_predicted")
    ax.set(xlabel="Predicted", ylabel="True less predicted")


def _draw(canvas: Canvas, data: Row, kind: str) -> Any:
    from reports import drawing  # matplotlib is loaded when something is drawn

    ax = drawing.axes(canvas, left=60)
    colour = drawing.line_style(data["series"])["color"]
    PredictionErrorDisplay(y_true=np.array(data["truth"]), y_pred=np.array(data["answer"])).plot(
        ax=ax,
        kind=kind,
        scatter_kwargs={"color": colour, "alpha": 0.55, "s": 16, "linewidths": 0},
        line_kwargs={"color": drawing.colour("muted"), "alpha": 1, "linewidth": 1},
    )
    drawing.few_ticks(ax.xaxis, 5)
    drawing.few_ticks(ax.yaxis, 5)
    return ax
