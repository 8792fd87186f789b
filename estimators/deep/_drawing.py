"""What a fitted generator draws: rows from codes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted
from torch import nn

from estimators.deep._adversarial_rows import from_game
from estimators.params import Int
from estimators.seeds import generator_of

_PARALLEL = 1e-6  # sine of an angle below which two codes have no arc between them


class Drawing:
    """Draws rows, from a generator that was trained on rows in [-1, 1]."""

    latent_dim: int
    generator_: nn.Module
    _low: np.ndarray
    _span: np.ndarray
    _dtype: str
    _row_form: tuple[int, ...]

    def sample(self, n: int = 1, random_state: Any = None) -> np.ndarray:
        """Draw new rows.

        Parameters
        ----------
        n : int, default=1
            How many.
        random_state : int, RandomState or None, default=None
            Seed of the codes.

        Returns
        -------
        ndarray
            Rows of the shape of those in ``fit``; float32, or uint8 if those were.
        """
        check_is_fitted(self)
        Int(1).check(n, "n", type(self).__name__)
        return self._decode(generator_of(random_state).standard_normal((n, self.latent_dim)))

    def interpolate(self, a: Any, b: Any, steps: int = 10) -> np.ndarray:
        """Return rows on the way between two codes, along the sphere on which codes lie.

        Parameters
        ----------
        a, b : array-like of shape (latent_dim,)
            Codes: standard normal numbers.
        steps : int, default=10
            How many, both ends included.

        Returns
        -------
        ndarray
            ``steps`` rows, as :meth:`sample` draws them.
        """
        check_is_fitted(self)
        owner = type(self).__name__
        Int(2).check(steps, "steps", owner)
        return self._decode(codes_between(a, b, steps, self.latent_dim, owner))

    @torch.inference_mode()
    def _decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows of codes, in the units and the shape of the training rows."""
        device = next(self.generator_.parameters()).device
        parts = torch.from_numpy(codes.astype(np.float32)).split(1024)
        drawn = torch.cat([self.generator_(part.to(device)).float().cpu() for part in parts])
        rows = from_game(drawn, self._low, self._span, self._dtype)
        return rows.reshape(len(codes), *self._row_form)


def codes_between(a: Any, b: Any, steps: int, latent_dim: int, owner: str) -> np.ndarray:
    """Return codes on the way between two, along the sphere on which they lie.

    >>> codes_between([1.0, 0.0], [0.0, 1.0], 3, 2, "GAN").round(2)
    array([[1.  , 0.  ],
           [0.71, 0.71],
           [0.  , 1.  ]])
    """
    ends = check_array([a, b], dtype=np.float64, input_name="a and b")
    lengths = np.linalg.norm(ends, axis=1)
    if ends.shape[1] != latent_dim or not lengths.all():
        raise ValueError(
            f"{owner}: a and b must be codes of {latent_dim=} numbers that are not all zero, got "
            f"{ends.shape[1]} numbers of length {lengths}."
        )
    angle = math.acos(np.clip(ends[0] @ ends[1] / lengths.prod(), -1, 1))
    t = np.linspace(0, 1, steps)[:, None]
    if math.sin(angle) < _PARALLEL:
        return (1 - t) * ends[0] + t * ends[1]
    return np.sin(angle * np.hstack([1 - t, t])) / math.sin(angle) @ ends
