"""How far scores move from seed to seed, and whether a lead is larger than that."""

from __future__ import annotations

from statistics import stdev

from reports.run import Model, Run
from reports.words import counted, score


def spread(model: Model) -> list[float] | None:
    """Return standard deviation, least and greatest test score over the seeds, and their number.

    None where the model was judged with one seed.
    """
    scores = model.seeds
    if len(scores) < 2:
        return None
    return [stdev(scores), min(scores), max(scores), len(scores)]


def depends_on_seed(run: Run, best: Model) -> list[str]:
    """Say so, in a sentence, where another seed could put the next model in front."""
    others = [model for model in run.ranked if model is not best and not model.is_dummy]
    spreads = [(found, m.title) for m in (best, *others[:1]) if (found := spread(m))]
    if not others or not spreads:
        return []
    (_, low, high, n), title = max(spreads, key=lambda one: one[0][2] - one[0][1])
    lead = abs(best.test[run.metric.name] - others[0].test[run.metric.name])
    if high - low <= lead:
        return []
    return [
        f"Over {counted(int(n), 'seed')} the {run.metric.title} of {title} moves from "
        f"{score(low)} to {score(high)}, which is more than the lead of {score(lead)} over "
        f"{others[0].title}: which of the two is ahead depends on the seed."
    ]
