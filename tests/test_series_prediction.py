"""`bakeoff predict` after a run on a series: forecasts of a newer table, or a clear refusal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines import read_data
from reports.cli import main
from reports.prediction import predict
from search import Comparison, compare
from tests.contests import run_here


def days(n_rows, start="2022-01-01"):
    t = np.arange(n_rows)
    rng = np.random.RandomState(0)
    return pd.DataFrame(
        {
            "day": pd.date_range(start, periods=n_rows).astype(str),
            "rain": rng.normal(size=n_rows).round(3),
            "sold": (50 + 10 * np.sin(2 * np.pi * t / 7) + rng.normal(size=n_rows)).round(3),
        }
    )


TABLE = days(300)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    TABLE.to_csv(folder / "sales.csv", index=False)
    data = read_data(folder / "sales.csv", target="sold")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        compare(["linear"], data, n_trials=1, spaces={"linear": {}}, run_dir=folder / "run")
    return folder / "run", data


def written(frame, tmp_path):
    frame.to_csv(tmp_path / "new.csv", index=False)
    return tmp_path / "new.csv"


def test_forecasts_of_the_same_table_are_those_of_the_run_and_one_more(run, tmp_path):
    folder, data = run
    answers = predict(folder, written(TABLE, tmp_path), "linear")
    expected = Comparison(folder).load_model("linear").predict(data.X_test)
    np.testing.assert_allclose(answers["prediction"].to_numpy()[-60:-1], expected)
    assert list(answers["time"].iloc[[-2, -1]]) == [
        pd.Timestamp("2022-10-27"),
        pd.Timestamp("2022-10-28"),
    ]
    assert len(answers) == 300 - data.n_lags + 1


def test_a_forecast_looks_at_no_later_row_and_columns_may_stand_in_any_order(run, tmp_path):
    folder, _ = run
    whole = predict(folder, written(TABLE, tmp_path), "linear")
    changed = TABLE[["sold", "day", "rain"]].assign(note="x")
    changed.loc[290:, "sold"] = -1000
    part = predict(folder, written(changed, tmp_path), "linear")
    np.testing.assert_array_equal(whole["prediction"][:-10], part["prediction"][:-10])
    assert whole["prediction"].iloc[-1] != part["prediction"].iloc[-1]


def test_the_command_writes_times_and_forecasts(run, tmp_path, capsys):
    path = written(days(120, "2023-05-01"), tmp_path)
    assert main(["predict", str(run[0]), str(path), "--model", "linear"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "time,prediction"
    assert lines[-1].startswith("2023-08-29,")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="rain"), "lacks 'rain'"),
        (lambda t: t.drop(columns="day"), "must hold time stamps beside"),
        (lambda t: t.head(30), "must hold more than"),
        (lambda t: t.assign(sold="many"), "column 'sold' must hold numbers, but its row 1"),
        (
            lambda t: pd.concat([t, t.tail(1)]),
            "once, but '2022-10-27 00:00:00' stands in several rows",
        ),
    ],
    ids=["column", "time", "short", "words", "twice"],
)
def test_a_table_that_gives_no_forecast_is_refused(run, tmp_path, capsys, change, message):
    path = written(change(TABLE), tmp_path)
    assert main(["predict", str(run[0]), str(path)]) == 2
    assert message in capsys.readouterr().err


def test_a_gap_carries_the_last_value(run, tmp_path):
    gap = TABLE.copy()
    gap.loc[200, "sold"] = np.nan
    filled = TABLE.copy()
    filled.loc[200, "sold"] = TABLE.loc[199, "sold"]
    answers = [predict(run[0], written(t, tmp_path), "linear") for t in (gap, filled)]
    pd.testing.assert_frame_equal(*answers)
