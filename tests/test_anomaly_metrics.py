"""The NAB score reproduces the published scoreboard; range metrics follow the paper."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from search.nab import PROFILES, ScoredSeries, best_nab_threshold, nab_score, window_rows
from search.range_metrics import detection_scores, event_blocks, range_scores
from search.statistics import interval

DETECTORS = ("ARTime", "htmjava", "knncad", "windowedGaussian", "null", "random", "expose")


@pytest.fixture(scope="module")
def published(data_home):
    return json.loads((data_home / "nab" / "published_results.json").read_text())


@pytest.fixture(scope="module")
def labelled_rows(data_home):
    windows = json.loads((data_home / "nab" / "combined_windows.json").read_text())
    with zipfile.ZipFile(data_home / "nab" / "nab_data.zip") as archive:
        times = {
            name: pd.read_csv(io.BytesIO(archive.read(f"data/{name}")))["timestamp"]
            for name in windows
        }
    return {name: window_rows(times[name], windows[name]) for name in windows}


@pytest.fixture(scope="module")
def outputs(data_home, labelled_rows):
    with np.load(data_home / "nab" / "published_scores.npz") as scores:
        return {
            detector: [
                ScoredSeries(scores[f"{detector}/{name.removesuffix('.csv')}"], rows)
                for name, rows in labelled_rows.items()
            ]
            for detector in DETECTORS
        }


def test_the_benchmark_has_its_series_and_windows(labelled_rows):
    assert len(labelled_rows) == 52
    assert sum(map(len, labelled_rows.values())) == 102


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("detector", DETECTORS)
def test_published_outputs_give_the_published_score(detector, profile, outputs, published):
    found = nab_score(outputs[detector], published["thresholds"][detector][profile], profile)
    assert found == pytest.approx(published["rescored_52"][detector][profile], abs=1e-5)


@pytest.mark.parametrize("detector", DETECTORS)
def test_the_best_threshold_gives_the_score_that_the_benchmarks_own_tuning_finds(
    detector, outputs, published
):
    for profile in PROFILES:
        threshold, score = best_nab_threshold(outputs[detector], profile)
        assert score == pytest.approx(
            published["reoptimised_52"][detector][profile]["score"], abs=1e-5
        )
        assert score == pytest.approx(nab_score(outputs[detector], threshold, profile))


def _plain_nab_score(series: list[ScoredSeries], threshold: float, costs) -> float:
    """Score row by row, as the benchmark's rules read."""
    raw = 0.0
    for one in series:
        start = min(int(0.15 * len(one.scores)), 750)
        hit = [i for i in range(start, len(one.scores)) if one.scores[i] >= threshold]
        inside = set()
        for first, last in one.windows:
            rows = [i for i in hit if first <= i <= last]
            inside.update(range(first, last + 1))
            at = min(rows, default=None)
            y = None if at is None else -(last - at + 1) / (last - first + 1)
            raw += -costs.missed if y is None else costs.found * _worth(y) / _worth(-1)
        for i in set(hit) - inside:
            past = [(last, first) for first, last in one.windows if last < i]
            y = (i - max(past)[0]) / (max(past)[0] - max(past)[1]) if past else 4
            raw += costs.false * _worth(y)
    n = sum(len(one.windows) for one in series)
    return 100 * (raw + costs.missed * n) / ((costs.found + costs.missed) * n)


def _worth(y: float) -> float:
    return -1.0 if y > 3 else 2 / (1 + np.exp(5 * y)) - 1


@pytest.mark.parametrize("profile", PROFILES)
def test_any_threshold_scores_as_the_rules_read(profile):
    rng = np.random.default_rng(0)
    series = [
        ScoredSeries(rng.random(200).round(2), np.array(windows).reshape(-1, 2))
        for windows in ([[40, 60], [120, 150]], [], [[20, 45]], [[35, 37], [190, 199]])
    ]
    for threshold in (0.0, 0.5, 0.9, 0.99, 1.1):
        expected = _plain_nab_score(series, threshold, PROFILES[profile])
        assert nab_score(series, threshold, profile) == pytest.approx(expected)
    best = best_nab_threshold(series, profile)[1]
    tried = [nab_score(series, t, profile) for t in (*np.arange(0, 1.01, 0.01), np.inf)]
    assert best == pytest.approx(max(tried))


def test_what_fires_in_the_probation_period_only_scores_nothing():
    scores = np.zeros(100)
    scores[:15] = 1
    assert nab_score([ScoredSeries(scores, np.array([[50, 60]]))], 0.5) == 0


def _unlabelled() -> list[ScoredSeries]:
    return [ScoredSeries(np.zeros(9), np.empty((0, 2), dtype=int))]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nab_score([], 0.5), "series must hold a labelled window"),
        (lambda: nab_score(_unlabelled(), 0.5), "series must hold a labelled window"),
        (lambda: nab_score([], 0.5, "fast"), "profile must be one of standard"),
        (
            lambda: nab_score([ScoredSeries(np.array([np.nan]), np.array([[0, 0]]))], 0.5),
            "scores must be finite, got 1",
        ),
        (
            lambda: window_rows(["2026-01-01"], [["2027-01-01", "2027-01-02"]]),
            "windows must hold rows of the series",
        ),
        (lambda: range_scores([0, 2], [0, 1]), "y_true must hold 0 and 1 only"),
        (lambda: range_scores([], []), "y_true must hold 0 and 1 only"),
        (lambda: range_scores([0, 1], [0, 1, 1]), "as many rows as each other, got 2 and 3"),
        (lambda: range_scores([0, 1], [0, 1], alpha=2), "alpha must be between 0 and 1"),
        (lambda: range_scores([0, 1], [0, 1], bias="top"), "bias must be one of flat"),
    ],
)
def test_a_wrong_question_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("bias", ["flat", "front", "back", "middle"])
def test_events_of_one_row_give_the_classical_scores(bias):
    rng = np.random.default_rng(1)
    truth, found = np.zeros(400, dtype=int), np.zeros(400, dtype=int)
    truth[::2], found[::2] = rng.random(200) < 0.3, rng.random(200) < 0.4
    ours = range_scores(truth, found, bias=bias)
    assert ours.precision == pytest.approx(precision_score(truth, found))
    assert ours.recall == pytest.approx(recall_score(truth, found))
    assert ours.f1 == pytest.approx(f1_score(truth, found))


# Worked by hand: an event of four rows (weights 4 3 2 1 in front, 1 2 3 4 back, 1 2 2 1 in the
# middle) and one of two rows; found are its rows 0 and 2, the second event, and two others.
_TRUTH = [1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0]
_FOUND = [1, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("options", "recall"),
    [
        ({}, (2 / 4 / 2 + 1) / 2),
        ({"split_costs": False}, (2 / 4 + 1) / 2),
        ({"split_costs": False, "bias": "front"}, (6 / 10 + 1) / 2),
        ({"split_costs": False, "bias": "back"}, (4 / 10 + 1) / 2),
        ({"split_costs": False, "bias": "middle"}, (3 / 6 + 1) / 2),
        ({"alpha": 1.0}, 1.0),
        ({"alpha": 0.5}, (0.5 + 0.5 * 2 / 4 / 2 + 1) / 2),
    ],
)
def test_events_are_scored_as_the_paper_says(options, recall):
    found = range_scores(_TRUTH, _FOUND, **options)
    assert found.recall == pytest.approx(recall)
    assert found.precision == pytest.approx((1 + 1 + 1 + 0) / 4)


def test_one_lucky_row_does_not_find_a_long_event():
    truth = np.repeat([0, 1, 0], [100, 100, 100])
    found = np.zeros(300, dtype=int)
    found[150] = 1
    assert range_scores(truth, found).recall == pytest.approx(0.01)
    assert range_scores(truth, np.zeros(300)).f1 == 0


def test_scores_at_a_threshold_are_scikit_learns_and_have_intervals():
    rng = np.random.default_rng(2)
    truth = (rng.random(500) < 0.2).astype(int)
    scores = truth + rng.normal(size=500)
    found = detection_scores(truth, scores, 0.8)
    called = scores >= 0.8
    for name, oracle in (("precision", precision_score), ("recall", recall_score)):
        assert found[name].value == pytest.approx(oracle(truth, called))
        assert found[name].low < found[name].value < found[name].high
    alone = interval("f1", truth, called.astype(int), classes=[0, 1])
    assert (found["f1"].low, found["f1"].high) == alone


def test_the_rows_of_an_event_are_not_independent():
    rng = np.random.default_rng(3)
    truth = np.tile(np.repeat([0, 1], [80, 20]), 20)
    caught = np.repeat(rng.random(40) < 0.5, np.tile([80, 20], 20))
    scores = truth * caught + 0.0
    by_row = detection_scores(truth, scores, 0.5)["recall"]
    by_event = detection_scores(truth, scores, 0.5, in_time=True)["recall"]
    assert by_event.value == by_row.value
    assert by_event.high - by_event.low > 3 * (by_row.high - by_row.low)


def test_blocks_follow_the_events():
    truth = np.repeat([0, 1, 0, 1], [50, 10, 25, 12])
    blocks = event_blocks(truth)
    assert all(len(np.unique(truth[blocks == b])) == 1 for b in np.unique(blocks))
    assert len(np.unique(blocks[truth == 1])) == 2
    assert np.bincount(blocks).max() <= 12
    assert len(np.unique(event_blocks(np.zeros(100)))) == 20
