"""Intervals, paired tests, tests over folds and over data sets, each against an oracle."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from search.metrics import METRICS, answers, evaluate
from search.resampling import Resampled, resample
from search.statistics import (
    bayesian_t_test,
    best_set,
    corrected_t_test,
    estimate,
    friedman_nemenyi,
    interval,
    paired_test,
    pairwise_tests,
    seed_spread,
    time_blocks,
)
from search.weighted_metrics import weighted

N = 300


def _questions(n: int, n_classes: int, rng: np.random.Generator, skill: float = 1.0) -> dict:
    """Return truth and answers of one model, with ties among its scores."""
    truth = rng.integers(n_classes, size=n)
    scores = rng.normal(size=(n, n_classes))
    scores[np.arange(n), truth] += skill
    proba = np.exp(scores.round(1))
    proba /= proba.sum(axis=1, keepdims=True)
    return {"y_true": truth, "y_pred": scores.argmax(axis=1), "y_proba": proba}


def _numbers(n: int, rng: np.random.Generator) -> dict:
    truth = rng.normal(size=n)
    return {"y_true": truth, "y_pred": truth + 0.5 * rng.normal(size=n), "scale": 2.0}


def _asked(name: str, n: int, rng: np.random.Generator, n_classes: int = 2) -> dict:
    is_number = "forecasting" in METRICS[name].task
    return _numbers(n, rng) if is_number else _questions(n, n_classes, rng)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", METRICS)
def test_a_weighted_metric_is_the_metric_of_the_repeated_rows(name, n_classes):
    rng = np.random.default_rng(0)
    given = answers(name, **_asked(name, N, rng, n_classes))
    rows = rng.integers(N, size=N)
    weights = np.stack([np.ones(N), np.bincount(rows, minlength=N)], axis=1)
    metric = METRICS[name]
    expected = [
        metric.sign * metric.function(given.truth[r], given.answer[r]) for r in (np.arange(N), rows)
    ]
    assert weighted(name, given)(weights) == pytest.approx(expected, nan_ok=True)


def test_ranking_of_one_class_is_undefined():
    for name in ("roc_auc", "average_precision"):
        found = estimate(name, [0, 0, 0], y_score=[1, 2, 3], classes=[0, 1])
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.method == "undefined"


@pytest.mark.parametrize(("n", "right"), [(20, 20), (20, 0), (100, 97), (5000, 4000)])
def test_the_interval_of_accuracy_is_wilsons(n, right):
    found = interval("accuracy", np.zeros(n), np.arange(n) >= right)
    assert found == pytest.approx(proportion_confint(right, n, method="wilson"))


@pytest.mark.parametrize("name", ["r2", "mae"])
def test_the_bootstrap_interval_is_scipys_bca(name):
    asked = _asked(name, 80, np.random.default_rng(1))
    given = answers(name, **asked)

    def value(rows: np.ndarray, axis: int) -> np.ndarray:
        return np.apply_along_axis(
            lambda r: METRICS[name].sign * METRICS[name].function(given.truth[r], given.answer[r]),
            axis, rows,
        )  # fmt: skip

    oracle = stats.bootstrap(
        (np.arange(80),), value, n_resamples=4000, batch=4000, method="BCa",
        rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    low, high = interval(name, **asked)
    width = oracle.high - oracle.low
    assert low == pytest.approx(oracle.low, abs=0.06 * width)
    assert high == pytest.approx(oracle.high, abs=0.06 * width)


def test_the_bias_of_the_replicates_moves_both_ends_twice():
    # A normal distribution, its median 0.3 below the observed value: z0 = 0.3, no acceleration.
    grid = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    found = Resampled(0.3, grid, np.array([-1.0, 1.0]), 10**9).bca_interval(0.95)
    assert found == pytest.approx((0.6 - 1.96, 0.6 + 1.96), abs=0.01)


def test_a_skewed_statistic_gets_the_lopsided_interval_of_scipys_bca():
    errors = np.random.default_rng(16).lognormal(size=150)
    oracle = stats.bootstrap(
        (errors,), lambda e, axis: np.sqrt(np.mean(e**2, axis=axis)), n_resamples=20_000,
        method="BCa", rng=np.random.default_rng(17),
    ).confidence_interval  # fmt: skip
    high, low = (-end for end in interval("rmse", np.zeros(150), errors))
    width = oracle.high - oracle.low
    assert low == pytest.approx(oracle.low, abs=0.05 * width)
    assert high == pytest.approx(oracle.high, abs=0.1 * width)


@pytest.mark.parametrize("name", ["balanced_accuracy", "roc_auc", "log_loss", "rmse"])
def test_an_interval_is_the_same_twice_and_narrows_with_the_rows(name):
    few, many = (_asked(name, n, np.random.default_rng(3)) for n in (100, 1600))
    assert interval(name, **few) == interval(name, **few)
    widths = [np.diff(interval(name, **asked))[0] for asked in (few, many)]
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.25)


def test_losses_are_negated_in_intervals_too():
    found = estimate("mae", **_numbers(50, np.random.default_rng(0)))
    assert found.low < found.value < found.high < 0


def test_beyond_the_bootstrap_the_jackknife_gives_the_same_interval(monkeypatch):
    asked = _questions(4000, 2, np.random.default_rng(4))
    booted = estimate("roc_auc", **asked)
    monkeypatch.setattr("search.resampling.MAX_UNITS", 1000)
    quick = estimate("roc_auc", **asked)
    assert "jackknife" in quick.method
    assert "BCa" in booted.method
    assert [quick.low, quick.high] == pytest.approx([booted.low, booted.high], abs=0.002)


def test_rows_repeated_within_groups_add_no_certainty():
    asked = _questions(120, 2, np.random.default_rng(5))
    tenfold = {key: np.repeat(part, 10, axis=0) for key, part in asked.items()}
    persons = np.repeat(np.arange(120), 10)
    alone = interval("f1_macro", **asked)
    assert interval("f1_macro", **tenfold, groups=persons) == pytest.approx(alone, abs=1e-6)
    assert np.diff(interval("f1_macro", **tenfold)) < 0.5 * np.diff(alone)
    assert np.diff(interval("accuracy", **tenfold, groups=persons)) > np.diff(
        interval("accuracy", **tenfold)
    )


def test_blocks_of_a_series_widen_the_interval_of_correlated_errors():
    errors = np.repeat(np.random.default_rng(6).normal(size=200), 10)
    y_true = np.zeros(2000)
    blocked = interval("mae", y_true, errors, groups=time_blocks(2000))
    assert np.diff(blocked) > 2 * np.diff(interval("mae", y_true, errors))
    assert len(np.unique(time_blocks(10))) >= 8


def test_a_perfect_score_still_has_a_lower_bound():
    truth = np.repeat([0, 1], [90, 10])
    for name in ("f1_macro", "roc_auc", "balanced_accuracy"):
        found = estimate(name, truth, truth, y_score=truth)
        assert found.high == 1
        assert found.low == pytest.approx(proportion_confint(10, 10, method="wilson")[0])
        assert "10 rows" in found.method


def test_the_ranking_of_a_constant_score_has_no_width():
    found = estimate("roc_auc", [0, 1] * 20, y_score=np.zeros(40))
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_rows_gives_an_answer(n):
    for name in ("accuracy", "f1_macro", "r2", "mae"):
        found = estimate(name, np.arange(n), np.arange(n)[::-1])
        assert n == 1 or np.isfinite(found.value) or name == "r2"


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match=r"level must be between 0 and 1, got level="):
        interval("accuracy", [0, 1], [0, 1], level=level)


def _two_models(gains: int, losses: int, both: int) -> tuple[np.ndarray, dict, dict]:
    """Return truth and labels of two models with that many rows that only one gets right."""
    n = gains + losses + both
    first = np.arange(n) >= losses
    second = (np.arange(n) < losses) | (np.arange(n) >= losses + gains)
    return np.ones(n), {"y_pred": first.astype(float)}, {"y_pred": second.astype(float)}


@pytest.mark.parametrize(("gains", "losses"), [(1, 0), (9, 2), (3, 3), (60, 30)])
def test_accuracies_are_compared_by_mcnemars_exact_test(gains, losses):
    truth, first, second = _two_models(gains, losses, 50)
    found = paired_test("accuracy", truth, first, second)
    oracle = mcnemar([[50, gains], [losses, 0]], exact=True).pvalue
    assert found.p_value == pytest.approx(oracle)
    assert found.difference == pytest.approx((gains - losses) / len(truth))
    assert found.effect_size == pytest.approx(gains / (gains + losses) - 0.5)
    assert found.low < found.difference < found.high


def test_the_interval_of_a_difference_of_accuracies_is_bonett_prices():
    # Worked by hand: n = 96, 12 rows for the first only, 4 for the second only.
    found = paired_test("accuracy", *_two_models(12, 4, 80))
    up, down = 13 / 98, 5 / 98
    half = 1.959964 * np.sqrt((up + down - (up - down) ** 2) / 98)
    assert (found.low, found.high) == pytest.approx((up - down - half, up - down + half))


def test_equal_answers_do_not_differ():
    asked = _questions(50, 3, np.random.default_rng(0))
    truth = asked.pop("y_true")
    for name in ("accuracy", "f1_macro", "roc_auc"):
        found = paired_test(name, truth, asked, asked)
        assert (found.difference, found.p_value, found.effect_size) == (0, 1, 0)


def test_the_paired_test_of_a_mean_is_the_paired_t_test():
    rng = np.random.default_rng(7)
    truth = rng.normal(size=500)
    first, second = truth + 0.5 * rng.normal(size=500), truth + 0.6 * rng.normal(size=500)
    found = paired_test("mae", truth, {"y_pred": first}, {"y_pred": second})
    gaps = np.abs(truth - second) - np.abs(truth - first)
    oracle = stats.ttest_1samp(gaps, 0)
    assert found.difference == pytest.approx(gaps.mean())
    assert np.log(found.p_value) == pytest.approx(np.log(oracle.pvalue), rel=0.1)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval()), abs=0.003)
    assert found.effect_size == pytest.approx(gaps.mean() / gaps.std(ddof=1), rel=0.05)


def test_a_better_loss_is_a_positive_difference():
    rng = np.random.default_rng(8)
    truth = rng.normal(size=100)
    found = paired_test("rmse", truth, {"y_pred": truth + 0.1 * rng.normal(size=100)},
                        {"y_pred": np.zeros(100)})  # fmt: skip
    assert found.difference > 0
    assert found.p_value < 1e-6


def test_the_difference_of_aucs_has_delongs_standard_error():
    rng = np.random.default_rng(9)
    truth = np.arange(400) % 2
    scores = [truth + rng.normal(size=400) * s for s in (1.0, 1.4)]
    found = paired_test("roc_auc", truth, *({"y_score": s, "classes": [0, 1]} for s in scores))
    placements = [(np.sign(s[truth == 1][:, None] - s[truth == 0]) + 1) / 2 for s in scores]
    gap = placements[0] - placements[1]
    variance = gap.mean(1).var(ddof=1) / 200 + gap.mean(0).var(ddof=1) / 200
    width = 2 * stats.t.ppf(0.975, 399) * np.sqrt(variance)
    assert found.high - found.low == pytest.approx(width, rel=0.06)


def test_pairs_are_corrected_by_holm():
    rng = np.random.default_rng(10)
    truth = rng.integers(2, size=200)
    models = {
        name: {"y_pred": np.where(rng.random(200) < skill, truth, 1 - truth), "rows": None}
        for name, skill in (("a", 0.9), ("b", 0.8), ("c", 0.6))
    }
    tests = pairwise_tests("accuracy", truth, models)
    assert [(t.first, t.second) for t in tests] == [("a", "b"), ("a", "c"), ("b", "c")]
    oracle = multipletests([t.p_value for t in tests], method="holm")[1]
    assert [t.adjusted for t in tests] == pytest.approx(list(oracle))


def test_pairs_with_a_baseline_are_corrected_among_themselves():
    rng = np.random.default_rng(10)
    truth = rng.integers(2, size=200)
    models = {
        name: {"y_pred": np.where(rng.random(200) < skill, truth, 1 - truth)}
        for name, skill in (("a", 0.7), ("dummy", 0.6), ("b", 0.68), ("c", 0.66))
    }
    tests = pairwise_tests("accuracy", truth, models, baseline="dummy")
    assert [(t.first, t.second) for t in tests] == list(itertools.combinations(models, 2))
    for with_dummy in (True, False):
        family = [t for t in tests if ("dummy" in (t.first, t.second)) == with_dummy]
        oracle = multipletests([t.p_value for t in family], method="holm")[1]
        assert [t.adjusted for t in family] == pytest.approx(list(oracle))


def test_a_model_without_the_metric_takes_part_in_no_pair():
    asked = _questions(50, 2, np.random.default_rng(0))
    truth = asked.pop("y_true")
    models = {"a": asked, "labels only": {"y_pred": asked["y_pred"]}, "b": asked}
    assert [(t.first, t.second) for t in pairwise_tests("roc_auc", truth, models)] == [("a", "b")]
    assert pairwise_tests("accuracy", truth, {"a": asked}) == []


@pytest.mark.parametrize(
    ("skills", "members", "winner"),
    [
        ({"a": 0.9, "b": 0.6, "c": 0.5}, {"a"}, "a"),
        ({"a": 0.9, "b": 0.9, "c": 0.5}, {"a", "b"}, None),
        ({"a": 0.7}, {"a"}, None),
    ],
)
def test_the_best_set_holds_what_the_data_cannot_tell_from_the_best(skills, members, winner):
    rng = np.random.default_rng(11)
    truth = rng.integers(2, size=1000)
    models = {
        name: {"y_pred": np.where(rng.random(1000) < skill, truth, 1 - truth)}
        for name, skill in skills.items()
    }
    scores = {name: evaluate(["accuracy"], truth, **m)["accuracy"] for name, m in models.items()}
    found = best_set(scores, pairwise_tests("accuracy", truth, models))
    assert set(found.members) == members
    assert found.members[0] == found.best == max(scores, key=scores.get)
    assert found.winner == winner


def test_a_best_set_of_nothing_is_refused():
    with pytest.raises(ValueError, match="scores must hold a finite score"):
        best_set({"a": np.nan}, [])


def _folds(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.82, 0.03, size=10), rng.normal(0.8, 0.03, size=10)


def test_the_corrected_test_is_nadeau_and_bengios():
    first, second = _folds()
    found = corrected_t_test(first, second, n_train=90, n_test=10)
    gaps = first - second
    t = gaps.mean() / np.sqrt(gaps.var(ddof=1) * (1 / 10 + 10 / 90))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert found.p_value > stats.ttest_rel(first, second).pvalue
    assert (found.low + found.high) / 2 == pytest.approx(found.difference)


@pytest.mark.parametrize("rope", [0, 0.01, 0.05])
def test_the_bayesian_test_is_baycomps(rope):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # baycomp's own: it warns of its plotting backend
        baycomp = pytest.importorskip("baycomp")
    first, second = _folds()
    oracle = baycomp.two_on_single(second, first, rope=rope, runs=1)
    found = bayesian_t_test(first, second, n_train=90, n_test=10, rope=rope)
    ours = (found.second_better, found.equivalent, found.first_better)
    # baycomp gives left and right only without a region of equivalence
    expected = (oracle[0], 0, oracle[1]) if rope == 0 else oracle
    assert ours == pytest.approx(expected)


def test_equal_folds_do_not_differ():
    assert corrected_t_test([0.5] * 5, [0.5] * 5, n_train=8, n_test=2).p_value == 1
    assert bayesian_t_test([0.5] * 5, [0.5] * 5, n_train=8, n_test=2).equivalent == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: corrected_t_test([1, 2], [1], n_train=1, n_test=1), "the same two or more folds"),
        (lambda: corrected_t_test([1], [1], n_train=1, n_test=1), "the same two or more folds"),
        (lambda: corrected_t_test([1, 2], [1, 3], n_train=0, n_test=1), "n_train and n_test must"),
        (lambda: bayesian_t_test([1, 2], [1, 3], n_train=1, n_test=1, rope=-1), "rope must be"),
        (lambda: seed_spread([0.5]), "two or more seeds"),
        (lambda: friedman_nemenyi([[1, 2]], ["a", "b"]), "two or more data sets"),
        (lambda: friedman_nemenyi([[1, 2], [np.nan, 1]], ["a", "b"]), "1 values missing"),
        (lambda: friedman_nemenyi([[1, 2], [2, 1]], ["a"]), "names must name each column"),
        (lambda: friedman_nemenyi([[1, 2], [2, 1]], ["a", "b"], alpha=2), "alpha must be"),
    ],
)
def test_a_wrong_question_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_spread_of_seeds_and_folds_is_the_analysis_of_variances():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(12)
    table = 0.9 + 0.02 * rng.normal(size=(6, 1)) + 0.03 * rng.normal(size=5)
    table = table + 0.005 * rng.normal(size=(6, 5))
    frame = pandas.DataFrame(
        [(s, f, table[s, f]) for s, f in itertools.product(range(6), range(5))],
        columns=["seed", "fold", "score"],
    )
    squares = anova_lm(ols("score ~ C(seed) + C(fold)", frame).fit())
    means = squares["sum_sq"] / squares["df"]
    found = seed_spread(table)
    assert found.rest**2 == pytest.approx(means["Residual"])
    assert found.seed**2 == pytest.approx((means["C(seed)"] - means["Residual"]) / 5)
    assert found.fold**2 == pytest.approx((means["C(fold)"] - means["Residual"]) / 6)


def test_the_spread_of_seeds_on_one_split_has_an_interval():
    scores = np.random.default_rng(13).normal(0.9, 0.01, size=20)
    found = seed_spread(scores)
    assert found.seed == pytest.approx(scores.std(ddof=1))
    assert found.low < found.seed < found.high
    assert np.isnan(found.fold)


@pytest.fixture(scope="module")
def scoreboard():
    rng = np.random.default_rng(14)
    return rng.normal(size=(12, 5)) * 0.02 + np.array([0.9, 0.89, 0.87, 0.87, 0.8])


def test_mean_ranks_and_the_critical_difference_are_autoranks(scoreboard):
    pandas = pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # autorank's and its plotting libraries' own
        autorank = pytest.importorskip("autorank").autorank
        oracle = autorank(
            pandas.DataFrame(scoreboard, columns=list("abcde")), alpha=0.05, verbose=False,
            force_mode="nonparametric", order="descending",
        )  # fmt: skip
    found = friedman_nemenyi(scoreboard, list("abcde"))
    assert found.critical_difference == pytest.approx(oracle.cd, rel=1e-4)  # it reads a table
    assert found.p_value == pytest.approx(oracle.pvalue)
    assert found.ranks == pytest.approx(oracle.rankdf["meanrank"].to_dict())


def test_groups_are_the_pairs_that_nemenyi_cannot_tell_apart(scoreboard):
    posthocs = pytest.importorskip("scikit_posthocs")
    names = list("abcde")
    oracle = posthocs.posthoc_nemenyi_friedman(scoreboard)
    found = friedman_nemenyi(scoreboard, names)
    together = {frozenset(p) for g in found.groups for p in itertools.combinations(g, 2)}
    expected = {
        frozenset((names[i], names[j]))
        for i, j in itertools.combinations(range(5), 2)
        if oracle.iloc[i, j] > 0.05
    }
    assert together == expected
    assert together


def test_two_models_are_ranked_by_wilcoxon(scoreboard):
    found = friedman_nemenyi(scoreboard[:, [0, 4]], ["a", "e"])
    oracle = stats.wilcoxon(scoreboard[:, 0], scoreboard[:, 4]).pvalue
    assert found.p_value == pytest.approx(oracle)
    assert friedman_nemenyi(np.ones((4, 2)), ["a", "b"]).p_value == 1


def test_resampling_counts_every_row_once_on_average():
    total = resample(lambda weights: weights.sum(axis=0), 50)
    assert total.observed == 50
    assert np.all(total.replicates == 50)
    assert np.all(total.jackknife == 49)


def _auc_rejects(n: int, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    scores = truth + rng.normal(size=n) * 0.7
    models = [{"y_score": scores + rng.normal(size=n) * 0.7, "classes": [0, 1]} for _ in "ab"]
    return paired_test("roc_auc", truth, *models).p_value <= 0.05


def test_equal_models_are_seldom_called_different():
    # 300 trials at level 0.05: at most 23 rejections with probability 0.98
    assert sum(_auc_rejects(60, seed) for seed in range(300)) <= 23


def test_wrong_models_are_found_out():
    asked = _questions(400, 2, np.random.default_rng(15), skill=2)
    worse = _questions(400, 2, np.random.default_rng(15), skill=0.5)
    truth = asked.pop("y_true")
    assert sk.accuracy_score(truth, asked["y_pred"]) > sk.accuracy_score(truth, worse["y_pred"])
    worse.pop("y_true")
    assert paired_test("f1_macro", truth, asked, worse).p_value < 0.001
