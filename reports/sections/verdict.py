"""The answer in words, and never more than the numbers carry."""

from __future__ import annotations

from dataclasses import dataclass

from reports.blocks import Fact, Verdict
from reports.findings import findings
from reports.run import Model, Run
from reports.seeds import depends_on_seed
from reports.words import (
    counted,
    difference_parts,
    estimate,
    estimate_parts,
    listing,
    p_value,
    score,
    seconds,
    sentence,
    shorten,
    size,
)
from search.statistics import PairedTest

_MUCH = 3.0  # times faster from which a cheaper model is worth a word
_LITTLE = 0.25  # of the lead over the dummy, up to which a cheaper model may score less
_FAR = 3  # models named; more are counted


@dataclass(frozen=True)
class Standing:
    """Who stands where: the best score, the ones not told from it, and the baseline."""

    run: Run
    best: Model
    rivals: list[Model]
    worse: list[Model]
    dummy: Model | None

    def test(self, better: Model, other: Model) -> PairedTest | None:
        """Return the test of two models, the better one first."""
        return self.run.evidence.test_of(better.name, other.name)

    @property
    def beats_dummy(self) -> bool:
        """Whether the best model is more than chance better than the baseline."""
        return self.dummy is None or self.dummy in self.worse


def judge(run: Run) -> Verdict:
    """Return the verdict on a run."""
    if not run.ranked:
        return Verdict("No model has a test score.", (*_warned(run), *_not_judged(run)))
    standing = _standing(run)
    if standing.dummy and not standing.beats_dummy:
        return _no_better_than_dummy(standing)
    best, rivals = standing.best, standing.rivals
    choice = _cheapest([best, *rivals])
    sentences = [
        *_warned(run),
        *_how_sure(standing),
        *depends_on_seed(run, best),
        *_against_dummy(standing),
        *_what_it_costs(run, best),
        *_cheaper(standing, choice),
        *_limits(run),
        *_not_judged(run),
    ]
    winner = best.name if not rivals and standing.worse else None
    return Verdict(_headline(standing), tuple(sentences), _facts(standing), winner, choice.name)


def _standing(run: Run) -> Standing:
    models = {model.name: model for model in run.ranked}
    found = run.evidence.best
    members = [models[name] for name in found.members] if found else [run.ranked[0]]
    dummy = next((model for model in run.ranked if model.is_dummy), None)
    worse = [model for model in run.ranked if model not in members]
    return Standing(run, members[0], members[1:], worse, dummy)


def _headline(standing: Standing) -> str:
    run, best = standing.run, standing.best
    value = f"{run.metric.title} {estimate(run.estimate(best, run.metric))}"
    if not standing.rivals and not standing.worse:
        return f"{sentence(best.title)} is the only model that was judged: {value}."
    if not standing.rivals:
        return f"{sentence(best.title)} is the best of {_n_models(run)}: {value}."
    if len(standing.rivals) == 1:
        others = standing.rivals[0].title
    elif len(standing.rivals) <= _FAR:
        others = listing(model.title for model in standing.rivals)
    else:
        others = f"{len(standing.rivals)} others"
    verb = "is" if len(standing.rivals) == 1 else "are"
    return (
        f"{sentence(best.title)} scores highest ({value}), but {others} {verb} "
        "not shown to be worse."
    )


def _n_models(run: Run) -> str:
    return counted(sum(not model.is_dummy for model in run.ranked), "model")


def _no_better_than_dummy(standing: Standing) -> Verdict:
    """Say that nothing was learnt, which is a result."""
    run, dummy = standing.run, standing.dummy
    models = [model for model in run.ranked if not model.is_dummy]
    if dummy is None or not models:
        return Verdict("Only the dummy was judged.", tuple(_not_judged(run)))
    first = models[0]
    words = [
        f"The highest score of a model is that of {first.title}, {run.metric.title} "
        f"{estimate(run.estimate(first, run.metric))}; the dummy, which looks at no feature, "
        f"reaches {estimate(run.estimate(dummy, run.metric))}."
    ]
    test = standing.test(first, dummy)
    if test and test.difference < 0 and test.adjusted < 0.05:
        words.append(f"It is worse than the dummy by more than chance: {_in_words(test)}.")
    elif test:
        words.append(f"The difference is {_in_words(test)}, which chance alone could make.")
    words.append(
        "Either the features say little about the target, or there are too few rows to show it."
    )
    rest = (*_warned(run), *words, *_limits(run), *_not_judged(run))
    return Verdict("No model is better than the dummy.", rest, _facts(standing))


def _warned(run: Run) -> list[str]:
    """Pass on what the guards warn of; models like the dummy have a sentence of their own."""
    warnings = [f for f in findings(run) if f.severity == "warning" and f.guard != "like the dummy"]
    if not warnings:
        return []
    first = shorten(warnings[0].sentence, 300)
    more = f" Warnings besides: {len(warnings) - 1}." if len(warnings) > 1 else ""
    return [f"Mind that the scores may mislead: {first}{more} See “Guards”."]


def _how_sure(standing: Standing) -> list[str]:
    """Say what the tests carry: the nearest model told apart, or those that are not."""
    worse = [model for model in standing.worse if not model.is_dummy]
    if standing.rivals:
        tests = {m.title: standing.test(standing.best, m) for m in standing.rivals[:_FAR]}
        leads = [f"{_in_words(test)} over {title}" for title, test in tests.items() if test]
        lead, verb = ("lead", "is") if len(leads) == 1 else ("leads", "are")
        return [
            f"Its {lead}, {listing(leads)}, {verb} within chance. More test rows could tell them "
            "apart; being the highest of several scores, this one is probably a little lucky."
        ]
    if not worse:
        return []
    if test := standing.test(standing.best, worse[0]):
        return [f"The next best, {worse[0].title}, is behind by {_in_words(test)}."]
    return []


def _in_words(test: PairedTest) -> str:
    middle, ends = difference_parts([test.difference, test.low, test.high])
    p = p_value(test.adjusted)
    return f"{middle.lstrip('+')} {ends} (corrected p {p if p.startswith('<') else '= ' + p})"


def _against_dummy(standing: Standing) -> list[str]:
    run, dummy = standing.run, standing.dummy
    if dummy is None and run.metric.name == "roc_auc":
        return ["No dummy was judged; scores drawn at random come to about 0.500."]
    if dummy is None:
        return ["No dummy was judged, so what is no skill at all is not known."]
    weak = [m for m in run.ranked if not m.is_dummy and not _beats(standing, m, dummy)]
    reached = f"The dummy, which looks at no feature, reaches {score(dummy.test[run.metric.name])}."
    if weak:
        reached += f" Not shown to be better than it: {listing(model.title for model in weak)}."
    return [reached]


def _beats(standing: Standing, model: Model, dummy: Model) -> bool:
    test = standing.test(model, dummy)
    return test is not None and test.adjusted < 0.05 and test.difference > 0


def _what_it_costs(run: Run, model: Model) -> list[str]:
    parts = []
    if model.fit_seconds is not None:
        parts.append(f"fits {counted(run.data['n_train'], 'row')} in {seconds(model.fit_seconds)}")
    if model.predict_seconds:
        taken = seconds(model.predict_seconds[0])
        parts.append(f"predicts {counted(run.data['n_test'], 'row')} in {taken}")
    if model.extra.get("model_bytes"):
        parts.append(f"takes {size(model.extra['model_bytes'])} on disk")
    if model.extra.get("peak_memory"):
        parts.append(f"needed {size(model.extra['peak_memory'])} of memory")
    return [f"{sentence(model.title)} {listing(parts)}."] if parts else []


def _cheaper(standing: Standing, choice: Model) -> list[str]:
    """Say when a cheaper model is good enough."""
    best = standing.best
    if choice is not best:
        test = standing.test(best, choice)
        most = f" It may cost up to {score(max(test.high, 0.0))}." if test else ""
        return [f"The cheaper choice is {choice.title}: {_faster(choice, best)}.{most}"]
    worse = [m for m in standing.worse if not m.is_dummy and _ratio(best, m) >= _MUCH]
    test = standing.test(best, worse[0]) if worse else None
    lead = standing.test(best, standing.dummy) if standing.dummy else None
    if test is None or (lead and abs(test.difference) > _LITTLE * abs(lead.difference)):
        return []
    less = score(abs(test.difference))
    return [
        f"If {less} less {standing.run.metric.title} is good enough, take {worse[0].title}: "
        f"{_faster(worse[0], best)}."
        if standing.run.metric.greater_is_better
        else f"If {less} more {standing.run.metric.title} is acceptable, take {worse[0].title}: "
        f"{_faster(worse[0], best)}."
    ]


def _cost(model: Model) -> float | None:
    if model.fit_seconds is None or not model.predict_seconds:
        return None
    return model.fit_seconds + model.predict_seconds[0]


def _ratio(dear: Model, cheap: Model) -> float:
    """Return how many times less time the second one takes, to fit and predict together."""
    costs = _cost(dear), _cost(cheap)
    return costs[0] / costs[1] if costs[0] and costs[1] else 0.0


def _cheapest(models: list[Model]) -> Model:
    """Return the cheapest of equally good models, the first unless another is much cheaper."""
    cheaper = [model for model in models[1:] if _ratio(models[0], model) >= _MUCH]
    return max(cheaper, key=lambda model: _ratio(models[0], model)) if cheaper else models[0]


def _faster(cheap: Model, dear: Model) -> str:
    words = []
    if cheap.fit_seconds and dear.fit_seconds:
        words.append(f"fits {_times(dear.fit_seconds / cheap.fit_seconds)}")
    if cheap.predict_seconds and dear.predict_seconds:
        ratio = dear.predict_seconds[0] / cheap.predict_seconds[0]
        words.append(f"predicts {_times(ratio)}")
    both = ", less time for both together" if "slower" in listing(words) else ""
    return f"it {listing(words)}{both}"


def _times(ratio: float) -> str:
    if 0.8 < ratio < 1.25:
        return "as fast"
    fast, factor = ("faster", ratio) if ratio > 1 else ("slower", 1 / ratio)
    return f"{factor:,.0f} times {fast}" if factor >= 9.5 else f"{factor:.1f} times {fast}"


def _limits(run: Run) -> list[str]:
    """Say what was not tried."""
    n_trials = run.question.get("n_trials")
    words = "The models were not tuned"
    if run.task == "anomaly" and len(run.data.get("class_counts", {}).get("train", "")) < 2:
        words += ", as no row of the training part is known to be abnormal"
    if n_trials and any(model.trials for model in run.models):
        timeout = run.question.get("timeout")
        within = f" within {seconds(timeout)}" if timeout else ""
        words = f"Each model had up to {counted(n_trials, 'trial')} of tuning{within}"
        words += f" ({run.question.get('cv')})" if run.question.get("cv") else ""
    short = [model.title for model in run.models if _is_short(model, n_trials)]
    cut = f"; {listing(short)} had fewer that were complete" if short else ""
    seeds = "" if run.is_repeated else ", other seeds"
    return [
        f"{words}{cut}. Not tried: other models and settings, another split{seeds}; the "
        "intervals hold the chance of the test rows only."
    ]


def _is_short(model: Model, n_trials: int | None) -> bool:
    complete = sum(state in ("complete", "pruned") for state in model.trials.values())
    return bool(n_trials and model.params and complete < n_trials)


def _not_judged(run: Run) -> list[str]:
    left = [f"{model.title} ({model.status})" for model in run.models if not model.done]
    return [f"Not judged: {listing(left)}; see “Failures and warnings”."] if left else []


def _facts(standing: Standing) -> tuple[Fact, ...]:
    run, best = standing.run, standing.best
    value, ends = estimate_parts(run.estimate(best, run.metric))
    facts = [Fact(f"Test {run.metric.title}", value, f"95 % interval {ends}" if ends else "")]
    if best.validation is not None:
        facts.append(Fact("Validation", score(best.validation), "what the search saw"))
    if best.fit_seconds is not None:
        facts.append(Fact("Fit", seconds(best.fit_seconds), counted(run.data["n_train"], "row")))
    if best.predict_seconds:
        per_row = best.predict_seconds[0] / max(1, run.data["n_test"])
        facts.append(Fact("Predict", seconds(1000 * per_row), "1,000 rows"))
    if best.extra.get("model_bytes"):
        facts.append(Fact("Size", size(best.extra["model_bytes"]), "saved model"))
    return tuple(facts)
