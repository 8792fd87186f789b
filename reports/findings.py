"""What the guards found: in the data before the training, and in the scores of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports.run import Run
from reports.words import clean, sentence
from search.finding import Finding
from search.guards import check_run, found_in
from search.metrics import Metric
from search.statistics import Estimate


def findings(run: Run) -> list[Finding]:
    """Return all that the guards found, warnings first."""
    found = [*(in_the_data(run) or ()), *_in_the_scores(run)]
    found = [replace(finding, sentence=sentence(finding.sentence)) for finding in found]
    return sorted(found, key=lambda finding: finding.severity != "warning")


def in_the_data(run: Run) -> list[Finding] | None:
    """Return what the guards found in the data; None where they did not look at them."""
    found = found_in(run.directory.path)
    return None if found is None else [replace(f, sentence=clean(f.sentence)) for f in found]


def _in_the_scores(run: Run) -> list[Finding]:
    """Return what the guards find in the scores; models by their titles."""
    titles = {model.name: model.title for model in run.models}
    ends = {model.title: run.estimate(model, run.metric) for model in run.ranked}
    tests = [
        replace(test, first=titles[test.first], second=titles[test.second])
        for test in run.evidence.tests
    ]
    return check_run(
        run.metric.name,
        {model.title: model.best_folds for model in run.ranked},
        {title: _signed(run.metric, *e) for title, e in ends.items() if None not in e},
        tests,
        dummy=titles.get("dummy", "dummy"),
    )


def _signed(metric: Metric, value: Any, low: Any, high: Any) -> Estimate:
    """Return a raw score with its ends as a score of which more is better."""
    low, high = sorted((metric.sign * low, metric.sign * high))
    return Estimate(metric.sign * value, low, high, "")
