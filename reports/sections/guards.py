"""Leaks and flaws, looked for: in the data before the training, in the scores after it."""

from __future__ import annotations

from reports.blocks import Block, Column, Fold, Section, Table, Text
from reports.findings import findings, in_the_data
from reports.run import Run
from reports.words import counted, shorten
from search.finding import GUARDS, Finding

_LONGEST = 400


def summarize(run: Run) -> Section:
    """Return every finding with what to do, and the list of what was looked for."""
    found, is_guarded = findings(run), in_the_data(run) is not None
    blocks: list[Block] = [_in_words(finding) for finding in found]
    table = _table(found, is_guarded)
    blocks.append(table if found else Fold("What was looked for", (table,)))
    return Section("guards", "Guards", _lead(found, is_guarded), tuple(blocks))


def _lead(found: list[Finding], is_guarded: bool) -> str:
    warnings = sum(finding.severity == "warning" for finding in found)
    notes = len(found) - warnings
    counts = [counted(n, noun) for n, noun in ((warnings, "warning"), (notes, "note")) if n]
    where = "the data and the scores" if is_guarded else "the scores"
    return (
        f"Leaks and flaws were looked for in {where}: {' and '.join(counts) or 'none found'}. "
        "A warning asks to look and is no proof; silence means that none of these flaws was found."
    )


def _in_words(finding: Finding) -> Text:
    """Return what was found with what to do, and where there is more of it."""
    return Text(
        f"{shorten(finding.sentence, _LONGEST)} {finding.advice}",
        "warning" if finding.severity == "warning" else "plain",
        (f"More: {finding.section}", finding.link),
    )


def _table(found: list[Finding], is_guarded: bool) -> Table:
    columns = (
        Column("guard", "Guard"), Column("looks_for", "Looks for"), Column("found", "Found"),
        Column("number", "How much", "number"), Column("section", "Section of the page on honesty"),
    )  # fmt: skip
    first = {finding.guard: finding for finding in reversed(found)}
    silent = {"data": "nothing" if is_guarded else "not looked at", "scores": "nothing"}
    rows = tuple(
        {
            "guard": name,
            "looks_for": guard.looks_for,
            "found": first[name].severity if name in first else silent[guard.judges],
            "number": first[name].number if name in first else None,
            "section": guard.section,
        }
        for name, guard in GUARDS.items()
    )
    return Table("guards", "Every guard and what it found", columns, rows)
