"""A Dataset on its way into another process: written once, mapped into memory there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from pipelines.dataset import Dataset


def write_data(data: Dataset, path: Path) -> None:
    """Write a Dataset for the children of this run."""
    joblib.dump(data, path)


def load_data(path: Path) -> Dataset:
    """Return the Dataset that :func:`write_data` wrote.

    Its arrays are mapped from the file: children share the memory until they write to it, and what
    they write nobody else sees.
    """
    data: Dataset = joblib.load(path, mmap_mode="c")
    parts = {name: getattr(data, name) for name in ("X_train", "y_train", "X_test", "y_test")}
    # Plain arrays: some libraries treat numpy's subclasses as something else.
    plain: dict[str, Any] = {
        name: part.view(np.ndarray) for name, part in parts.items() if isinstance(part, np.memmap)
    }
    return replace(data, **plain)
