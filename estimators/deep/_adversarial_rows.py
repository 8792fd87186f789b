"""Rows as a game of two nets sees them, in [-1, 1], and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def extent(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least value and the span: of all pixels of images, of each column of a table.

    >>> extent(np.array([[[[1.0], [2.0]]], [[[3.0], [6.0]]]]))[1].ravel()
    array([2., 4.], dtype=float32)
    """
    axes = (0, 1, 2, 3) if X.shape[1] > 1 else 0
    low, high = (np.asarray(end(X, axis=axes), np.float32) for end in (np.min, np.max))
    return low, np.asarray(high - low)


def to_game(X: Tensor, low: np.ndarray, span: np.ndarray) -> Tensor:
    """Bring stored rows to [-1, 1], channels first: ``(b, h, w, c)`` -> ``(b, c, h, w)``."""
    factor = np.where(span > 0, 2 / np.maximum(span, 1e-30), 0)
    start, rise = (torch.as_tensor(a, device=X.device) for a in (low, factor))
    return ((X.float() - start) * rise.float() - 1).permute(0, 3, 1, 2)


def from_game(drawn: Tensor, low: np.ndarray, span: np.ndarray, dtype: str) -> np.ndarray:
    """Return drawn rows in the units of the stored ones: ``(b, c, h, w)`` -> ``(b, h, w, c)``."""
    rows = (drawn.permute(0, 2, 3, 1).numpy() + 1) / 2 * span + low
    if dtype == "uint8":
        rows = np.clip(rows.round(), 0, 255)
    return rows.astype(dtype)
