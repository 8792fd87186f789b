"""Columns that give the target away, number the rows, or were prepared on both parts at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_selection import f_classif, f_regression
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from pipelines.dataset import Dataset
from pipelines.loaders.columns import as_dates
from pipelines.loaders.table_file import short

from .finding import Finding
from .row_matrix import as_frame, numbers

_SAMPLE = 2000
_MAX_COLUMNS = 30  # the strongest by their F statistic are tried
_RARE = 6  # rows of a class
_SURE, _STRONG, _GAP = 0.97, 0.8, 0.15
_SAME, _APART = 1e-5, 1e-4


def check(data: Dataset, rng: np.random.Generator) -> list[Finding]:
    """Return what is found in the columns of a table; other kinds have no columns to judge."""
    if data.kind != "table" or len(data.y_train) < 20 or not len(data.y_test):
        return []
    train, test = numbers(data.X_train, data.X_test)
    names = list(data.feature_names or as_frame(data.X_train).columns)
    return [
        *_giveaways(data, train, names, rng),
        *_row_numbers(data, names),
        *_prepared_on_all(train.astype(float), test.astype(float)),
    ]


def _giveaways(
    data: Dataset, train: np.ndarray, names: list, rng: np.random.Generator
) -> list[Finding]:
    """Compare what one column predicts with what all others do."""
    if data.task not in ("classification", "regression") or train.shape[1] < 2:
        return []
    X, y = _sample(data, train, rng)
    if len(y) < 20 or len(np.unique(y)) < 2:
        return []
    skills = {j: _skill(X[:, [j]], y, data.task) for j in _strongest(X, y, data.task)}
    strong = [j for j, skill in skills.items() if skill >= _STRONG]
    guilty = [j for j in strong if skills[j] >= _SURE or _stands_out(X, y, j, skills[j], data.task)]
    return [_giveaway(str(names[j]), skills[j], data.task) for j in guilty]


def _stands_out(X: np.ndarray, y: np.ndarray, column: int, skill: float, task: str) -> bool:
    """Tell whether a column alone does far better than all others together."""
    return skill - _skill(np.delete(X, column, axis=1), y, task, forest=True) >= _GAP


def _giveaway(name: str, skill: float, task: str) -> Finding:
    what = "R²" if task == "regression" else "balanced accuracy above chance, 1 is perfect"
    return Finding(
        "giveaway",
        "warning",
        skill,
        f"Column {short(name)} alone predicts the target with {skill:.2f} ({what}): it may be "
        "known only after the target.",
    )


def _sample(
    data: Dataset, train: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return up to 2,000 training rows without missing values; rare classes are left out."""
    y = np.asarray(data.y_train)
    rows = rng.permutation(len(y))[:_SAMPLE]
    if data.task == "classification":
        y = np.unique(y, return_inverse=True)[1]
        rows = rows[np.bincount(y[rows], minlength=y.max() + 1)[y[rows]] >= _RARE]
    most = np.finfo(np.float32).max / 2  # the trees take single precision
    X = train[rows].astype(float)
    X = np.where(np.isfinite(X), np.clip(X, -most, most), X)
    with np.errstate(invalid="ignore"):
        lowest = np.where(np.isfinite(X), X, np.inf).min(axis=0)
    missing = np.where(np.isfinite(lowest), lowest, 0) - 1
    return np.where(np.isfinite(X), X, missing), y[rows]


def _strongest(X: np.ndarray, y: np.ndarray, task: str) -> np.ndarray:
    """Return the columns that vary, the strongest by the F test where they are many."""
    varying = np.flatnonzero(np.ptp(X, axis=0) > 0)
    if len(varying) <= _MAX_COLUMNS:
        return varying
    test = f_classif if task == "classification" else f_regression
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect column gives an infinite F
        strength = np.nan_to_num(test(X[:, varying], y)[0])
    return varying[np.argsort(-strength)[:_MAX_COLUMNS]]


def _skill(X: np.ndarray, y: np.ndarray, task: str, forest: bool = False) -> float:
    """Cross-validated R^2, or balanced accuracy from 0 (chance) to 1."""
    if task == "regression":
        model = (
            RandomForestRegressor(50, min_samples_leaf=2, random_state=0)
            if forest
            else DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
        )
        folds = KFold(3, shuffle=True, random_state=0)
        return float(r2_score(y, cross_val_predict(model, X, y, cv=folds)))
    leaf = max(1, min(5, np.bincount(y)[np.unique(y)].min() // 3))
    model = (
        RandomForestClassifier(50, class_weight="balanced", random_state=0)
        if forest
        else DecisionTreeClassifier(min_samples_leaf=leaf, class_weight="balanced", random_state=0)
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    score = balanced_accuracy_score(y, cross_val_predict(model, X, y, cv=folds), adjusted=True)
    return float(score)


def _row_numbers(data: Dataset, names: list) -> list[Finding]:
    """Find columns of whole numbers or words that are different in every single row."""
    both = pd.concat([as_frame(data.X_train), as_frame(data.X_test)], ignore_index=True)
    found = []
    for name, (_, column) in zip(names, both.items(), strict=True):
        if len(column) >= 50 and column.is_unique and _names_rows(column):
            sentence = f"Column {short(name)} is different in every row: it names or numbers them."
            found.append(
                Finding(
                    "row numbers",
                    "warning",
                    1.0,
                    sentence,
                )
            )
    return found


def _names_rows(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return bool(np.all(values == np.round(values)))
    return as_dates(column) is None and not column.astype(str).str.contains(" ").any()


def _prepared_on_all(train: np.ndarray, test: np.ndarray) -> list[Finding]:
    """Find what only a preparation fitted on both parts leaves behind."""
    both = np.concatenate([train, test])
    varies = np.nanmax(both, axis=0, initial=-np.inf) > np.nanmin(both, axis=0, initial=np.inf)
    train, both = train[:, varies], both[:, varies]
    if both.shape[1] < 2 or not np.isfinite(both).all():
        return []
    traces = {
        "standardised": _standardised(train, both),
        "scaled to the range 0 to 1": _ranged(train, both),
        "turned into principal components": _rotated(train, both),
        "filled with the mean": _filled(train, both),
    }
    return [
        Finding(
            "prepared on all rows",
            "warning",
            share,
            f"{share:.0%} of the columns look {how} over training and test part together: the "
            "training part knows of the test part. Prepare inside the pipeline.",
        )
        for how, share in traces.items()
        if share > 0
    ]


def _standardised(train: np.ndarray, both: np.ndarray) -> float:
    """Return the share of columns of joint mean 0 and one common spread, if that is half."""
    spread = both.std(axis=0)
    centred = np.abs(both.mean(axis=0)) <= _SAME * spread
    if centred.sum() < max(2, both.shape[1] / 2):
        return 0.0
    alike = np.ptp(spread[centred]) <= 1e-3 * spread[centred].mean()
    apart = np.abs(train.mean(axis=0)) > _APART * spread
    return float(centred.mean()) if alike and apart[centred].any() else 0.0


def _ranged(train: np.ndarray, both: np.ndarray) -> float:
    """Return the share of columns from 0 to 1 overall, if the training part lacks some ends."""
    full = (both.min(axis=0) == 0) & (np.abs(both.max(axis=0) - 1) < 1e-9)
    graded = np.array([np.any((column > 0) & (column < 1)) for column in both.T])
    scaled = full & graded
    lacking = (train.min(axis=0) > 0) | (train.max(axis=0) < 1 - 1e-9)
    enough = scaled.sum() >= max(3, both.shape[1] / 2) and np.sum(lacking & scaled) >= 2
    return float(scaled.mean()) if enough else 0.0


def _rotated(train: np.ndarray, both: np.ndarray) -> float:
    """Return 1 if all columns are uncorrelated over both parts and not over the first."""
    n_columns = both.shape[1]
    if n_columns > 300 or len(train) <= 2 * n_columns or np.any(np.ptp(train, axis=0) == 0):
        return 0.0
    overall, first = (np.abs(np.corrcoef(part.T) - np.eye(n_columns)) for part in (both, train))
    return float(overall.max() < _SAME and first.max() > _APART)


def _filled(train: np.ndarray, both: np.ndarray) -> float:
    """Return the share of columns whose commonest value is the mean of the joint others."""
    return float(np.mean([_is_filled(t, b) for t, b in zip(train.T, both.T, strict=True)]))


def _is_filled(train: np.ndarray, both: np.ndarray) -> bool:
    values, counts = np.unique(both, return_counts=True)
    fill = values[counts.argmax()]
    if counts.max() < 5 or len(values) < 10 or not 0 < np.sum(train == fill) < len(train):
        return False
    spread = both.std()
    overall, first = (abs(part[part != fill].mean() - fill) for part in (both, train))
    return bool(overall <= 1e-9 * spread and first > _APART * spread)
