"""What a forecaster sees of a row: changes, means, and the calendar where it can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from estimators import Climatology
from pipelines import Dataset, LagForecaster, LagWindows, make_pipeline
from pipelines.lags import seasons_of
from tests.test_forecasting import X, Y


def dated(series, n_lags, days):
    lags = LagWindows(n_lags=n_lags)
    return lags.fit_transform(series.reshape(-1, 1), times=days), lags.targets(
        series.reshape(-1, 1)
    )


def noise(n_rows, size=1.0):
    return size * np.random.RandomState(0).normal(size=n_rows)


# --- changes and means ----------------------------------------------------------------------------


@pytest.mark.parametrize("lags", [(1,), 4, (2, 5, 6)])
@pytest.mark.parametrize("difference", [False, True])
def test_changes_are_the_same_to_a_linear_model_as_values(lags, difference):
    params = {"lags": lags, "means": (3, 7), "difference": difference, "horizon": 3}
    values, changes = (
        LagForecaster(as_changes=c, **params).fit(X[:400], Y[:400]).predict(X[400:])
        for c in (False, True)
    )
    np.testing.assert_allclose(values, changes)


def test_a_tree_sees_changes_from_lag_to_lag_and_how_far_the_means_are():
    tree = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
    seen = {"lags": (1, 2, 5), "means": (2, 10), "as_changes": True, "scale": False}
    forecast = LagForecaster(regressor=tree, **seen).fit(X[:400], Y[:400]).predict(X[400:])
    last = X[:, 0]
    means = [X[:, :2].mean(axis=1) - last, X[:, :10].mean(axis=1) - last]
    columns = np.column_stack([X[:, 1] - X[:, 4], last - X[:, 1], last, *means])
    np.testing.assert_array_equal(forecast, tree.fit(columns[:400], Y[:400]).predict(columns[400:]))


def test_means_take_forecasts_in_where_forecasts_follow_on_forecasts():
    model = LagForecaster(lags=1, means=(6,), horizon=3).fit(X[:400], Y[:400])
    columns = np.column_stack([X[:, 0], X[:, :6].mean(axis=1)])
    regression = LinearRegression().fit(columns[:400], Y[:400])
    known = list(X[450])
    for ahead in range(3):
        known.insert(0, regression.predict([[known[0], np.mean(known[:6])]])[0])
        assert model.predict(X[450:451])[0, ahead] == pytest.approx(known[0])


def test_a_future_value_that_only_a_mean_holds_is_refused():
    leaking = X.copy()
    leaking[:, 8] = Y
    LagForecaster(lags=2, means=(8,)).fit(leaking, Y)
    with pytest.raises(ValueError, match="column 8 holds the value to forecast itself"):
        LagForecaster(lags=2, means=(9,)).fit(leaking, Y)


# --- calendar -------------------------------------------------------------------------------------


def test_the_calendar_is_seen_at_the_time_that_is_forecast():
    days = np.arange(800.0)
    rows, y = dated(np.sin(2 * np.pi * days / 7) + noise(800, 1e-3), 2, days)
    model = LagForecaster(lags=(1,), time=-1, calendar=("week",), horizon=3, check_leaks=False)
    forecast = model.fit(rows[:500], y[:500]).predict(rows[500:-2])
    for ahead in range(3):
        np.testing.assert_allclose(
            forecast[:, ahead], y[500 + ahead : len(y) - 2 + ahead], atol=0.01
        )


DAYS = np.arange(1500.0)
YEARLY, WARMTH = dated(10 * np.sin(2 * np.pi * DAYS / 365.25) + noise(1500), 2, DAYS)


@pytest.mark.parametrize(
    ("n_rows", "min_periods", "cycles"),
    [(720, 2, ()), (740, 2, ("year",)), (720, 0, ("year",)), (740, 2.1, ())],
)
def test_a_cycle_is_seen_where_the_rows_to_fit_go_through_it_often_enough(
    n_rows, min_periods, cycles
):
    model = LagForecaster(time=-1, calendar=("year",), min_periods=min_periods)
    forecast = model.fit(YEARLY[:n_rows], WARMTH[:n_rows]).predict(YEARLY[800:])
    angles = 2 * np.pi * YEARLY[:, [2]] / 365.25 * [1, 2]
    waves = [np.sin(angles), np.cos(angles)] if cycles else []
    columns = np.hstack([YEARLY[:, :2], *waves])
    own = LinearRegression().fit(columns[:n_rows], WARMTH[:n_rows]).predict(columns[800:])
    assert model.calendar_ == cycles
    np.testing.assert_allclose(forecast, own, rtol=1e-6)


def test_each_calibration_fold_decides_on_the_calendar_by_its_own_rows():
    seeing, blind = (
        LagForecaster(time=-1, calendar=calendar, calibration_folds=2).fit(YEARLY, WARMTH)
        for calendar in (("year",), ())
    )
    size = len(YEARLY) // 4
    assert seeing.calendar_ == ("year",)
    assert YEARLY[2 * size - 1, 2] - YEARLY[0, 2] > 2 * 365.25  # both folds see it
    assert (seeing.errors_ != blind.errors_).all()
    half = slice(0, 1400)  # the first fold no longer
    seeing.fit(YEARLY[half], WARMTH[half])
    blind.fit(YEARLY[half], WARMTH[half])
    np.testing.assert_array_equal(seeing.errors_[:350], blind.errors_[:350])
    assert (seeing.errors_[350:] != blind.errors_[350:]).all()


def test_the_usual_course_of_less_than_a_year_is_its_mean():
    short, long = (Climatology().fit(YEARLY[:n], WARMTH[:n]) for n in (360, 370))
    np.testing.assert_allclose(short.predict(YEARLY), WARMTH[:360].mean())
    assert long.score(YEARLY[370:735], WARMTH[370:735]) > 0.8


def test_a_pipeline_fitted_on_part_of_a_year_does_not_guess_the_rest_of_it():
    dates = np.datetime64("2020-01-01") + np.arange(len(WARMTH))
    rows = np.column_stack([YEARLY[:, :2], 18262 + np.arange(len(WARMTH))])
    data = Dataset(
        name="warmth", task="forecasting", kind="series", n_lags=2, time_index=dates,
        X_train=rows[:1200], y_train=WARMTH[:1200], X_test=rows[1200:], y_test=WARMTH[1200:],
    )  # fmt: skip
    part, later = slice(0, 200), slice(200, 500)
    model = make_pipeline("linear", data).fit(rows[part], WARMTH[part])
    assert model["model"].calendar == ("year", "week")
    assert model["model"].calendar_ == ("week",)
    guessing = make_pipeline("linear", data).set_params(model__min_periods=0)
    error, guessed = (
        np.sqrt(np.mean((m.predict(rows[later]) - WARMTH[later]) ** 2))
        for m in (model, guessing.fit(rows[part], WARMTH[part]))
    )
    assert error < 1.5 < 2 * error < guessed  # noise of 1


def test_a_week_of_working_days_has_five_steps_and_a_gap_does_not_count():
    days = np.datetime64("2024-01-01") + np.arange(700)
    assert seasons_of(days[np.is_busday(days)]) == (5, 261)
    assert seasons_of(np.delete(days, [30, *range(100, 140), 300])) == (7, 365)
