"""The score of the Numenta Anomaly Benchmark, from detectors' outputs and labelled windows.

A detection inside a labelled window earns the more the earlier it comes, a missed window costs, and
so does every detection outside; one threshold serves all series, and the total is put on a scale
on which a detector that never fires has 0 and a perfect one 100.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_PROBATION_SHARE, _PROBATION_ROWS = 0.15, 750


@dataclass(frozen=True)
class Profile:
    """What the benchmark pays and charges: a found window, a missed one, a false detection."""

    found: float
    missed: float
    false: float


PROFILES = {
    "standard": Profile(1.0, 1.0, 0.11),
    "reward_low_FP_rate": Profile(1.0, 1.0, 0.22),
    "reward_low_FN_rate": Profile(1.0, 2.0, 0.11),
}


@dataclass(frozen=True, eq=False)
class ScoredSeries:
    """The output of a detector on one series.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Degree of abnormality of every row, in the order of time.
    windows : ndarray of shape (n_windows, 2)
        First and last row of every labelled window, both inside it (see :func:`window_rows`).
    """

    scores: np.ndarray
    windows: np.ndarray


def window_rows(times: Any, windows: Any) -> np.ndarray:
    """Return first and last row of each window of time stamps.

    Parameters
    ----------
    times : array-like of shape (n,)
        Time stamps of the rows (datetime64).
    windows : array-like of shape (n_windows, 2)
        First and last time stamp of each window, both inside it.

    Returns
    -------
    ndarray of shape (n_windows, 2)
        First and last row of each window, in the order of the windows.

    Raises
    ------
    ValueError
        If a window holds no row.

    Examples
    --------
    >>> days = np.arange("2026-01-01", "2026-01-11", dtype="datetime64[D]")
    >>> window_rows(days, [["2026-01-03", "2026-01-05"]])
    array([[2, 4]])
    """
    stamps = np.asarray(times, dtype="datetime64[ns]")
    found = []
    for first, last in np.asarray(windows, dtype="datetime64[ns]").reshape(-1, 2):
        rows = np.flatnonzero((stamps >= first) & (stamps <= last))
        if not len(rows):
            raise ValueError(f"windows must hold rows of the series, got {first} to {last}.")
        found.append((rows[0], rows[-1]))
    return np.array(found, dtype=int).reshape(-1, 2)


def nab_score(series: Sequence[ScoredSeries], threshold: float, profile: str = "standard") -> float:
    """Return the NAB score of a detector: 0 as if it never fired, 100 perfect, negative is worse.

    Parameters
    ----------
    series : sequence of ScoredSeries
        All series of the benchmark; at least one labelled window among them.
    threshold : float
        A row is a detection if its score is at least this; one threshold for all series.
    profile : {"standard", "reward_low_FP_rate", "reward_low_FN_rate"}, default="standard"
        The costs.

    Returns
    -------
    float
        The normalised score. The first 15 % of a series, at most 750 rows, are not judged.

    References
    ----------
    Lavin, Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly
    Benchmark", ICMLA 2015.

    Examples
    --------
    >>> one = ScoredSeries(np.array([0] * 20 + [1] + [0] * 19), np.array([[20, 29]]))
    >>> round(nab_score([one], 0.5), 2)
    100.0
    """
    costs = _costs(profile)
    raw = -costs.missed * _count_windows(series)
    for one in series:
        at, gain = _steps(one, costs)
        raw += float(gain[at >= threshold].sum())
    return _normalised(raw, series, costs)


def best_nab_threshold(
    series: Sequence[ScoredSeries], profile: str = "standard"
) -> tuple[float, float]:
    """Return the threshold of the highest NAB score, and that score.

    The benchmark tunes its thresholds in this way, on the very series that it scores. Compare such
    a score only with others that were tuned so.

    Parameters
    ----------
    series : sequence of ScoredSeries
        All series of the benchmark.
    profile : str, default="standard"
        See :func:`nab_score`.

    Returns
    -------
    threshold, score : float
        Infinity and 0 where never to fire is best.
    """
    costs = _costs(profile)
    parts = [_steps(one, costs) for one in series]
    at, gain = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    order = np.argsort(-at, kind="stable")
    at, raw = at[order], np.cumsum(gain[order])
    last = np.append(at[1:] != at[:-1], True)  # all steps of equal thresholds are taken at once
    at, raw = np.append(math.inf, at[last]), np.append(0.0, raw[last])
    best = int(raw.argmax())
    missed = -costs.missed * _count_windows(series)
    return float(at[best]), _normalised(missed + float(raw[best]), series, costs)


def _costs(profile: str) -> Profile:
    if profile not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}, got {profile=}.")
    return PROFILES[profile]


def _count_windows(series: Sequence[ScoredSeries]) -> int:
    count = sum(len(one.windows) for one in series)
    if count == 0:
        raise ValueError("series must hold a labelled window, got 0 windows.")
    return count


def _normalised(raw: float, series: Sequence[ScoredSeries], costs: Profile) -> float:
    count = _count_windows(series)
    nothing, perfect = -costs.missed * count, costs.found * count
    return 100 * (raw - nothing) / (perfect - nothing)


def _steps(one: ScoredSeries, costs: Profile) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds, and what the raw score gains where the threshold falls to each.

    Below the score of a row outside all windows that row is a false detection. Inside a window the
    earliest detection counts: rows that exceed all before them take over from later ones.
    """
    scores = np.asarray(one.scores, dtype=float)
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, got {np.sum(~np.isfinite(scores))} others.")
    start = min(int(_PROBATION_SHARE * len(scores)), _PROBATION_ROWS)
    outside = _outside_values(len(scores), one.windows)
    judged = np.flatnonzero(~np.isnan(outside[start:])) + start
    at, gain = [scores[judged]], [costs.false * outside[judged]]
    for first, last in one.windows:
        rows = np.arange(max(first, start), last + 1)
        records = rows[_is_record(scores[rows])]
        if not len(records):
            continue
        earned = costs.found * _inside_values(records, first, last)
        at.append(scores[records])
        gain.append(earned - np.append(earned[1:], -costs.missed))
    return np.concatenate(at), np.concatenate(gain)


def _is_record(scores: np.ndarray) -> np.ndarray:
    """Tell which scores exceed all before them."""
    before = np.maximum.accumulate(np.append(-np.inf, scores))[:-1]
    return scores > before


def _sigmoid(y: np.ndarray) -> np.ndarray:
    """Worth of a detection at position y: 1 well before the end of a window (0), -1 far after."""
    return np.where(y > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(y, 3))) - 1)


def _inside_values(rows: np.ndarray, first: int, last: int) -> np.ndarray:
    position = -(last - rows + 1) / (last - first + 1)
    return _sigmoid(position) / _sigmoid(np.array(-1.0))


def _outside_values(n_rows: int, windows: np.ndarray) -> np.ndarray:
    """Return what a detection at each row is worth by the last window before it, NaN in one."""
    rows, values = np.arange(n_rows), np.full(n_rows, -1.0)
    ordered = sorted(map(tuple, windows))
    for first, last in ordered:
        after = rows > last
        values[after] = _sigmoid((rows[after] - last) / max(last - first, 1e-9))
    for first, last in ordered:
        values[first : last + 1] = np.nan
    return values
