"""What the search tried, and what mattered."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Section, Table, Text
from reports.run import Model, Run
from reports.words import clean, counted, listing, parameter, score, sentence, share, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from optuna import Study
    from optuna.trial import FrozenTrial

_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
_FEWEST = 4  # complete trials from which importances and slices say something
_MOST_PARAMS = 9


def summarize(run: Run) -> Section | None:
    """Return history, importances, slices and parallel coordinates of every study."""
    path = run.directory.path / "study.db"
    if not path.exists():
        return None
    # importing optuna takes a while, and its storage needs a database driver: only reports do
    import optuna
    from sqlalchemy.exc import DatabaseError

    try:
        storage = optuna.storages.RDBStorage(run.directory.storage, skip_table_creation=True)
        try:
            known = set(optuna.get_all_study_names(storage))
            folds = [
                _fold(run, model, optuna.load_study(study_name=model.name, storage=storage))
                for model in run.models
                if model.name in known
            ]
        finally:
            storage.engine.dispose()
    except (DatabaseError, optuna.exceptions.OptunaError) as error:
        text = f"study.db cannot be read: {shorten(str(error), 200)}"
        return Section("search", "The search", "", (Text(clean(text), "warning"),))
    found = [fold for fold in folds if fold]
    return Section("search", "The search", _lead(run), tuple(found)) if found else None


def _lead(run: Run) -> str:
    states = [state for model in run.models for state in model.trials.values()]
    parts = [f"{states.count(s)} {s}" for s in dict.fromkeys(states)]
    return (
        f"{counted(len(states), 'trial')} over all models: {listing(parts)}. Scores are of the "
        "validation; the test part took no part."
    )


def _fold(run: Run, model: Model, study: Study) -> Fold | None:
    trials = [t for t in study.get_trials(deepcopy=False) if t.state.name in _STATES]
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    if not names or not trials:
        return None
    rows = [_row(run, trial) for trial in trials]
    complete = [row for row in rows if row["state"] == "complete" and row["value"] is not None]
    figures = [_history(run, model, rows)]
    blocks: list[Block] = []
    varied = [n for n in names if len({str(r["params"].get(n)) for r in complete}) > 1]
    if len(complete) >= _FEWEST and varied:
        importances = _importances(study)
        figures += [_importance_figure(model, importances)] if importances else []
        order = [name for name in importances if name in varied]
        order += [name for name in varied if name not in order]
        shown = order[:_MOST_PARAMS]
        scales = _scales(trials, shown)
        blocks += [_slices(run, model, complete, shown, scales)]
        blocks += [_parallel(run, model, complete, shown, scales)] if len(shown) > 1 else []
    columns = (
        Column("number", "Trial", "integer"), Column("state", "State"),
        Column("value", f"Validation {run.metric.title}", "score"),
        Column("seconds", "Time", "seconds"), Column("params", "Parameters", "params"),
    )  # fmt: skip
    table = Table(f"trials-{model.name}", f"Trials of {model.title}", columns, tuple(rows), True)
    inner = (Figures(tuple(figures)), *blocks, Fold("All trials", (table,)))
    return Fold(f"{sentence(model.title)}: {counted(len(rows), 'trial')}", inner, model.name)


def _row(run: Run, trial: FrozenTrial) -> dict[str, Any]:
    values = trial.values or []
    value = run.metric.sign * values[0] if values and np.isfinite(values[0]) else None
    return {
        "number": trial.number,
        "state": _STATES[trial.state.name],
        "value": value,
        "seconds": trial.duration.total_seconds() if trial.duration else None,
        "params": {key: clean(item) for key, item in trial.params.items()},
    }


def _importances(study: Study) -> dict[str, float]:
    from optuna.importance import get_param_importances  # see summarize

    with warnings.catch_warnings():
        # what it warns of (few trials, experimental) is no news to the reader of a report
        warnings.simplefilter("ignore")
        found = get_param_importances(study)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _scales(trials: list[FrozenTrial], names: list[str]) -> dict[str, str]:
    """Return for every parameter "linear", "log" or "category"."""
    scales = {}
    for trial in trials:
        for name in names:
            found = trial.distributions.get(name)
            if found is not None:
                kind = "log" if getattr(found, "log", False) else "linear"
                scales[name] = kind if hasattr(found, "low") else "category"
    return scales


def _history(run: Run, model: Model, rows: list[dict[str, Any]]) -> Figure:
    values = [
        row["value"] for row in rows if row["state"] == "complete" and row["value"] is not None
    ]
    best = (max if run.metric.greater_is_better else min)(values) if values else None
    first = next((r["number"] for r in rows if r["value"] == best), 0)
    words = f"best {score(best)} in trial {first}" if values else "no trial was complete"
    return Figure(
        f"history-{model.name}",
        f"Validation {run.metric.title} by trial, and the best so far",
        f"Search history of {model.title}: {counted(len(rows), 'trial')}, {words}.",
        "search.draw_history",
        {
            "rows": [{k: row[k] for k in ("number", "state", "value")} for row in rows],
            "series": model.series, "metric": sentence(run.metric.title),
            "greater": run.metric.greater_is_better,
        },
        height=260,
    )  # fmt: skip


def _importance_figure(model: Model, importances: dict[str, float]) -> Figure:
    rows = [{"name": parameter(n), "value": round(v, 4)} for n, v in importances.items()][:12]
    words = ", ".join(f"{row['name']} {share(row['value'])}" for row in rows)
    columns = (Column("name", "Parameter"), Column("value", "Importance", "share"))
    caption = "Share of the differences between trials that each parameter explains (PED-ANOVA)"
    return Figure(
        f"importances-{model.name}", caption, f"Importances of {model.title}: {words}.",
        "search.draw_importances", {"rows": rows, "series": model.series},
        height=max(130, 60 + 24 * len(rows)),
        table=Table(f"importances-{model.name}", f"Importances: {model.title}", columns, tuple(rows)),
    )  # fmt: skip


def _slices(
    run: Run, model: Model, rows: list[dict[str, Any]], names: list[str], scales: dict[str, str]
) -> Figure:
    best = (max if run.metric.greater_is_better else min)(rows, key=lambda row: row["value"])
    words = ", ".join(f"{parameter(n)} {shorten(str(best['params'].get(n)), 30)}" for n in names)
    return Figure(
        f"slices-{model.name}",
        f"Validation {run.metric.title} against each parameter, the most important first",
        f"Trials of {model.title} against each parameter. The best one had {words}.",
        "search.draw_slices",
        {
            "slices": [
                {
                    "name": parameter(name), "scale": scales.get(name, "category"),
                    "points": [[r["params"][name], r["value"]] for r in rows if name in r["params"]],
                }
                for name in names
            ],
            "series": model.series, "metric": sentence(run.metric.title),
        },
        width=660,
        height=12 + 162 * -(-len(names) // 3),
    )  # fmt: skip


def _parallel(
    run: Run, model: Model, rows: list[dict[str, Any]], names: list[str], scales: dict[str, str]
) -> Figure:
    sign = run.metric.sign
    whole = [row for row in rows if all(name in row["params"] for name in names)]
    whole.sort(key=lambda row: sign * row["value"])
    return Figure(
        f"parallel-{model.name}",
        "Every complete trial as a line through its parameters; the best tenth stands out",
        f"Parallel coordinates of {counted(len(whole), 'trial')} of {model.title} over "
        f"{listing(parameter(n) for n in names)}.",
        "search.draw_parallel",
        {
            "axes": [{"name": parameter(n), "scale": scales.get(n, "category")} for n in names],
            "lines": [[*(r["params"][n] for n in names), r["value"]] for r in whole],
            "series": model.series, "metric": sentence(run.metric.title),
        },
        width=660,
        height=260,
    )  # fmt: skip


def draw_history(canvas: Canvas, data: dict[str, Any]) -> None:
    """Draw each trial, and the best so far as a step."""
    from reports import figures  # matplotlib is loaded when something is drawn

    ax = figures.axes(canvas, left=58)
    colour = figures.line_style(data["series"])["color"]
    done = [r for r in data["rows"] if r["state"] == "complete" and r["value"] is not None]
    other = [r["number"] for r in data["rows"] if r not in done]
    if done:
        numbers, values = [r["number"] for r in done], [r["value"] for r in done]
        best = (np.maximum if data["greater"] else np.minimum).accumulate(values)
        ax.step(numbers, best, where="post", color=colour, linewidth=1.6)
        ax.plot(numbers, values, "o", color=colour, alpha=0.55, markersize=5.5, markeredgewidth=0)
    if other:
        ax.plot(
            other, [0.02] * len(other), "x", color=figures.colour("error"), markersize=5,
            transform=ax.get_xaxis_transform(), label="pruned or failed",
        )  # fmt: skip
        ax.legend(loc="lower right")
    ax.set(xlabel="Trial", ylabel=data["metric"])
    ax.xaxis.set_major_locator(figures.MaxNLocator(6, integer=True))
    ax.grid(axis="y")


def draw_importances(canvas: Canvas, data: dict[str, Any]) -> None:
    """Draw one bar per parameter."""
    from reports import figures  # matplotlib is loaded when something is drawn

    names = [figures.label(row["name"], 24) for row in data["rows"]]
    ax = figures.axes(canvas, left=figures.room(names), right=48, bottom=24, top=6)
    values = [row["value"] for row in data["rows"]]
    bars = ax.barh(names, values, 0.6, color=figures.line_style(data["series"])["color"])
    ax.bar_label(bars, [share(value) for value in values], padding=4)
    ax.invert_yaxis()
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0, labelcolor=figures.colour("ink"))
    ax.spines["bottom"].set_visible(False)


def draw_slices(canvas: Canvas, data: dict[str, Any]) -> None:
    """Draw one small plot per parameter."""
    from reports import figures  # matplotlib is loaded when something is drawn

    width, height = (72 * side for side in canvas.get_size_inches())
    colour = figures.line_style(data["series"])["color"]
    for i, part in enumerate(data["slices"]):
        left, top = 62 + (i % 3) * (width - 62) / 3, 26 + (i // 3) * 162
        below = height - top - 110
        ax = figures.axes(canvas, left, width - left - (width - 62) / 3 + 22, top, below)
        x, labels = _places([point[0] for point in part["points"]], part["scale"])
        ax.plot(
            x, [point[1] for point in part["points"]], "o", color=colour, alpha=0.6,
            markersize=5.5, markeredgewidth=0,
        )  # fmt: skip
        if labels:
            ax.set_xticks(range(len(labels)), [figures.label(name, 12) for name in labels])
            ax.margins(x=0.15)
        elif part["scale"] == "log":
            figures.log_axis(ax)
        else:
            ax.xaxis.set_major_locator(figures.MaxNLocator(4))
        ax.yaxis.set_major_locator(figures.MaxNLocator(4))
        ax.set_title(figures.label(part["name"], 26), fontsize=11)
        if i % 3:
            ax.tick_params(labelleft=False)
        elif i == 0:
            ax.set_ylabel(data["metric"])
        ax.grid(axis="y")


def draw_parallel(canvas: Canvas, data: dict[str, Any]) -> None:
    """Draw one line per trial over axes that all reach from 0 to 1."""
    from reports import figures  # matplotlib is loaded when something is drawn

    axes = [*data["axes"], {"name": data["metric"], "scale": "linear"}]
    columns = list(zip(*data["lines"], strict=True))
    heights, ends = zip(
        *(_heights(c, a["scale"]) for c, a in zip(columns, axes, strict=True)), strict=True
    )
    ax = figures.axes(canvas, left=50, right=50, top=20, bottom=44)
    n_best = max(1, len(data["lines"]) // 10)
    colour = figures.line_style(data["series"])["color"]
    for i, line in enumerate(np.column_stack(heights)):
        is_best = i >= len(data["lines"]) - n_best
        style = {"color": colour, "linewidth": 2} if is_best else {
            "color": figures.colour("muted"), "linewidth": 0.8, "alpha": 0.45
        }  # fmt: skip
        ax.plot(range(len(axes)), line, **style)
    for place, (low, high) in enumerate(ends):
        ax.axvline(place, color=figures.colour("line"), linewidth=1, zorder=0)
        ax.text(place, -0.03, low, ha="center", va="top", fontsize=9.5)
        ax.text(place, 1.03, high, ha="center", va="bottom", fontsize=9.5)
    ax.set(xlim=(-0.2, len(axes) - 0.8), ylim=(0, 1), yticks=[])
    length = max(6, 90 // len(axes))
    ax.set_xticks(range(len(axes)), [figures.label(a["name"], length) for a in axes])
    ax.tick_params(axis="x", length=0, pad=18, labelcolor=figures.colour("ink"))
    for spine in ax.spines.values():
        spine.set_visible(False)


def _places(values: list[Any], scale: str) -> tuple[list[float], list[str]]:
    """Return where values stand on an axis, and the labels if they are categories."""
    if scale != "category":
        return [float(value) for value in values], []
    labels = sorted({str(value) for value in values})
    return [float(labels.index(str(value))) for value in values], labels


def _heights(values: tuple[Any, ...], scale: str) -> tuple[np.ndarray, tuple[str, str]]:
    """Return values on a common scale from 0 to 1, and how its ends are written."""
    places, labels = _places(list(values), scale)
    x = np.log(places) if scale == "log" else np.asarray(places)
    reach = x.max() - x.min()
    heights = (x - x.min()) / reach if reach else np.full(len(x), 0.5)
    if labels:
        return heights, (shorten(labels[0], 10), shorten(labels[-1], 10))
    return heights, (f"{min(places):.3g}", f"{max(places):.3g}")
