"""What went wrong, and what was warned of: nothing is dropped silently."""

from __future__ import annotations

from collections import Counter

from reports.blocks import Block, Column, Row, Section, Table, Text
from reports.run import Run
from reports.words import counted, shorten

_LONGEST = 400


def summarize(run: Run) -> Section:
    """Return the failures by model, stage and error; the warnings; the notes on the data."""
    failures, warnings = _failures(run), _warnings(run)
    blocks: list[Block] = [Text(note, "warning") for note in run.data.get("notes") or ()]
    if failures:
        columns: tuple[Column, ...] = (
            Column("model", "Model", "model"), Column("stage", "Stage"),
            Column("status", "Status"), Column("count", "Times", "integer"),
            Column("error", "Error"),
        )  # fmt: skip
        blocks.append(Table("failures", "What did not end well", columns, failures))
    if warnings:
        columns = (Column("model", "Model", "model"), Column("warning", "Warning"))
        blocks.append(Table("warnings", "Warnings of the final fits", columns, warnings))
    n_failed = sum(not model.done for model in run.models)
    if not blocks:
        lead = "Every model and every trial ended well, and nothing was warned of."
    elif n_failed:
        lead = f"{counted(n_failed, 'model')} of {len(run.models)} ended without a score."
    else:
        lead = "Every model ended with a score; some of what led there did not go smoothly."
    return Section("failures", "Failures and warnings", lead, tuple(blocks))


def _failures(run: Run) -> tuple[Row, ...]:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for model in run.models:
        for row in model.rows:
            if row["status"] not in ("complete", "pruned"):
                error = shorten(row["error"] or "", _LONGEST)
                counts[model.name, row["stage"], row["status"], error] += 1
        if model.status == "unfinished":
            counts[model.name, "", "unfinished", "The run was stopped before it ended."] += 1
    keys = ("model", "stage", "status", "error")
    return tuple(dict(zip(keys, key, strict=True)) | {"count": n} for key, n in counts.items())


def _warnings(run: Run) -> tuple[Row, ...]:
    return tuple(
        {"model": model.name, "warning": shorten(warning, _LONGEST)}
        for model in run.models
        for warning in dict.fromkeys(model.extra.get("warnings") or ())
    )
