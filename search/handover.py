"""A Dataset on its way into another process: written once, mapped into memory there."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from pipelines.dataset import Dataset
from pipelines.mapped import file_of, mapped


def write_data(data: Dataset, path: Path) -> None:
    """Write a Dataset for the children of this run; of what lies in a file, only where it is."""
    parts = {field.name: getattr(data, field.name) for field in fields(data)}
    joblib.dump({name: file_of(part) or part for name, part in parts.items()}, path)


def load_data(path: Path) -> Dataset:
    """Return the Dataset that :func:`write_data` wrote.

    Its arrays are mapped from the file: children share the memory until they write to it, and what
    they write nobody else sees.
    """
    parts: dict[str, Any] = joblib.load(path, mmap_mode="c")
    return Dataset(**{name: _opened(part) for name, part in parts.items()})


def _opened(part: Any) -> Any:
    if isinstance(part, Path):
        return mapped(part)
    # Plain arrays: some libraries treat numpy's subclasses as something else.
    return part.view(np.ndarray) if isinstance(part, np.memmap) else part
