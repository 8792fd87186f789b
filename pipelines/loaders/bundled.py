"""Data sets that ship with scikit-learn: no file, no network."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import datasets

from .split import random_fifth, stratified_fifth


def digits() -> dict[str, Any]:
    """Return the 8x8 digits as uint8 images with levels from 0 to 16."""
    bunch = datasets.load_digits()
    train, test = stratified_fifth(bunch.target)
    images = bunch.images.astype(np.uint8)
    return {
        **_parts(images, bunch.target, train, test),
        "target_names": tuple(map(str, bunch.target_names)),
    }


def table(name: str) -> dict[str, Any]:
    """Return one of scikit-learn's tables, ``datasets.load_<name>``."""
    bunch = getattr(datasets, f"load_{name}")()
    is_regression = "target_names" not in bunch
    X, y = bunch.data, bunch.target
    train, test = random_fifth(len(y)) if is_regression else stratified_fifth(y)
    return {
        **_parts(X, y, train, test),
        "feature_names": tuple(map(str, bunch.feature_names)),
        "target_names": None if is_regression else tuple(map(str, bunch.target_names)),
    }


def moons() -> dict[str, Any]:
    """Return 1,000 points on two half circles."""
    X, y = datasets.make_moons(1000, noise=0.3, random_state=0)
    train, test = stratified_fifth(y)
    return {
        **_parts(X, y, train, test),
        "feature_names": ("x", "y"),
        "target_names": ("upper", "lower"),
    }


def _parts(X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """Return the four parts of a ``Dataset``."""
    return {"X_train": X[train], "y_train": y[train], "X_test": X[test], "y_test": y[test]}
