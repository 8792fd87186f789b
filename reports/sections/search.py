"""What the search tried, and what mattered."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.blocks import Block, Column, Figure, Figures, Fold, Row, Section, Table, Text
from reports.run import Model, Run
from reports.words import (
    clean,
    counted,
    listing,
    parameter,
    score,
    sentence,
    setting,
    share,
    shorten,
)

if TYPE_CHECKING:
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


def _row(run: Run, trial: FrozenTrial) -> Row:
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


def _history(run: Run, model: Model, rows: list[Row]) -> Figure:
    values = [
        row["value"] for row in rows if row["state"] == "complete" and row["value"] is not None
    ]
    best = (max if run.metric.greater_is_better else min)(values) if values else None
    first = next((r["number"] for r in rows if r["value"] == best), 0)
    words = f"best {score(best)} in trial {first}" if values else "no trial was complete"
    return Figure(
        f"history-{model.name}",
        f"{sentence(model.title)}: validation {run.metric.title} by trial, and the best so far",
        f"Search history of {model.title}: {counted(len(rows), 'trial')}, {words}.",
        "search_plots.draw_history",
        {
            "rows": [{k: row[k] for k in ("number", "state", "value")} for row in rows],
            "series": model.series, "metric": sentence(run.metric.title),
            "greater": run.metric.greater_is_better,
        },
        height=260,
    )  # fmt: skip


def _importance_figure(model: Model, importances: dict[str, float]) -> Figure:
    rows: list[Row] = [
        {"name": parameter(n), "value": round(v, 4)} for n, v in importances.items()
    ][:12]
    words = ", ".join(f"{row['name']} {share(row['value'])}" for row in rows)
    columns = (Column("name", "Parameter"), Column("value", "Importance", "share"))
    caption = f"{sentence(model.title)}: importance of the parameters for the score (PED-ANOVA)"
    return Figure(
        f"importances-{model.name}", caption, f"Importances of {model.title}: {words}.",
        "search_plots.draw_importances", {"rows": rows, "series": model.series},
        height=max(130, 60 + 24 * len(rows)),
        table=Table(f"importances-{model.name}", caption, columns, tuple(rows)),
    )  # fmt: skip


def _slices(
    run: Run, model: Model, rows: list[Row], names: list[str], scales: dict[str, str]
) -> Figure:
    best = (max if run.metric.greater_is_better else min)(rows, key=lambda row: row["value"])
    words = ", ".join(
        f"{parameter(n)} {shorten(setting(best['params'].get(n)), 30)}" for n in names
    )
    return Figure(
        f"slices-{model.name}",
        f"{sentence(model.title)}: validation {run.metric.title} against each parameter, the most "
        "important first",
        f"Trials of {model.title} against each parameter. The best one had {words}.",
        "search_plots.draw_slices",
        {
            "slices": [
                {
                    "name": parameter(name), "scale": scales.get(name, "category"),
                    "points": _points(rows, name),
                }
                for name in names
            ],
            "series": model.series, "metric": sentence(run.metric.title),
        },
        width=660,
        height=12 + 162 * -(-len(names) // 3),
    )  # fmt: skip


def _points(rows: list[Row], name: str) -> list[list[Any]]:
    """Return value and score of the trials that have the parameter."""
    return [[row["params"][name], row["value"]] for row in rows if name in row["params"]]


def _parallel(
    run: Run, model: Model, rows: list[Row], names: list[str], scales: dict[str, str]
) -> Figure:
    sign = run.metric.sign
    whole = [row for row in rows if all(name in row["params"] for name in names)]
    whole.sort(key=lambda row: sign * row["value"])
    return Figure(
        f"parallel-{model.name}",
        f"{sentence(model.title)}: every complete trial as a line through its parameters; the best "
        "tenth stands out",
        f"Parallel coordinates of {counted(len(whole), 'trial')} of {model.title} over "
        f"{listing(parameter(n) for n in names)}.",
        "search_plots.draw_parallel",
        {
            "axes": [{"name": parameter(n), "scale": scales.get(n, "category")} for n in names],
            "lines": [[*(r["params"][n] for n in names), r["value"]] for r in whole],
            "series": model.series, "metric": sentence(run.metric.title),
        },
        width=660,
        height=260,
    )  # fmt: skip
