"""Forecasts from lags: what they see, that they leak nothing, and that intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from estimators import Persistence, RecurrentRegressor, load, save
from pipelines import Backtest, LagForecaster, LagWindows, load_dataset, make_pipeline, read_data
from pipelines.lags import days_of, seasons_of
from pipelines.leaks import future_columns
from search import compare
from search.pipeline_space import pipeline_space


def autoregression(n_rows=600, seed=0):
    """Return a series whose value follows from the two before it, and noise."""
    noise = np.random.RandomState(seed).normal(size=n_rows)
    values = np.zeros(n_rows)
    for t in range(2, n_rows):
        values[t] = 1.2 * values[t - 1] - 0.4 * values[t - 2] + noise[t]
    return values.reshape(-1, 1)


def rows_of(series, n_lags=10, **times):
    lags = LagWindows(n_lags=n_lags)
    return lags.fit_transform(series, **times), lags.targets(series)


SERIES = autoregression()
X, Y = rows_of(SERIES)


# --- rows of the past -----------------------------------------------------------------------------


def test_a_row_holds_the_past_the_columns_beside_it_one_step_before_and_the_time():
    series = np.column_stack([np.arange(8.0), 100 + np.arange(8.0)])
    times = np.arange("2020-01-01", "2020-01-09", dtype="datetime64[D]")
    rows, targets = rows_of(series, 3, times=times)
    np.testing.assert_array_equal(rows[0], [2, 1, 0, 102, days_of(times)[3]])
    np.testing.assert_array_equal(targets, [3, 4, 5, 6, 7])
    following = LagWindows(n_lags=3).fit(series, times=times).next_row(series, times)
    np.testing.assert_array_equal(following[0], [7, 6, 5, 107, days_of(times)[-1] + 1])


@pytest.mark.parametrize(
    ("n_lags", "times", "message"),
    [
        (8, None, "n_lags must be less than the length of the series, got n_lags=8"),
        (2, [0, 1, 2, 2, 3, 4, 5, 6], r"times\[3\] is not after times\[2\]; sort the rows"),
        (2, [0, 1, 2, np.nan, 3, 4, 5, 6], r"times\[3\] is not after times\[2\]; sort the rows"),
        (2, [0, 1], "one date or number for every row, got 2 for n_samples=8"),
    ],
)
def test_a_series_that_has_no_rows_is_refused(n_lags, times, message):
    with pytest.raises(ValueError, match=message):
        LagWindows(n_lags=n_lags).fit(np.arange(8.0).reshape(-1, 1), times=times)


@pytest.mark.parametrize(
    ("step", "expected"),
    [("D", (7, 365)), ("h", (24, 168)), ("W", (52,)), ("M", (12,)), ("Y", ())],
)
def test_seasons_are_counted_in_steps(step, expected):
    start = np.datetime64("2000-01", step)
    assert seasons_of(start + np.arange(60)) == expected


# --- forecasts ------------------------------------------------------------------------------------


@parametrize_with_checks([LagForecaster(), LagForecaster(difference=True)])
def test_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("params", [{}, {"difference": True}, {"scale": False}])
def test_one_step_ahead_is_the_regression_on_the_lags(params):
    forecast = LagForecaster(lags=(1, 2, 5), **params).fit(X[:400], Y[:400]).predict(X[400:])
    own = LinearRegression().fit(X[:400][:, [0, 1, 4]], Y[:400]).predict(X[400:][:, [0, 1, 4]])
    np.testing.assert_allclose(forecast, own)


def test_recursive_forecasts_take_their_own_answers_for_the_past():
    model = LagForecaster(lags=3, horizon=4).fit(X[:400], Y[:400])
    regression = LinearRegression().fit(X[:400, :3], Y[:400])
    known = list(X[450, :3])
    for ahead in range(4):
        known.insert(0, regression.predict([known[:3]])[0])
        assert model.predict(X[450:451])[0, ahead] == pytest.approx(known[0])


def test_direct_forecasts_fit_each_step_on_what_was_known():
    model = LagForecaster(lags=3, horizon=3, strategy="direct").fit(X[:400], Y[:400])
    for ahead in range(3):
        own = LinearRegression().fit(X[: 400 - ahead, :3], Y[ahead:400]).predict(X[400:, :3])
        np.testing.assert_allclose(model.predict(X[400:])[:, ahead], own)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_forecasts_of_an_autoregression_come_near_the_best_that_there_is(strategy):
    model = LagForecaster(lags=4, horizon=3, strategy=strategy).fit(X[:400], Y[:400])
    forecast = model.predict(X[400:-2])
    # noise of variance 1, carried on by 1.2 and by 1.2 ** 2 - 0.4
    for ahead, best in enumerate((1.0, 1 + 1.2**2, 1 + 1.2**2 + 1.04**2)):
        truth = Y[400 + ahead : len(Y) - 2 + ahead]
        assert np.mean((forecast[:, ahead] - truth) ** 2) == pytest.approx(best, rel=0.3)


def test_what_is_measured_beside_the_series_is_seen():
    beside = np.random.RandomState(1).normal(size=500)
    values = np.concatenate([[0.0], 3 * beside[:-1]]) + np.random.RandomState(2).normal(0, 0.1, 500)
    rows, y = rows_of(np.column_stack([values, beside]), 3)
    blind = LagForecaster(lags=3).fit(rows[:300], y[:300]).score(rows[300:], y[300:])
    seeing = LagForecaster(lags=3, exogenous=(3,)).fit(rows[:300], y[:300])
    assert blind < 0.1 < 0.99 < seeing.score(rows[300:], y[300:])


def test_a_recurrent_net_is_told_what_is_no_window(tmp_path):
    net = RecurrentRegressor(max_epochs=2, hidden_size=4, random_state=0)
    model = LagForecaster(regressor=net, lags=5, time=-1, calendar=("week",)).fit(X, Y)
    assert model.regressors_[0].regressor_[-1].n_static == 4
    assert len(model.history_) == 2
    save(model, tmp_path / "model.skops")
    np.testing.assert_array_equal(
        load(tmp_path / "model.skops").predict(X[:9]), model.predict(X[:9])
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lags": 40}, "lags must be at most the 11 values before that a row holds, got lags=40"),
        ({"lags": 11, "time": -1}, "lags must be at most the 10 values"),
        ({"means": (7, 12)}, r"means must be at most the 11 values .* got means=\(7, 12\)"),
        ({"lags": (0, 1)}, "lags must be .* integer >= 1"),
        ({"exogenous": (11,)}, "exogenous must name columns of X"),
        ({"calendar": ("year",)}, "time must name a column for calendar"),
        ({"strategy": "both"}, "strategy must be one of 'recursive', 'direct'"),
        ({"horizon": 600}, "horizon must be less than the rows to fit"),
    ],
)
def test_a_forecaster_that_cannot_be_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        LagForecaster(**params).fit(X, Y)


# --- leaks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "words"), [(0, "the value to forecast itself"), (3, "the value 3 steps later")]
)
@pytest.mark.parametrize("change", [lambda v: v, lambda v: 32 + 1.8 * v])
@pytest.mark.parametrize("column", [1, 10])
def test_a_future_value_planted_in_a_row_is_refused(ahead, words, change, column):
    leaking = X.copy()
    leaking[: len(Y) - ahead, column] = change(Y[ahead:])
    train = slice(0, 400)
    model = LagForecaster(exogenous=(10,))
    with pytest.raises(ValueError, match=f"column {column} holds {words}"):
        model.fit(leaking[train], Y[train])
    model.set_params(check_leaks=False).fit(leaking[train], Y[train])


def test_a_series_that_repeats_itself_is_no_leak():
    rows, y = rows_of(np.tile(np.random.RandomState(0).normal(size=7), 60).reshape(-1, 1))
    assert future_columns(rows, y, range(10)) == {}
    rows, y = rows_of(np.arange(200.0).reshape(-1, 1))
    assert future_columns(rows, y, range(10), [10]) == {}


# --- intervals and backtests ----------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_hold_what_they_promise(coverage):
    rows, y = rows_of(autoregression(6000))
    model = LagForecaster(lags=2, horizon=2, calibration_folds=4).fit(rows[:3000], y[:3000])
    low, high = model.predict_interval(rows[3000:-1], coverage)
    for ahead in range(2):
        truth = y[3000 + ahead : len(y) - 1 + ahead]
        held = np.mean((low[:, ahead] <= truth) & (truth <= high[:, ahead]))
        assert held == pytest.approx(coverage, abs=0.03)
    assert ((high - low)[:, 1] > 1.2 * (high - low)[:, 0]).all()


def test_intervals_at_90_percent_cover_the_held_back_years(data_home):
    data = load_dataset("temperature-brussels")
    cut = len(data.y_train) - 2 * 365
    model = LagForecaster(lags=7, time=-1, calendar=("year",), calibration_folds=5)
    model.fit(data.X_train[:cut], data.y_train[:cut])
    low, high = model.predict_interval(data.X_train[cut:])
    truth = data.y_train[cut:]
    assert 0.87 <= np.mean((low <= truth) & (truth <= high)) <= 0.93


def test_intervals_need_calibration_and_enough_errors():
    with pytest.raises(ValueError, match="calibration_folds must be 1 or more"):
        LagForecaster().fit(X, Y).predict_interval(X)
    model = LagForecaster(lags=1, calibration_folds=1).fit(X[:12], Y[:12])
    with pytest.raises(ValueError, match=r"coverage must be at most 0\.857 with 6 errors"):
        model.predict_interval(X, 0.9)


@pytest.mark.parametrize("window", [None, 20])
@pytest.mark.parametrize("gap", [0, 3])
def test_a_backtest_trains_on_the_past_only_and_judges_the_end(window, gap):
    splits = list(Backtest(4, refit_every=10, window=window, gap=gap).split(X[:100]))
    np.testing.assert_array_equal(np.concatenate([test for _, test in splits]), np.arange(60, 100))
    for train, test in splits:
        assert train[-1] == test[0] - gap - 1
        assert len(train) == (window or test[0] - gap)


def test_a_backtest_without_enough_rows_is_refused():
    with pytest.raises(ValueError, match="n_splits=5, refit_every=2, gap=0 for 9 rows"):
        list(Backtest(5, refit_every=2).split(X[:9]))
    with pytest.raises(ValueError, match="gap must be an integer >= 0"):
        Backtest(gap=-1)


# --- data sets, pipelines, comparisons ------------------------------------------------------------


@pytest.fixture
def sales(tmp_path):
    """Return a user's table of three years of days, with gaps."""
    day = np.arange("2020-01-01", "2023-01-01", dtype="datetime64[D]")
    rng = np.random.RandomState(0)
    sold = 50 + 10 * np.sin(2 * np.pi * np.arange(len(day)) / 7) + rng.normal(size=len(day))
    lines = [
        f"{d},{s:.2f},{t:.2f}" for d, s, t in zip(day, sold, rng.normal(size=len(day)), strict=True)
    ]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["day,sold,rain", *(x for i, x in enumerate(lines) if i % 97)]))
    return read_data(path, target="sold")


def test_a_data_set_gives_rows_that_pipelines_know(sales):
    assert (sales.task, sales.kind, sales.n_lags) == ("forecasting", "series", 216)
    assert sales.feature_names[sales.n_lags :] == ("rain one step before", "time in days")
    rows = sales.X_train[300:]
    np.testing.assert_array_equal(rows[7:, 6], sales.y_train[300:-7])
    model = make_pipeline("forest", sales, params={"n_estimators": 5})["model"]
    assert isinstance(model.regressor, RandomForestRegressor)
    assert (model.exogenous, model.time, model.calendar) == ((-2,), -1, ("year", "week"))
    assert make_pipeline("seasonal-naive", sales)["model"].period == 7
    assert isinstance(make_pipeline("dummy", sales)["model"], Persistence)
    with pytest.raises(ValueError, match="reduce needs rows of numbers"):
        make_pipeline("knn", sales, reduce=2)


def test_a_short_series_is_forecast_too(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text(
        "\n".join(["year,value", *(f"{1990 + i},{i % 3 + 0.5 * i}" for i in range(30))])
    )
    data = read_data(path, target="value", task="forecasting", time="year")
    assert data.n_lags == 6
    for name in ("dummy", "seasonal-naive", "climatology", "linear"):
        pipeline = make_pipeline(name, data).fit(data.X_train, data.y_train)
        assert np.isfinite(pipeline.predict(data.X_test)).all()


def test_lags_and_calendar_are_searched(sales):
    space = pipeline_space("knn", sales).dimensions
    assert {"model__lags", "model__difference", "model__calendar"} < set(space)
    assert (
        space["model__means"].distribution.choices[-1].endswith("180)")
    )  # of 216 that a row holds
    assert "model__as_changes" in space
    assert "model__as_changes" not in pipeline_space("recurrent", sales).dimensions
    assert "model__regressor__n_neighbors" in space
    assert (space["model__lags"].distribution.low, space["model__lags"].distribution.high) == (
        1,
        30,
    )


def test_a_users_series_is_compared(sales, tmp_path):
    comparison = compare(["linear"], sales, n_trials=2, cv=2, run_dir=tmp_path / "run", n_jobs=1)
    found = {
        row["model"]: row["value"]
        for row in comparison.rows
        if row["stage"] == "test" and row["metric"] == "rmse"
    }
    assert comparison.best_ == "linear"
    assert found["linear"] > -1.3  # noise of 1
    assert found["dummy"] < -4
    assert {row["status"] for row in comparison.rows} == {"complete"}
