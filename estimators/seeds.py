"""Generators of random numbers that leave numpy's global one alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state


def generator_of(random_state: Any) -> np.random.RandomState:
    """Return scikit-learn's generator for a seed, but one of its own for None.

    >>> int(generator_of(0).randint(100))
    44
    """
    return np.random.RandomState() if random_state is None else check_random_state(random_state)
