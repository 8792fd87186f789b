"""Thresholds from normal rows, detectors over any model, and abnormal time stamps of a series."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import expon, genpareto, norm
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from benchmarks.nab import OURS, outputs
from estimators import Autoencoder, ConvAutoencoder, ReconstructionDetector, registry
from estimators.thresholds import RULES, fit_pareto
from pipelines import Dataset, SeriesDetector, make_detector, make_pipeline
from pipelines.novelty import novelty_scores
from reports import Report
from reports.run import Predictions, Run
from reports.sections import anomaly
from search import compare
from search.nab import best_nab_threshold

ROWS = load_digits().data[:300] / 16
WAVE = np.sin(np.arange(800) / 5) + np.random.default_rng(0).normal(0, 0.05, 800)


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ksigma", norm.ppf(0.5) + 3.0),
        ("mad", 3.0),
        ("quantile", norm.isf(0.01)),
        ("pot", norm.isf(0.01)),
    ],
)
def test_a_rule_finds_the_threshold_of_a_known_distribution(rule, expected):
    errors = np.random.default_rng(0).normal(size=100_000)
    assert RULES[rule](errors, k=3.0, alarm_rate=0.01) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("rate", [1e-2, 1e-3, 1e-4])
def test_peaks_over_threshold_reach_beyond_the_rows_seen(rate):
    found = [
        RULES["pot"](np.random.default_rng(i).exponential(size=2_000), 0.0, rate) for i in range(50)
    ]
    assert np.median(found) == pytest.approx(expon.isf(rate), rel=0.1)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
def test_the_tail_fitted_is_the_tail_drawn(shape):
    excesses = np.sort(genpareto.rvs(shape, scale=2.0, size=50_000, random_state=0))
    found_shape, found_scale = fit_pareto(excesses)
    assert found_shape == pytest.approx(shape, abs=0.02)
    assert found_scale == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("rule", RULES)
def test_equal_errors_are_all_normal(rule):
    assert RULES[rule](np.full(50, 0.25), k=2.0, alarm_rate=0.01) == pytest.approx(0.25)


def test_a_robust_rule_shrugs_off_what_blinds_the_mean():
    errors = np.append(np.random.default_rng(0).normal(1, 0.1, 95), np.full(5, 50.0))
    assert RULES["mad"](errors, 3.0, 0.01) < 2 < RULES["ksigma"](errors, 3.0, 0.01)


# --- detectors of rows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        None,
        PCA(16),
        StandardScaler(),
        IsolationForest(n_estimators=20, random_state=0),
        KernelDensity(),
        Autoencoder(max_epochs=20, random_state=0),
    ],
)
@pytest.mark.parametrize("rule", RULES)
def test_the_threshold_separates_what_is_called_abnormal(model, rule):
    detector = ReconstructionDetector(
        estimator=model, threshold=rule, alarm_rate=0.05, folds=None
    ).fit(ROWS)
    errors = -detector.score_samples(ROWS)
    assert detector.threshold_ == RULES[rule](errors, 2.0, 0.05)
    np.testing.assert_array_equal(detector.predict(ROWS) == -1, errors > detector.threshold_)


def test_the_threshold_looks_at_training_rows_only():
    rule = {"threshold": "quantile", "alarm_rate": 0.1}
    detector = ReconstructionDetector(**rule, folds=None).fit(ROWS[:200])
    before = detector.threshold_
    detector.predict(ROWS[200:] * 5)
    assert detector.threshold_ == before
    assert (detector.predict(ROWS[:200]) == -1).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("folds", "lowest", "highest"), [(5, 0.02, 0.25), (None, 1.0, 1.0)])
def test_a_threshold_from_rows_left_out_keeps_its_rate_on_new_rows(folds, lowest, highest):
    rng = np.random.default_rng(0)
    rule = {"threshold": "quantile", "alarm_rate": 0.1}
    detector = ReconstructionDetector(**rule, folds=folds).fit(rng.normal(size=(100, 300)))
    alarms = detector.predict(rng.normal(size=(400, 300))) == -1
    assert lowest <= alarms.mean() <= highest


def test_the_error_of_principal_components_is_their_residual():
    detector = ReconstructionDetector(estimator=PCA(4)).fit(ROWS)
    pca = PCA(4).fit(ROWS)
    residual = ROWS - pca.inverse_transform(pca.transform(ROWS))
    np.testing.assert_allclose(detector.score_samples(ROWS), -np.square(residual).mean(axis=1))


def test_images_reach_a_model_that_takes_them():
    images = ROWS.reshape(-1, 8, 8)
    model = ConvAutoencoder(channels=(4,), max_epochs=2, random_state=0)
    detector = ReconstructionDetector(estimator=model).fit(images)
    assert detector.score_samples(images[:5]).shape == (5,)


def test_a_model_that_neither_scores_nor_reconstructs_is_refused():
    with pytest.raises(ValueError, match="estimator must have score_samples or inverse_transform"):
        ReconstructionDetector(estimator=registry.get("knn").build("classification")).fit(ROWS)


@pytest.mark.slow
def test_a_comparison_on_anomalies_takes_the_autoencoders(tmp_path):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(190, 4)), rng.normal(8, 3, size=(10, 4))])
    y = np.repeat([0, 1], [190, 10])
    parts = {"X_train": X[::2], "y_train": y[::2], "X_test": X[1::2], "y_test": y[1::2]}
    data = Dataset(name="far", task="anomaly", kind="table", **parts)
    models = ["pca", "autoencoder"]
    spaces = {"autoencoder": {"model__max_epochs": [3]}}
    done = compare(models, data, n_trials=1, cv=2, spaces=spaces, run_dir=tmp_path / "run")
    rows = [row for row in done.rows if row["stage"] == "test" and row["metric"] == "roc_auc"]
    assert {row["model"] for row in rows} >= set(models)
    assert all(0 < row["value"] <= 1 and row["status"] == "complete" for row in rows)
    Report(tmp_path / "run").to_markdown(tmp_path / "report")
    assert "## Alarms" in (tmp_path / "report" / "README.md").read_text(encoding="utf-8")


def watched(found, extra, data):
    """Return a run as the report sees it, of one model that watched a table."""
    return SimpleNamespace(
        task="anomaly",
        kind="table",
        ranked=[SimpleNamespace(name="pca", title="components", extra=extra)],
        predictions={"pca": found},
        sample={},
        data=data,
    )


def test_a_report_counts_alarms_and_shows_the_scores_of_both_sides():
    found = Predictions(
        rows=np.arange(6),
        truth=np.array([0, 0, 0, 0, 1, 1]),
        answer=np.array([0, 0, 0, 1, 1, 1]),
        score=np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]),
    )
    extra = {"thresholds": {"ksigma": 0.0, "mad": 1.5}}
    run = watched(found, extra, {"class_counts": {"train": {"0": 90, "1": 7}}})
    section = anomaly.summarize(run)
    assert "learnt from 7 rows labelled abnormal as from the normal ones" in section.lead
    assert "on 100.0 % of the abnormal rows and on 25.0 % of the normal ones" in section.lead
    table, rules, fold = section.blocks
    assert [(row["rule"], row["false"]) for row in rules.rows] == [
        ("ksigma (in use)", 0.25), ("mad", 0.0),
    ]  # fmt: skip
    assert table.rows[0] == {
        "model": "pca", "alarms": 0.5, "found": 1.0, "false": 0.25, "right": pytest.approx(2 / 3),
    }  # fmt: skip
    histogram, course = fold.blocks[0].figures
    assert (sum(histogram.data["normal"]), sum(histogram.data["abnormal"])) == (4, 2)
    assert course.data["score"] == found.score.tolist()
    run.task = "classification"
    assert anomaly.summarize(run) is None


def test_one_score_far_beyond_the_others_leaves_them_bins_of_their_own():
    score = np.append(np.linspace(-1, 1, 99), 1e6)
    truth = np.append(np.zeros(99, int), 1)
    found = Predictions(rows=np.arange(100), truth=truth, answer=1 * (score > 0), score=score)
    histogram = anomaly.summarize(watched(found, {}, {})).blocks[-1].blocks[0].figures[0]
    assert max(histogram.data["normal"]) < 10
    assert histogram.data["abnormal"][-1] == 1
    assert "the last bar holds 1 row beyond it" in histogram.caption


# --- detectors of time stamps ---------------------------------------------------------------------


def watched_wave():
    """Return a series of which two stretches of the test part are spoilt and labelled."""
    y, new = np.zeros(300, dtype=int), WAVE[500:].copy()
    for start in (60, 200):
        new[start : start + 20] += 1.5
        y[start : start + 20] = 1
    parts = {"X_train": WAVE[:500, None], "y_train": np.zeros(500, int)}
    return Dataset(
        name="wave", task="anomaly", kind="series", X_test=new[:, None], y_test=y, **parts
    )


def test_a_pipeline_watches_the_windows_of_a_series_and_scales_by_the_past_alone():
    data = watched_wave()
    pipeline = make_pipeline("pca", data).fit(data.X_train)
    by_hand = make_detector("pca").fit(data.X_train)
    np.testing.assert_array_equal(pipeline.predict(data.X_test), by_hand.predict(data.X_test))
    assert pipeline["model"].scaler_.mean_ == pytest.approx(WAVE[:500].mean())
    own = SeriesDetector(model=IsolationForest(random_state=0), width=9)
    assert make_pipeline(own, data)["model"].width == 9


def test_no_later_value_changes_an_alarm_of_the_pipeline():
    data = watched_wave()
    pipeline = make_pipeline("pca", data).fit(data.X_train)
    whole = pipeline.decision_function(data.X_test)
    np.testing.assert_allclose(pipeline.decision_function(data.X_test[:150]), whole[:150])


def test_a_comparison_on_a_series_shows_it_with_its_windows_and_alarms(tmp_path):
    spaces = {"autoencoder": {}, "pca": {}}
    params = {"hidden_layer_sizes": (8,), "max_epochs": 2, "random_state": 0}
    models = {"pca": "pca", "autoencoder": Autoencoder(**params)}
    done = compare(models, watched_wave(), spaces=spaces, run_dir=tmp_path / "run")
    assert done.table().loc["pca", "roc_auc"] > 0.8
    assert done.table()["status"].tolist() == ["complete", "complete"]
    section = anomaly.summarize(Run(tmp_path / "run"))
    rules = next(block for block in section.blocks if getattr(block, "name", "") == "rules")
    assert [row["rule"] for row in rules.rows if row["model"] == "pca"] == [
        "ksigma (in use)", "quantile", "mad", "pot",
    ]  # fmt: skip
    figure = section.blocks[-1].blocks[0].figures[0]
    assert figure.data["windows"] == [(60, 79), (200, 219)]
    assert (min(figure.data["row"]), max(figure.data["row"])) == (0, 299)
    Report(tmp_path / "run").to_markdown(tmp_path / "report")
    assert (tmp_path / "report" / "pictures" / "series-pca.svg").exists()
    assert (tmp_path / "run" / "histories" / "autoencoder.jsonl").exists()


def spoilt(at=100):
    new = WAVE[500:].copy()
    new[at] += 1.5
    return new


@pytest.mark.parametrize("model", ["pca", "isolation", "lof", "one-class-svm", "autoencoder"])
def test_a_spike_has_the_highest_score_while_a_window_holds_it(model):
    detector = make_detector(model, width=15, random_state=0).fit(WAVE[:500])
    found = detector.detect(spoilt())
    assert 100 <= found["score"].idxmax() < 115
    assert found["is_abnormal"].to_numpy()[100:115].any()


def test_no_later_value_has_a_part_in_a_score():
    detector = make_detector("pca", width=15).fit(WAVE[:500])
    whole, cut = detector.detect(spoilt()), detector.detect(spoilt()[:90])
    np.testing.assert_allclose(whole["score"][:90], cut["score"], rtol=1e-9)
    np.testing.assert_allclose(
        detector.score_samples(spoilt())[:90], detector.score_samples(spoilt()[:90]), rtol=1e-9
    )


def test_scaling_is_of_the_past_alone():
    detector = make_detector("pca", width=15).fit(WAVE[:500])
    detector.detect(WAVE[500:] * 100)
    assert detector.scaler_.mean_[0] == pytest.approx(WAVE[:500].mean())


@pytest.mark.parametrize("model", ["pca", "autoencoder", "lstm-autoencoder", "vae"])
def test_one_point_at_a_time_gets_the_scores_of_all_at_once(model):
    params = {} if model == "pca" else {"max_epochs": 2}
    detector = make_detector(model, width=15, params=params, random_state=0).fit(WAVE[:500])
    at_once = detector.detect(spoilt())["score"]
    stream = detector.stream()
    one_by_one = [stream.score(point) for point in spoilt()]
    np.testing.assert_allclose(one_by_one, at_once, rtol=1e-4)


def test_scores_stand_at_their_time_stamps():
    times = pd.date_range("2026-01-01", periods=800, freq="5min")
    detector = make_detector("pca", width=15).fit(WAVE[:500], times=times[:500])
    found = detector.detect(spoilt(), times[500:])
    assert found["score"].idxmax() - times[600] < pd.Timedelta("75min")
    assert list(found.index) == list(times[500:])


def test_a_series_of_several_values_is_watched_as_one():
    both = np.stack([WAVE, np.roll(WAVE, 3)], axis=1)
    both[600, 1] += 2
    detector = make_detector("pca", width=10).fit(both[:500])
    assert 100 <= detector.detect(both[500:])["score"].idxmax() < 110


def test_before_the_first_window_nothing_is_called_abnormal():
    detector = make_detector("pca", width=15).fit(WAVE[:500])
    alone = detector.predict(np.full(14, 99.0))
    assert (alone == 1).all()


GAP = pd.date_range("2026-01-01", periods=101, freq="1h").delete(50)


@pytest.mark.parametrize(
    ("values", "times", "message"),
    [
        (np.ones(100), None, "X must vary to learn what is normal, got a constant series"),
        (np.append(WAVE[:99], np.nan), None, "X must have no missing values, got NaN in row 99"),
        (WAVE[:10], None, "width must be less than the length of the past, got width=15"),
        (WAVE[:15], None, "width must be less than the length of the past, got width=15"),
        (WAVE[:100], GAP, "got a step of 0 days 02:00:00 after 2026-01-03 01:00:00"),
        (pd.Series(WAVE[:100], index=GAP), None, "got a step of 0 days 02:00:00 after 2026-01-03"),
        (WAVE[:100], GAP[::-1], "times must not go back, got 2026-01-05 03:00:00 after"),
        (WAVE[:100], GAP.insert(7, pd.NaT)[:100], "no missing time stamps, got none for row 7"),
        (WAVE[:100], GAP[:9], "times must have a time stamp for each of the 100 rows, got 9"),
        (pd.DataFrame({"when": GAP, "x": WAVE[:100]}), None, "the column 'when' of time stamps"),
    ],
)
def test_a_series_that_cannot_be_learnt_is_refused_with_the_reason(values, times, message):
    with pytest.raises(ValueError, match=message):
        make_detector("pca", width=15).fit(values, times=times)


def test_a_model_without_scores_is_refused():
    with pytest.raises(ValueError, match=r"model must have score_samples, got StandardScaler\(\)"):
        SeriesDetector(model=StandardScaler()).fit(WAVE)


@pytest.mark.parametrize("point", [np.nan, [1.0, 2.0]])
def test_a_missing_point_is_refused_and_the_stream_goes_on(point):
    detector = make_detector("pca", width=15).fit(WAVE[:500])
    stream, other = detector.stream(), detector.stream()
    with pytest.raises(ValueError, match="point must have n_features=1 finite values"):
        stream.score(point)
    assert stream.score(WAVE[500]) == other.score(WAVE[500])


def test_a_detector_without_a_model_takes_principal_components():
    assert isinstance(SeriesDetector().fit(WAVE).model_, ReconstructionDetector)


# --- novelty of values ----------------------------------------------------------------------------


def test_a_new_extreme_is_as_new_as_it_lies_beyond_the_range_so_far():
    values = np.append(np.tile([0.0, 1.0], 50), [1.5, 1.5, 0.5])
    scores = novelty_scores(values, quiet=20)
    assert scores[100] == pytest.approx(np.log1p(10 * 0.5), rel=1e-3)
    assert (scores[2:100] == 0).all()
    assert (scores[101:] == 0).all()


def test_a_value_that_is_usual_at_another_time_of_day_is_new_at_this_one():
    times = pd.date_range("2026-01-01", periods=480, freq="1h").to_numpy()
    values = np.sin(2 * np.pi * np.arange(480) / 24) + np.random.default_rng(0).normal(0, 0.02, 480)
    values[402:412] = values[414:424].copy()  # noon at night
    assert 400 <= novelty_scores(values, times)[100:].argmax() + 100 < 412
    assert novelty_scores(values)[400:412].max() == 0


def test_the_novelty_of_a_value_depends_on_no_later_one():
    times = pd.date_range("2026-01-01", periods=800, freq="1h").to_numpy()
    whole, cut = novelty_scores(WAVE, times), novelty_scores(WAVE[:500], times[:500])
    np.testing.assert_allclose(whole[:500], cut, atol=1e-9)


def test_an_event_is_told_once():
    scores = novelty_scores(np.append(WAVE, np.linspace(2, 3, 40)), quiet=50)
    assert np.flatnonzero(scores[100:] > 0.5).tolist() == [700]


def test_novelty_needs_a_time_stamp_for_every_value():
    with pytest.raises(ValueError, match="time stamp for each of the 800 values"):
        novelty_scores(WAVE, np.arange(3).astype("datetime64[h]"))


def test_our_novelty_outscores_the_nearest_neighbours_on_the_benchmark(data_home):
    found, _ = outputs(data_home / "nab")
    score = {name: best_nab_threshold(found[name])[1] for name in (OURS, "knncad", "ARTime")}
    assert score["knncad"] == pytest.approx(56.21, abs=0.01)
    assert score["knncad"] + 10 < score[OURS] < score["ARTime"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits_autoencoders", "pca_curves", "sensors", "tweets"])
def test_an_example_of_reconstruction_runs(name):
    path = Path(__file__).parent.parent / "examples" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, path, "--quick"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 4
