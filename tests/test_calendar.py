"""The calendar of a forecaster: seen at the right time, and only where it can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from estimators import Climatology
from pipelines import Dataset, LagForecaster, LagWindows, make_pipeline


def rows_of(series, n_lags, days):
    lags = LagWindows(n_lags=n_lags)
    return lags.fit_transform(series.reshape(-1, 1), times=days), lags.targets(
        series.reshape(-1, 1)
    )


def noise(n_rows, size=1.0):
    return size * np.random.RandomState(0).normal(size=n_rows)


def test_the_calendar_is_seen_at_the_time_that_is_forecast():
    days = np.arange(800.0)
    rows, y = rows_of(np.sin(2 * np.pi * days / 7) + noise(800, 1e-3), 2, days)
    model = LagForecaster(lags=(1,), time=-1, calendar=("week",), horizon=3, check_leaks=False)
    forecast = model.fit(rows[:500], y[:500]).predict(rows[500:-2])
    for ahead in range(3):
        np.testing.assert_allclose(
            forecast[:, ahead], y[500 + ahead : len(y) - 2 + ahead], atol=0.01
        )


DAYS = np.arange(1500.0)
YEARLY, WARMTH = rows_of(10 * np.sin(2 * np.pi * DAYS / 365.25) + noise(1500), 2, DAYS)


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
    X = np.column_stack([YEARLY[:, :2], 18262 + np.arange(len(WARMTH))])
    data = Dataset(
        name="warmth", task="forecasting", kind="series", n_lags=2, time_index=dates,
        X_train=X[:1200], y_train=WARMTH[:1200], X_test=X[1200:], y_test=WARMTH[1200:],
    )  # fmt: skip
    part, later = slice(0, 200), slice(200, 500)
    model = make_pipeline("linear", data).fit(X[part], WARMTH[part])
    assert model["model"].calendar == ("year", "week")
    assert model["model"].calendar_ == ("week",)
    guessing = make_pipeline("linear", data).set_params(model__min_periods=0)
    error, guessed = (
        np.sqrt(np.mean((m.predict(X[later]) - WARMTH[later]) ** 2))
        for m in (model, guessing.fit(X[part], WARMTH[part]))
    )
    assert error < 1.5 < 2 * error < guessed  # noise of 1
