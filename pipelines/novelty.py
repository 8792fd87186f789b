"""Scores for the novelty of each value of a series, from the values before it alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import log_ndtr
from sklearn.utils import check_array

_DAY = np.timedelta64(1, "D")
_DAYS, _AROUND = 7, 2  # a value is compared with those of so many days, so many rows around
_SMOOTHED = 5  # rows over which the surprise of the time of day is averaged
_HIGHEST = 6.0  # decimal powers of improbability beyond which more says nothing more


def novelty_scores(
    values: Any, times: Any = None, *, history: int = 3000, quiet: int = 150
) -> np.ndarray:
    """Return how new every value of a series is, given the values before it.

    New is what lies beyond all values so far, and what is unlike all values at about that time of
    day in the week before. Nothing is trained, and no later value has a part in a score.

    Parameters
    ----------
    values : array-like of shape (n,)
        The series, in the order of time.
    times : array-like of shape (n,), default=None
        Its time stamps (datetime64); without them, times of day are left out.
    history : int, default=3000
        Rows from which it is learnt how much the time of day surprises usually.
    quiet : int, default=150
        A score counts only if it exceeds those of so many rows before; else it is 0. So an
        event is told once.

    Returns
    -------
    ndarray of shape (n,)
        From 0 on; the score of the benchmark in ``benchmarks/nab.py`` is best above about 1.

    Raises
    ------
    ValueError
        If a value is missing, or there are not as many time stamps as values.

    Examples
    --------
    >>> wave = np.sin(np.arange(300) / 5)
    >>> wave[250] = 1.5
    >>> int(novelty_scores(wave)[200:].argmax()) + 200
    250
    """
    x = check_array(values, ensure_2d=False, dtype=np.float64, input_name="values").ravel()
    spread = np.nan_to_num(pd.Series(x).expanding().std().to_numpy()) + 1e-9
    scores = np.log1p(10 * _beyond(x, spread))
    if times is not None:
        stamps = np.asarray(times, dtype="datetime64[ns]")
        if stamps.shape != x.shape:
            raise ValueError(
                f"novelty_scores: times must have a time stamp for each of the {len(x)} values, "
                f"got an array of shape {stamps.shape}."
            )
        surprise = _surprise(_unlike(x, stamps) / spread, history)
        scores += np.minimum(surprise, _HIGHEST) / 3
    before = pd.Series(scores).shift(fill_value=0.0).rolling(quiet, min_periods=1).max()
    return np.where(scores > before.to_numpy(), scores, 0.0)


def _beyond(x: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return how far each value lies beyond those before it, in units of their range."""
    highest, lowest = (_before(extreme.accumulate(x)) for extreme in (np.maximum, np.minimum))
    outside = np.maximum(0.0, np.maximum(x - highest, lowest - x))
    return outside / (highest - lowest + 1e-3 * spread)


def _unlike(x: np.ndarray, stamps: np.ndarray) -> np.ndarray:
    """Return the distance to the nearest value of about that time of day, a week back at most."""
    step = np.median(np.diff(stamps[:100])) if len(x) > 1 else _DAY
    per_day = round(_DAY / step) if step > np.timedelta64(0) else 0
    if per_day <= _AROUND:
        return np.zeros(len(x))
    nearest = np.full(len(x), np.inf)
    for day in range(1, _DAYS + 1):
        for around in range(-_AROUND, _AROUND + 1):
            lag = day * per_day + around
            if lag < len(x):
                nearest[lag:] = np.minimum(nearest[lag:], np.abs(x[lag:] - x[:-lag]))
    known = pd.Series(np.where(np.isfinite(nearest), nearest, 0.0))
    return known.rolling(_SMOOTHED, min_periods=1).mean().to_numpy()


def _surprise(distance: np.ndarray, history: int) -> np.ndarray:
    """Return minus the decimal logarithm of the probability of a distance at least as long.

    Logarithms of distances are taken to be normal, with mean and spread of the rows before.
    """
    logged = np.log1p(distance)
    window = pd.Series(logged).rolling(history, min_periods=1)
    mean = _before(window.mean().to_numpy())
    spread = np.nan_to_num(_before(window.std().to_numpy()))
    z = (logged - mean) / np.maximum(spread, 1e-3 * np.abs(mean) + 1e-6)
    return -log_ndtr(-z) / np.log(10)


def _before(x: np.ndarray) -> np.ndarray:
    """Return the values one row before; the first stays."""
    return np.concatenate([x[:1], x[:-1]])
