"""The answer in words, and never more than the numbers carry."""

from __future__ import annotations

from reports.blocks import Fact, Verdict
from reports.run import Run
from reports.words import score


def judge(run: Run) -> Verdict:
    """Return the verdict on a run."""
    if not run.ranked:
        return Verdict("No model has a test score yet.", ())
    best = run.ranked[0]
    return Verdict(
        f"{best.title} has the best test score.",
        (),
        (Fact(f"Test {run.metric.title}", score(best.test[run.metric.name])),),
        winner=best.name,
    )
