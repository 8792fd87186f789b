"""What a report says of forecasts: the unit of their errors, their intervals, when they erred."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from pipelines import LagWindows, make_pipeline
from pipelines.dataset import Dataset
from reports import Report
from reports.blocks import Figure
from reports.figures import standalone
from reports.render import tables, to_html, to_markdown
from reports.run import Run
from reports.summarize import summarize
from search import compare
from search.forecasts import COVERAGE, describe_forecasts, naive_error
from search.metrics import evaluate, scorers
from search.statistics import interval, paired_test
from tests.contests import run_here

N_LAGS, N_TEST = 3, 400


def series(n_rows=1200, seed=0, first="2018-01-01"):
    """Return a data set of a series that follows from the value before it, and noise."""
    noise = np.random.RandomState(seed).normal(size=n_rows)
    values = np.zeros((n_rows, 1))
    for t in range(1, n_rows):
        values[t] = 0.8 * values[t - 1] + noise[t]
    times = np.datetime64(first) + np.arange(n_rows)
    lags = LagWindows(n_lags=N_LAGS)
    X, y = lags.fit_transform(values, times=times), lags.targets(values)
    n_train = len(y) - N_TEST
    return Dataset(
        name="days", task="forecasting", kind="series", n_lags=N_LAGS, time_index=times[N_LAGS:],
        X_train=X[:n_train], y_train=y[:n_train], X_test=X[n_train:], y_test=y[n_train:],
        feature_names=("one", "two", "three", "time"),
    )  # fmt: skip


DATA = series()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "days"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        compare(["dummy", "linear"], DATA, n_trials=2, run_dir=path)
    return Run(path)


# --- the unit of errors ---------------------------------------------------------------------------


def test_mase_is_the_error_in_units_of_the_naive_error_of_the_training_part(run):
    truth, answer = DATA.y_test, run.raw_predictions(run.models[1])["y_pred"]
    unit = np.mean([abs(b - a) for a, b in zip(DATA.y_train, DATA.y_train[1:], strict=False)])
    expected = np.abs(truth - answer).mean() / unit
    assert run.models[1].test["mase"] == pytest.approx(expected)
    assert run.models[1].test["mase"] < run.models[0].test["mase"] == pytest.approx(1, abs=0.15)


def test_mase_is_undefined_without_its_unit_and_where_the_series_stands_still():
    assert np.isnan(evaluate(["mase"], [1.0, 2.0], [1.0, 1.0])["mase"])
    still = Dataset(
        name="still", task="forecasting", kind="series", X_train=np.zeros((5, 1)),
        y_train=np.ones(5), X_test=np.zeros((1, 1)), y_test=np.ones(1),
    )  # fmt: skip
    assert naive_error(still) is None


def test_a_search_by_mase_chooses_as_one_by_the_mean_absolute_error():
    found = scorers(["mase", "mae"], 4.0)
    model = LinearRegression().fit(DATA.X_train, DATA.y_train)
    scores = {name: score(model, DATA.X_test, DATA.y_test) for name, score in found.items()}
    assert scores["mase"] == pytest.approx(scores["mae"] / 4)


def test_intervals_and_tests_of_mase_are_those_of_the_mean_absolute_error_in_its_unit():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=60)
    answers = [{"y_pred": truth + s * rng.normal(size=60), "scale": 2.0} for s in (0.2, 0.9)]
    low, high = interval("mae", truth, answers[0]["y_pred"])
    assert interval("mase", truth, **answers[0]) == pytest.approx((low / 2, high / 2))
    mase, mae = (paired_test(name, truth, *answers) for name in ("mase", "mae"))
    assert mase.difference == pytest.approx(mae.difference / 2)
    assert mase.p_value == pytest.approx(mae.p_value)


# --- intervals ------------------------------------------------------------------------------------


def test_every_forecast_of_a_run_has_an_interval_that_holds_what_it_promises(run):
    for model in run.models:
        found = run.raw_predictions(model)
        assert float(found["coverage"]) == COVERAGE
        inside = (found["low"] <= found["y_true"]) & (found["y_true"] <= found["high"])
        assert 0.85 < inside.mean() < 0.95
        np.testing.assert_allclose((found["low"] + found["high"]) / 2, found["y_pred"])
        np.testing.assert_array_equal(found["time"], DATA.time_index[-N_TEST:])


def test_the_test_part_has_no_part_in_the_width_of_intervals():
    pipeline = make_pipeline("linear", DATA)
    widths = []
    for y_test in (DATA.y_test, DATA.y_test * 100):
        data = replace(DATA, y_test=y_test)
        found = describe_forecasts(pipeline, data, np.zeros(N_TEST))
        widths.append(found["high"])
    np.testing.assert_array_equal(*widths)


def test_a_series_too_short_for_intervals_has_none_and_a_model_that_cannot_learn_says_why():
    last = {"X_train": DATA.X_train[-9:], "y_train": DATA.y_train[-9:]}
    short = replace(DATA, **last, time_index=DATA.time_index[-9 - N_TEST :])
    found = describe_forecasts(make_pipeline("linear", short), short, np.zeros(N_TEST))
    assert set(found) == {"scale", "time"}
    with pytest.raises(ValueError, match="n_neighbors"):
        describe_forecasts(make_pipeline(KNeighborsRegressor(500), DATA), DATA, np.zeros(N_TEST))


class Picky(LinearRegression):
    """Refuses the rows of the first calibration fold."""

    def fit(self, X, y):
        if len(X) == len(DATA.y_train) - 3 * (len(DATA.y_train) // 6):
            raise ValueError("not these rows")
        return super().fit(X, y)


def test_a_model_without_intervals_is_compared_and_warns(tmp_path, monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    compare({"picky": Picky()}, DATA, n_trials=1, search_rows=600, run_dir=tmp_path / "run")
    run = Run(tmp_path / "run")
    picky = next(model for model in run.models if model.name == "picky")
    assert "mase" in picky.test
    assert "low" not in run.raw_predictions(picky)
    assert any("without intervals: not these rows" in text for text in picky.extra["warnings"])
    row = next(r for r in section_of(run).blocks[0].rows if r["model"] == "picky")
    assert (row["kept"], row["width"]) == (None, None)


# --- the section ----------------------------------------------------------------------------------


def section_of(run):
    return next(s for s in summarize(run).sections if s.name == "forecast")


def figures_of(run, model):
    fold = next(b for b in section_of(run).blocks if getattr(b, "model", None) == model)
    return [fold.blocks[0], *fold.blocks[1].figures]


def test_the_table_states_the_share_of_values_within_the_intervals(run):
    table = section_of(run).blocks[0]
    row = next(r for r in table.rows if r["model"] == "linear")
    found = run.raw_predictions(run.models[1])
    inside = (found["low"] <= found["y_true"]) & (found["y_true"] <= found["high"])
    share, low, high = row["kept"]
    assert share == pytest.approx(inside.mean())
    assert low < share < high
    assert row["width"] == pytest.approx(np.mean(found["high"] - found["low"]))


def test_the_course_ends_with_the_last_forecasts_and_their_dates(run):
    course = figures_of(run, "linear")[0]
    found = run.raw_predictions(run.models[1])
    assert len(course.table.rows) == 150
    last = course.table.rows[-1]
    assert last["time"] == str(DATA.time_index[-1])
    assert (last["truth"], last["forecast"]) == (found["y_true"][-1], found["y_pred"][-1])
    assert (last["low"], last["high"]) == (found["low"][-1], found["high"][-1])


def test_errors_by_month_are_those_of_the_rows_of_the_month(run):
    by_month = figures_of(run, "linear")[2].table.rows
    found = run.raw_predictions(run.models[1])
    months = [date.fromisoformat(str(day)).month for day in DATA.time_index[-N_TEST:]]
    january = np.array(months) == 1
    row = next(r for r in by_month if r["part"] == "Jan")
    assert row["rows"] == january.sum()
    assert row["error"] == pytest.approx(np.abs(found["y_true"] - found["y_pred"])[january].mean())
    assert sum(r["rows"] for r in by_month) == N_TEST


def test_residuals_over_time_keep_the_greatest_errors(run):
    rows = figures_of(run, "linear")[1].table.rows
    found = run.raw_predictions(run.models[1])
    errors = found["y_true"] - found["y_pred"]
    assert max(r["most"] for r in rows) == pytest.approx(errors.max())
    assert min(r["least"] for r in rows) == pytest.approx(errors.min())


def test_html_and_markdown_show_every_figure_with_its_table(run, tmp_path):
    summary = summarize(run)
    html, (markdown, pictures) = to_html(summary), to_markdown(summary)
    for figure in figures_of(run, "linear"):
        assert figure.alt in html
        assert f"pictures/{figure.name}.svg" in pictures
        assert figure.table in tables(summary)
    assert "Its intervals should hold 90.0 %" in markdown
    assert Report(run.directory.path).to_html(tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("times", "part", "first"),
    [
        (np.datetime64("2020-05-01T00:00:00") + 3600 * np.arange(48), "hour of the day", "00 h"),
        (np.arange(48.0), "part of the test rows", "1"),
    ],
)
def test_errors_without_months_go_by_what_there_is(run, tmp_path, times, part, first):
    from reports.sections.forecast import _by_part, _course, _Forecasts

    truth = np.arange(48.0)
    found = _Forecasts(times, truth, truth + 1, None, None, None)
    figure = _by_part(run.models[1], found)
    assert figure.caption.endswith(f"by {part}")
    assert figure.table.rows[0]["part"] == first
    assert all(row["inside"] is None for row in figure.table.rows)
    for one in (figure, _course(run.models[1], found)):
        assert isinstance(one, Figure)
        assert standalone(one)


# --- how far ahead, and how far back --------------------------------------------------------------


def reach(run):
    return {f.name: f for f in section_of(run).blocks[1].figures}


def test_errors_by_steps_ahead_begin_with_the_score_and_grow(run):
    rows = reach(run)["errors-by-horizon"].table.rows
    for model in run.models:
        own = [row["error"] for row in rows if row["model"] == model.name]
        assert len(own) == 7
        assert own[0][0] == pytest.approx(model.test["mae"])
        assert own[0][0] < own[2][0] < own[6][0]
        assert all(low < error < high for error, low, high in own)


def test_the_best_validation_of_every_number_of_lags_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    spaces = {"linear": {"model__lags": [1, 2, 3]}}
    compare(["linear"], DATA, n_trials=6, spaces=spaces, pruner=None, run_dir=tmp_path / "run")
    run = Run(tmp_path / "run")
    rows = reach(run)["errors-by-lags"].table.rows
    folds = [r for r in run.directory.rows() if r["model"] == "linear" and r["stage"] == "search"]
    for row in rows:
        own = {}
        for fold in folds:
            if fold["params"]["model__lags"] == row["lags"]:
                own.setdefault(fold["trial"], []).append(fold["value"])
        assert row["trials"] == len(own)
        assert row["score"] == pytest.approx(-max(np.mean(values) for values in own.values()))
    assert [row["lags"] for row in rows] == sorted({f["params"]["model__lags"] for f in folds})
