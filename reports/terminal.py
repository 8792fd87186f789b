"""What the command prints: tables, and the verdict of a report."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports import words

if TYPE_CHECKING:
    from reports.report import Report


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> None:
    """Print rows of text under a header; the last ``numbers`` columns are aligned on the right."""
    table = Table(box=None, pad_edge=False)
    for i, name in enumerate(header):
        is_number = i >= len(header) - numbers
        table.add_column(name, justify="right" if is_number else "left", no_wrap=i == 0)
    for row in rows:
        table.add_row(*map(Text, row))
    # A pipe has no width: a row that stays on one line is what grep wants.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def print_models(task: str | None, kind: str | None) -> None:
    """Print the models that serve a task and take a kind of data."""
    # Lazy: the registry's names are free, but what a model says of itself imports its file.
    from estimators import registry

    specs = {name: registry.get(name) for name in registry.names(task, kind)}
    print_table(
        ("name", "model", "tasks", "data", "good for"),
        [
            (name, spec.title, ", ".join(spec.tasks), ", ".join(sorted(spec.kinds)), spec.summary)
            for name, spec in specs.items()
        ],
    )


def print_datasets() -> None:
    """Print the data sets that have a name."""
    # Lazy: `bakeoff --help` must not wait for the catalogue.
    from pipelines.loaders import CATALOGUE

    rows = [(n, e.title, e.task, e.kind, e.origin) for n, e in CATALOGUE.items()]
    print_table(("name", "what", "task", "data", "where from"), rows)


def print_report(report: Report) -> None:
    """Print the comparison table of a report and its verdict in words."""
    verdict = report.summary["verdict"]
    table = report.table().reset_index()
    # JSON's null is what pandas' NaN means here, and what `words` shows as a dash.
    rows = json.loads(table.to_json(orient="records"))
    print_table(
        ("model", "status", "test score [95 % interval]", "validation", "fit", "predict", "size"),
        [_row(row) for row in rows],
        numbers=5,
    )
    text = " ".join([verdict["headline"], *verdict["sentences"]])
    Console(width=None if sys.stdout.isatty() else 200).print(Text(f"\n{text}"))


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["model"],
        row["status"],
        words.estimate([row["test"], row["test_low"], row["test_high"]]),
        words.score(row["validation"]),
        words.seconds(row["fit_seconds"]),
        words.seconds(row["predict_seconds"]),
        words.size(row["model_bytes"]),
    )
