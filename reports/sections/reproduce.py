"""How to get the same numbers again."""

from __future__ import annotations

from reports.blocks import Code, Column, Fold, Section, Table
from reports.run import Run
from reports.words import shorten


def summarize(run: Run) -> Section:
    """Return the command, the question, the versions, the machine and the fingerprint."""
    question, machine = run.question, run.manifest["machine"]
    facts = {
        "Started": run.manifest["created"],
        "Data": f"{run.data['name']} (sha256 {run.data['fingerprint']})",
        "Models": ", ".join(question["models"]),
        "Trials per model": question.get("n_trials"),
        "Time limit per model": _limit(question.get("timeout")),
        "Validation": question.get("cv"),
        "Evaluation": question.get("evaluation"),
        "Seed": question.get("random_state"),
        "System": machine.get("system"),
        "Processor": f"{machine.get('processor')}, {machine.get('cores')} cores",
        "Memory": f"{machine.get('memory_gib')} GiB",
        "Device": machine.get("device"),
    }
    rows = tuple({"what": k, "value": shorten(str(v), 500)} for k, v in facts.items())
    columns = (Column("what", "What"), Column("value", "Value"))
    table = Table("circumstances", "Under these circumstances", columns, rows)
    lead = "The command asks the same question again; the seeds make the same splits and trials."
    blocks = (Code(run.manifest["command"]), table, _versions(run))
    return Section("reproduce", "How to reproduce", lead, blocks)


def _versions(run: Run) -> Fold:
    versions = run.manifest["versions"]
    rows = tuple({"library": name, "version": version} for name, version in versions.items())
    columns = (Column("library", "What"), Column("version", "Version"))
    table = Table("versions", "What the models were fitted with", columns, rows)
    return Fold("Versions of Python and libraries", (table,))


def _limit(timeout: float | None) -> str:
    return "none" if timeout is None else f"{timeout:g} s"
