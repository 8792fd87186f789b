"""Copies of test rows among the training rows: exact ones, and ones that are a bit changed.

Near copies show in the ratio of two distances: to the nearest training row, and to the fifth. In
a cloud of intrinsic dimension d the ratio is below c with probability ``1 - (1 - c**d)**4``
whatever the density (Facco et al., "Estimating the intrinsic dimension of datasets by a minimal
neighborhood information", Scientific Reports 7, 2017); far more rows below are copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.neighbors import NearestNeighbors

from pipelines.dataset import Dataset

from .finding import Finding, Severity
from .row_matrix import numbers, row_keys

_SAMPLE = 1000  # test rows whose neighbours are looked up
_MAX_TRAIN = 100_000
_N_COMPONENTS = 32
_NEIGHBORS = 10
_CANDIDATES = 40  # neighbours among principal components, of which the ten nearest are kept
_FEW = 3
_EXACT_SHARE, _NEAR_SHARE = 0.01, 0.02
_CHANCE = 1e-3  # of a row to count as a near copy without being one
_ALIKE = 0.9  # cosine of two texts
_AT_ONCE = 2**25  # numbers that are copied together: large images lie in a file, not in memory


def check(data: Dataset, rng: np.random.Generator) -> list[Finding]:
    """Return what is found on exact and near copies; a series has none by its nature."""
    if data.kind == "series":
        return []
    train_keys, test_keys = row_keys(data.X_train), row_keys(data.X_test)
    copied = np.isin(test_keys, train_keys)
    distinct = np.unique(train_keys, return_index=True)[1]
    if data.kind == "text":
        return _exact(copied, natural=False) + _near(_text_near(data, distinct, copied, rng))
    around = _neighbourhood(data, distinct, rng)
    if around is None:
        return _exact(copied, natural=False)
    natural = data.kind == "table" and around.are_coincidences(copied)
    return _exact(copied, natural) + _near(around.near(copied))


@dataclass(frozen=True, eq=False)
class _Neighbourhood:
    """Sampled test rows and their distances to the nearest distinct training rows."""

    rows: np.ndarray
    distances: np.ndarray

    def near(self, copied: np.ndarray) -> np.ndarray:
        """Tell which sampled rows have a near copy (an exact one does not count)."""
        fifth = np.maximum(self.distances[:, 4], 1e-12)
        closest = self.distances[:, 0] / fifth
        limit = min(0.6, (_CHANCE / 4) ** (1 / self._dimension(copied)))
        return (closest < limit) & ~copied[self.rows]

    def are_coincidences(self, copied: np.ndarray) -> bool:
        """Tell whether equal rows stand where the rows are dense, as those of coarse columns do.

        A row that was copied stands anywhere: its other neighbours are as far as anyone's.
        """
        fifth, twins = self.distances[:, 4], copied[self.rows]
        if twins.all() or not twins.any():
            return False
        return float(np.mean(fifth[twins][:, None] > fifth[~twins])) < 0.25

    def _dimension(self, copied: np.ndarray) -> float:
        """Intrinsic dimension by the fifth to tenth distances, which a copy does not touch."""
        far = np.maximum(self.distances[:, 4:], 1e-12)
        spacings = np.log(far[:, -1:] / far[:, :-1]).mean()
        order = np.arange(5, _NEIGHBORS)
        expected = np.mean([np.sum(1 / np.arange(j, _NEIGHBORS)) for j in order])
        return float(expected / max(spacings, 1e-3))


def _neighbourhood(
    data: Dataset, distinct: np.ndarray, rng: np.random.Generator
) -> _Neighbourhood | None:
    """Find neighbours among 32 principal components, then measure them by all columns."""
    if len(distinct) < 3 * _NEIGHBORS or len(data.X_test) == 0:
        return None
    all_train, all_test = numbers(data.X_train, data.X_test)
    rows = _some(np.arange(len(all_test)), _SAMPLE, rng)
    train: _Chosen | np.ndarray = _Chosen(all_train, _some(distinct, _MAX_TRAIN, rng))
    test = all_test[rows]
    if data.kind == "table":
        train, test = _standardised(train[:], test)
    project, n_candidates = _projection(train, rng), min(_CANDIDATES, len(train))
    search = NearestNeighbors(n_neighbors=n_candidates, algorithm="brute").fit(project(train))
    found = search.kneighbors(project(test), return_distance=False)
    gaps = [
        np.linalg.norm(train[near].astype(float) - row.astype(float), axis=1)
        for near, row in zip(found, test, strict=True)
    ]
    return _Neighbourhood(rows, np.sort(gaps, axis=1)[:, :_NEIGHBORS])


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Some rows of an array, copied as far as they are looked at."""

    array: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> np.ndarray:
        return self.array[self.rows[index]]


def _standardised(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale columns by the training part; a missing value becomes the mean."""
    known = np.where(np.isfinite(train), train, np.nan)
    filled = ~np.isnan(known).all(axis=0)
    known, other = known[:, filled], np.where(np.isfinite(test), test, np.nan)[:, filled]
    mean, spread = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    spread[spread == 0] = 1
    return tuple(np.nan_to_num((part - mean) / spread) for part in (known, other))


def _projection(train: _Chosen | np.ndarray, rng: np.random.Generator) -> Any:
    """Return the map to principal components, made in pieces to spare memory."""
    n_columns = train[:1].shape[1]
    if n_columns <= _N_COMPONENTS:
        return lambda part: part[:].astype(np.float32)
    n_rows = min(2000, max(_N_COMPONENTS, _AT_ONCE // n_columns))
    sample = train[_some(np.arange(len(train)), n_rows, rng)].astype(np.float32)
    n_components = min(_N_COMPONENTS, *sample.shape)
    pca = PCA(n_components, svd_solver="randomized", random_state=0).fit(sample)
    step = min(5000, max(_N_COMPONENTS, _AT_ONCE // n_columns))
    return lambda part: np.concatenate(
        [pca.transform(part[i : i + step].astype(np.float32)) for i in range(0, len(part), step)]
    )


def _text_near(
    data: Dataset, distinct: np.ndarray, copied: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Tell which sampled texts share almost all of their words with a training text."""
    rows = _some(np.arange(len(data.X_test)), _SAMPLE, rng)
    words = HashingVectorizer(n_features=2**18, alternate_sign=False)
    texts = np.asarray(data.X_train, dtype=object).ravel()[_some(distinct, _MAX_TRAIN, rng)]
    train = words.transform(texts)
    test = words.transform(np.asarray(data.X_test, dtype=object).ravel()[rows])
    pieces = [test[i : i + 100] @ train.T for i in range(0, len(rows), 100)]
    alike = np.concatenate([piece.max(axis=1).toarray().ravel() for piece in pieces])
    return (alike > _ALIKE) & ~copied[rows]


def _some(items: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return items if len(items) <= n else np.sort(rng.choice(items, n, replace=False))


def _exact(copied: np.ndarray, natural: bool) -> list[Finding]:
    count, share = int(copied.sum()), float(np.mean(copied)) if len(copied) else 0.0
    if not count:
        return []
    many = count >= _FEW and share >= _EXACT_SHARE
    reason = "; they are common rows of coarse columns, not necessarily copies" if natural else ""
    sentence = (
        f"{count:,} of {len(copied):,} test rows ({share:.1%}) stand in the training part too, "
        f"exactly{reason}."
    )
    severity: Severity = "warning" if many and not natural else "note"
    return [Finding("duplicates", severity, share, sentence)]


def _near(near: np.ndarray) -> list[Finding]:
    count, share = int(near.sum()), float(np.mean(near)) if len(near) else 0.0
    if count < _FEW or share < _NEAR_SHARE:
        return []
    sentence = (
        f"{count:,} of {len(near):,} test rows looked at ({share:.1%}) have a near copy in the "
        "training part: much closer to one training row than to any other."
    )
    return [Finding("near duplicates", "warning", share, sentence)]
