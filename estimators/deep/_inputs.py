"""What the rows of X are: vectors or images (texts: ``_text``), checked and brought into form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils.validation import validate_data
from torch import Tensor, nn

from estimators.params import Int, Sequence, estimator, param

PAD, UNKNOWN, FIRST = 0, 1, 2  # numbers of the tokens that stand for no word
N_ROWS_TO_SCALE = 4_096  # images from which mean and spread of the channels are taken
AT_ONCE = 2**20  # numbers of them in memory: the images may lie in a file


class VectorInput:
    """Mixin for estimators whose rows are vectors of numbers."""

    ATTRIBUTES: ClassVar = {"n_features_in_": ("int", "Number of features.")}

    def _read(self, X: Any, *y: Any, reset: bool, **rules: Any) -> Any:
        """Return checked rows of shape (n, p), float32; with ``y`` if it is given."""
        return validate_data(self, X, *y, reset=reset, dtype=np.float32, **rules)

    def _shape_of(self, X: np.ndarray) -> tuple[int, ...]:
        """Return the shape in which the module sees a row."""
        return X.shape[1:]

    def _input_layer(self, shape: tuple[int, ...]) -> nn.Module:
        return nn.Identity()


@estimator
class ImageInput:
    """Mixin for estimators whose rows are images."""

    ATTRIBUTES: ClassVar = {
        "n_features_in_": ("int", "Number of features; of an image, pixels times channels.")
    }

    image_shape: tuple[int, ...] | None = param(
        default=None,
        domain=Sequence(Int(1), length=3, none=True),
        doc="Height, width and channels of the images where X is 2-D. None takes such rows as "
        "images of one row of pixels; 3-D and 4-D X bring their shape along.",
    )

    def _read(self, X: Any, *y: Any, reset: bool, **rules: Any) -> Any:
        """Return checked images (n, h, w, c), uint8 or float32, with ``y`` if it is given."""
        brought = None
        if getattr(X, "ndim", 2) > 2:
            X, brought = self._flat(np.asarray(X))
        read = validate_data(self, X, *y, reset=reset, dtype=[np.float32, np.uint8], **rules)
        X, *targets = read if y else (read,)
        if reset:
            self._image_shape = brought or self._shape_of_rows(X.shape[1])
        X = X.reshape(len(X), *self._image_shape)
        return (X, *targets) if y else X

    def _flat(self, X: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
        """Return images as rows, on the same memory, and their shape (h, w, c)."""
        if X.ndim > 4:
            raise ValueError(
                f"{type(self).__name__}: X must be (n, h, w), (n, h, w, c) or 2-D with "
                f"image_shape, got an array of shape {X.shape}."
            )
        shape = (*X.shape[1:], 1)[:3]
        return X.reshape(len(X), math.prod(shape)), shape

    def _shape_of_rows(self, n_features: int) -> tuple[int, ...]:
        if self.image_shape is None:
            return (1, n_features, 1)
        if math.prod(self.image_shape) != n_features:
            raise ValueError(
                f"{type(self).__name__}: image_shape must hold as many numbers as a row of X, got "
                f"image_shape={self.image_shape!r} for rows of {n_features}."
            )
        return tuple(self.image_shape)

    def _shape_of(self, X: np.ndarray) -> tuple[int, ...]:
        """Return the shape in which the module sees an image, (c, h, w)."""
        h, w, c = X.shape[1:]
        return (c, h, w)

    def _input_layer(self, shape: tuple[int, ...]) -> nn.Module:
        return ImageScaling(shape[0])


class ImageScaling(nn.Module):
    """Stored images as the layers want them: channels first, zero mean and unit variance.

    The memory stays as it is, which torch calls channels last. Shape: ``(b, h, w, c)`` of any
    type -> ``(b, c, h, w)`` of float32.

    >>> ImageScaling(3)(torch.zeros(2, 8, 8, 3, dtype=torch.uint8)).shape
    torch.Size([2, 3, 8, 8])
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_channels))
        self.register_buffer("scale", torch.ones(n_channels))

    def adapt(self, X: Tensor, index: Tensor) -> None:
        """Take mean and spread of every channel from the rows ``index``."""
        index = index[:: math.ceil(len(index) / N_ROWS_TO_SCALE)].to(X.device)
        parts = index.split(max(1, AT_ONCE // X[0].numel()))
        # one block for all parts: of new ones for each, the C library may reuse none
        block = X.new_empty((len(parts[0]), *X.shape[1:]), dtype=torch.float64)

        def mean_of(function: Callable[[Tensor], Tensor]) -> Tensor:
            sums = block.new_zeros(X.shape[3])
            for part in parts:
                pixels = block[: len(part)].copy_(X.index_select(0, part))
                sums += function(pixels.flatten(0, 2)).sum(0)
            return sums * X.shape[3] / (len(index) * X[0].numel())

        mean = mean_of(lambda pixels: pixels)
        variance = mean_of(lambda pixels: pixels.sub_(mean).square_())
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(variance > 0, variance.rsqrt(), 1.0))

    def forward(self, x: Tensor) -> Tensor:
        return ((x.float() - self.mean) * self.scale).permute(0, 3, 1, 2)


class KnownTokens(nn.Module):
    """Tokens as the layers want them: such as the training rows do not hold become the unknown one.

    Shape: ``(b, t)`` -> ``(b, t)``.

    >>> KnownTokens(5)(torch.tensor([[2, 4, 3, 0]], dtype=torch.int32))
    tensor([[2, 4, 3, 0]])
    """

    meaning: Tensor

    def __init__(self, n_tokens: int) -> None:
        super().__init__()
        self.register_buffer("meaning", torch.arange(n_tokens))

    def adapt(self, X: Tensor, index: Tensor) -> None:
        """Find out which tokens the rows ``index`` hold."""
        counts = (
            X.index_select(0, index.to(X.device)).flatten().bincount(minlength=len(self.meaning))
        )
        unseen = counts.cpu() == 0
        unseen[: FIRST + 1] = False
        self.meaning[unseen] = UNKNOWN

    def forward(self, x: Tensor) -> Tensor:
        return self.meaning[x]
