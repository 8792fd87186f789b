"""``FlattenImages``: one row of pixels per image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags, gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.params import Choice, check_params, domains_of, estimator, param

_BATCH = 4096  # rows whose float64 copy is in memory at a time


@estimator
class FlattenImages(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """One row of pixels per image, all pixels on one common scale.

    A scale per pixel would blow up the noise at the border, where nearly all images are alike.

    {parameters}

    Attributes
    ----------
    offset_, scale_ : float
        ``(X - offset_) / scale_`` is what comes out.
    n_features_in_ : int
        Pixels of one image times channels.

    Examples
    --------
    >>> X = np.array([[[0, 128], [255, 0]]], dtype=np.uint8)
    >>> FlattenImages(scaling="minmax").fit_transform(X).round(2)
    array([[0. , 0.5, 1. , 0. ]], dtype=float32)
    """

    scaling: str | None = param(
        default=None,
        domain=Choice(options=("standard", "minmax"), none=True),
        doc="'standard' for zero mean and unit variance over all pixels, 'minmax' for values in "
        "[0, 1], None for the pixels as they are.",
    )

    def fit(self, X: Any, y: Any = None) -> FlattenImages:
        """Learn offset and scale.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, p)
            Images, or rows of pixels.
        y : ignored
            Not used.

        Returns
        -------
        FlattenImages
            Itself.
        """
        check_params(self, domains_of(FlattenImages))
        X = validate_data(self, _as_rows(X), ensure_all_finite=True)
        self.offset_, self.scale_ = _SCALINGS[self.scaling](X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Flatten and scale.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, p)
            Images of the size seen in ``fit``.

        Returns
        -------
        ndarray of shape (n, p)
            float32, or for ``scaling=None`` the pixels in their own type.
        """
        check_is_fitted(self)
        X = validate_data(self, _as_rows(X), reset=False)
        if self.scaling is None:
            return X
        rows = np.subtract(X, self.offset_, dtype=np.float32, casting="same_kind")
        rows /= np.float32(self.scale_)
        # pixels beyond the range seen in fit would leave [0, 1], where some models cannot follow
        return np.clip(rows, 0, 1, out=rows) if self.scaling == "minmax" else rows

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _as_rows(X: Any) -> Any:
    """Return images as rows of pixels, a view where possible; anything else as it came."""
    return X.reshape(len(X), -1) if getattr(X, "ndim", 2) > 2 else X


def _mean_and_deviation(X: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation over all pixels without a float copy of all images."""
    mean = float(X.mean(dtype=np.float64))
    squares = 0.0
    for batch in gen_batches(len(X), _BATCH):
        deviations = X[batch] - mean
        squares += float(np.vdot(deviations, deviations))
    return mean, float(np.sqrt(squares / X.size)) or 1.0


def _minimum_and_range(X: np.ndarray) -> tuple[float, float]:
    """Return the least value and the width of the range."""
    low, high = float(X.min()), float(X.max())
    return low, (high - low) or 1.0


_SCALINGS: dict[str | None, Callable[[np.ndarray], tuple[float, float]]] = {
    "standard": _mean_and_deviation,
    "minmax": _minimum_and_range,
    None: lambda X: (0.0, 1.0),
}
