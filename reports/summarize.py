"""From a run to plain data: everything that the report says, computed once."""

from __future__ import annotations

import dataclasses
import importlib
import math
from typing import Any

from reports.blocks import Section, Summary
from reports.run import Run
from reports.sections import SECTIONS
from reports.sections.verdict import judge
from reports.words import counted, shorten


def summarize(run: Run) -> Summary:
    """Return the summary of a run.

    Parameters
    ----------
    run : Run
        The run directory, read.

    Returns
    -------
    Summary
        The verdict and the sections, in the order of the report.
    """
    parts = [
        importlib.import_module(f"reports.sections.{name}").summarize(run) for name in SECTIONS
    ]
    return Summary(
        title=f"Which model for {shorten(run.data['name'], 80)}?",
        eyebrow=_eyebrow(run),
        date=run.manifest["created"][:10],
        task=run.task,
        kind=run.kind,
        models=tuple({"name": m.name, "title": m.title, "series": m.series} for m in run.models),
        classes=tuple(run.class_names) if run.is_classification else (),
        verdict=judge(run),
        sections=tuple(part for part in parts if isinstance(part, Section)),
    )


def _eyebrow(run: Run) -> str:
    models = counted(sum(not model.is_dummy for model in run.models), "model")
    dummy = " and a dummy" if any(model.is_dummy for model in run.models) else ""
    asked = "Anomaly detection in" if run.task == "anomaly" else f"{run.task.capitalize()} of"
    return f"{asked} {run.kind} data, {models}{dummy} compared"


def plain(value: Any) -> Any:
    """Return dataclasses, tuples and numpy's numbers as JSON holds them; NaN as None.

    >>> plain({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
