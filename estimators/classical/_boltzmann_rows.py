"""What Boltzmann machines ask of rows: values that can be probabilities, and gaps that fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import validate_data


class ProbabilityInput(TransformerMixin):
    """Learns from rows whose values are taken as probabilities; refuses a negative one."""

    def _read(self, X: Any, *, reset: bool, **rules: Any) -> Any:
        """Return checked rows."""
        X = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], **rules)
        if X.min() < 0:
            raise ValueError(
                f"Negative values in data passed to X in {type(self).__name__}: values are taken "
                f"as probabilities, got {X.min():g}; scale them with MinMaxScaler first."
            )
        return X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def mask_like(X: np.ndarray, mask: Any, owner: str) -> np.ndarray:
    """Return where values are missing, for every row. Shape: that of ``X``.

    >>> mask_like(np.zeros((2, 3)), [False, False, True], "rbm_inpaint")
    array([[False, False,  True],
           [False, False,  True]])
    """
    mask = np.asarray(mask, dtype=bool)
    if mask.shape not in (X.shape, X.shape[1:]):
        raise ValueError(
            f"{owner}: mask must have the shape of X, {X.shape}, or of one row, got {mask.shape}."
        )
    return np.broadcast_to(mask, X.shape)
