"""What a model asks of the rows that it is to learn from."""

from __future__ import annotations

import numpy as np


def check_differ(X: np.ndarray, owner: str) -> None:
    """Raise a ValueError if all rows are the same.

    >>> check_differ(np.ones((3, 2)), "GAN")
    Traceback (most recent call last):
    ...
    ValueError: GAN: X must hold rows that differ, got 3 times the same row: every feature is...
    """
    if (X[0] == X).all():
        raise ValueError(
            f"{owner}: X must hold rows that differ, got {len(X)} times the same row: every "
            "feature is constant."
        )
