"""Arrays that stay in a file, larger ones than the memory among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def mapped(path: Path) -> np.ndarray:
    """Return the array of an ``.npy`` file, which is read as far as it is looked at.

    Nobody can write to it: the system would have to have room for all that could be written.
    """
    # a plain array: some libraries treat numpy's subclasses as something else
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)


def file_of(array: Any) -> Path | None:
    """Return the file that :func:`mapped` opened, None for anything else, also for a part of it."""
    whole = getattr(array, "base", None)
    if not isinstance(whole, np.memmap) or whole.mode != "r" or whole.filename is None:
        return None
    is_whole = array.shape == whole.shape and array.strides == whole.strides
    return Path(whole.filename) if is_whole and array.dtype == whole.dtype else None
