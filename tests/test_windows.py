"""Windows and lags of a series, and scores back on its time stamps."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from pipelines.windows import SlidingWindows

SERIES = np.random.RandomState(0).normal(size=(23, 2))


@pytest.mark.parametrize("step", [1, 2, 4, 5])
def test_windows_are_pieces_of_the_series_and_hold_every_time_stamp(step):
    windows = SlidingWindows(width=5, step=step, flatten=False).fit(SERIES)
    starts = windows.starts(len(SERIES))
    found = windows.transform(SERIES)
    for start, window in zip(starts, found, strict=True):
        np.testing.assert_array_equal(window, SERIES[start : start + 5])
    covered = (starts[:, None] + np.arange(5)).ravel()
    assert set(covered) == set(range(len(SERIES)))


def test_flat_windows_hold_the_same_numbers():
    windows = SlidingWindows(width=4, flatten=False).fit_transform(SERIES)
    flat = SlidingWindows(width=4).fit_transform(SERIES)
    np.testing.assert_array_equal(flat, windows.reshape(len(windows), -1))


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize(("how", "of"), [("mean", np.mean), ("max", np.max)])
def test_a_time_stamp_gets_the_scores_of_the_windows_that_hold_it(step, how, of):
    windows = SlidingWindows(width=3, step=step)
    starts = windows.starts(11)
    scores = np.random.RandomState(0).normal(size=len(starts))
    expected = [of(scores[(starts <= row) & (row < starts + 3)]) for row in range(11)]
    np.testing.assert_allclose(windows.to_time(scores, 11, how), expected)


def test_the_last_score_looks_at_no_later_value():
    windows = SlidingWindows(width=3, step=2)
    scores = np.arange(len(windows.starts(8)), dtype=float)
    assert windows.starts(8).tolist() == [0, 2, 4, 5]
    assert windows.to_time(scores, 8, "last").tolist() == [0, 0, 0, 0, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("params", "n_rows", "message"),
    [
        ({"width": 6}, 5, "width must be at most the length of the series, got width=6"),
        ({"width": 2, "step": 3}, 9, "step must be at most width"),
        ({"width": 0}, 9, "width must be an integer >= 1"),
    ],
)
def test_windows_that_do_not_fit_are_refused(params, n_rows, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindows(**params).fit(SERIES[:n_rows])


def test_scores_must_be_one_for_each_window():
    with pytest.raises(ValueError, match="one for each of the 8 windows"):
        SlidingWindows(width=3).to_time(np.zeros(9), 10)


def test_windows_can_be_cloned_and_remember_the_number_of_values():
    windows = SlidingWindows(width=3, step=2).fit(SERIES)
    assert clone(windows).get_params() == windows.get_params()
    with pytest.raises(ValueError, match="expecting 2 features"):
        windows.transform(SERIES[:, :1])
