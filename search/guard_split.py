"""How the split was made: groups and time that it cuts, and parts that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pipelines.dataset import Dataset
from pipelines.loaders.columns import as_dates
from pipelines.loaders.table_file import short

from .finding import Finding

_SHIFT, _DISTANCE, _LEVEL = 0.1, 0.2, 1e-3


def check(data: Dataset) -> list[Finding]:
    """Return what is found on groups, time, and the distribution of the target."""
    found = [_groups(data), _time(data), _dates(data), _unseen(data), _shift(data)]
    return [finding for finding in found if finding is not None]


def _groups(data: Dataset) -> Finding | None:
    if data.groups is None:
        return None
    train, test = _parts(data, data.groups)
    cut = np.isin(test, train)
    if not cut.any():
        return None
    share, n_groups = float(cut.mean()), len(np.unique(test[cut]))
    return Finding(
        "groups",
        "warning",
        share,
        f"{share:.1%} of the test rows belong to {n_groups:,} groups that the training part holds "
        "too: the score is that for known groups.",
    )


def _time(data: Dataset) -> Finding | None:
    if data.time_index is None:
        return None
    train, test = _parts(data, data.time_index)
    later = _later(train, test)
    if not later:
        return None
    return Finding(
        "time",
        "warning",
        later,
        f"{later:.1%} of the training rows are later than the first test row: models have seen the "
        "future of what they are judged on.",
    )


def _dates(data: Dataset) -> Finding | None:
    """Note a column of dates that the split ignores."""
    if data.time_index is not None or not isinstance(data.X_train, pd.DataFrame):
        return None
    for name, column in data.X_train.items():
        dates = as_dates(pd.concat([column, data.X_test[name]]))
        if dates is None:
            continue
        train, test = dates.iloc[: len(column)], dates.iloc[len(column) :]
        later = _later(train.dropna().to_numpy(), test.dropna().to_numpy())
        if later:
            return Finding(
                "dates",
                "note",
                later,
                f"{later:.1%} of the training rows have a later {short(name)} than the first test "
                "row; mind that if the model is to predict the future.",
            )
    return None


def _unseen(data: Dataset) -> Finding | None:
    if data.task != "classification":
        return None
    unseen = ~np.isin(data.y_test, data.y_train)
    if not unseen.any():
        return None
    names = ", ".join(map(short, np.unique(np.asarray(data.y_test)[unseen])[:5]))
    return Finding(
        "unseen classes",
        "warning",
        float(unseen.mean()),
        f"{unseen.mean():.1%} of the test rows are of a class that the training part lacks: "
        f"{names}.",
    )


def _shift(data: Dataset) -> Finding | None:
    train, test = np.asarray(data.y_train), np.asarray(data.y_test)
    if data.task not in ("classification", "regression") or not len(train) or not len(test):
        return None
    if data.task == "regression":
        found = stats.ks_2samp(train, test)
        number, p_value = float(found.statistic), float(found.pvalue)
        what, limit = "the target", _DISTANCE
    else:
        number, p_value = _class_shift(train, test)
        what, limit = "the shares of the classes", _SHIFT
    if number < limit or p_value > _LEVEL:
        return None
    return Finding(
        "shift",
        "warning",
        number,
        f"Training and test part differ in {what} (by {number:.1%}): the split is not random.",
    )


def _class_shift(train: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    """Return half the sum of the differences of shares, and the p-value of no difference."""
    classes = np.unique(np.concatenate([train, test]))
    counts = np.array([[np.sum(part == c) for c in classes] for part in (train, test)])
    shares = counts / counts.sum(axis=1, keepdims=True)
    p_value = stats.chi2_contingency(counts).pvalue if len(classes) > 1 else 1.0
    return float(np.abs(shares[0] - shares[1]).sum() / 2), float(p_value)


def _parts(data: Dataset, values: Any) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(values)
    return values[: len(data.y_train)], values[len(data.y_train) :]


def _later(train: np.ndarray, test: np.ndarray) -> float:
    """Return the share of training times after the first test time."""
    return float(np.mean(train > test.min())) if len(train) and len(test) else 0.0
