"""Random changes of whole batches, on the device, before the net sees them.

Images are ``(b, h, w, c)`` in the type in which they are stored (uint8 stays uint8), rows
``(b, p)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

NEEDS_IMAGES = ("flip", "shift", "crop", "cutout")


def as_names(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return None, one name or several names as a tuple.

    >>> as_names(None), as_names("flip"), as_names(["flip", "crop"])
    ((), ('flip',), ('flip', 'crop'))
    """
    if names is None:
        return ()
    return (names,) if isinstance(names, str) else tuple(names)


def check_names(names: str | Sequence[str] | None, n_axes: int, parameter: str, owner: str) -> None:
    """Raise a ValueError if a name changes images and the rows of X are none."""
    if n_axes != 3 and set(NEEDS_IMAGES) & set(as_names(names)):
        raise ValueError(
            f"{owner}: {parameter} must name no change of images {NEEDS_IMAGES} where the rows of "
            f"X are vectors, got {parameter}={names!r}."
        )


def move(X: Tensor, names: tuple[str, ...]) -> Tensor:
    """Mirror and displace every image at random: 'flip', 'shift' and 'crop' in one gather.

    Shape: ``(b, h, w, c)`` -> ``(b, h, w, c)``.
    """
    b, h, w = X.shape[:3]
    rows = torch.arange(h, device=X.device).expand(b, h)
    columns = torch.arange(w, device=X.device).expand(b, w)
    if "flip" in names:
        mirrored = torch.rand(b, 1, device=X.device) < 0.5
        columns = torch.where(mirrored, w - 1 - columns, columns)
    if "shift" in names:
        rows = (rows + _offsets(b, h // 12, X)).clamp_(0, h - 1)
        columns = (columns + _offsets(b, w // 12, X)).clamp_(0, w - 1)
    if "crop" in names:
        rows = _mirror(rows + _offsets(b, h // 8, X), h)
        columns = _mirror(columns + _offsets(b, w // 8, X), w)
    image = torch.arange(b, device=X.device)[:, None, None]
    return X[image, rows[:, :, None], columns[:, None, :]]


def cut_out(X: Tensor) -> Tensor:
    """Replace a square of half the width, at a random place, by the batch's mean colour.

    Shape: ``(b, h, w, c)`` -> ``(b, h, w, c)``.
    """
    b, h, w = X.shape[:3]
    half = max(1, min(h, w) // 4)
    in_rows = _near(torch.randint(h, (b, 1), device=X.device), h, half)
    in_columns = _near(torch.randint(w, (b, 1), device=X.device), w, half)
    hidden = (in_rows[:, :, None] & in_columns[:, None, :])[..., None]
    mean = X.float().mean((0, 1, 2)).to(X.dtype)
    return torch.where(hidden, mean, X)


@dataclass(frozen=True)
class Mixture:
    """Which row each row of a batch is mixed with, and how much of itself is left."""

    partner: Tensor
    share: float

    @classmethod
    def draw(cls, n_rows: int, device: torch.device) -> Mixture:
        """Draw partners, and a share from Beta(0.2, 0.2) as in H. Zhang et al., mixup (2018)."""
        seed = int(torch.randint(2**31, ()).item())
        share = np.random.RandomState(seed).beta(0.2, 0.2)
        return cls(torch.randperm(n_rows, device=device), float(share))

    def mix(self, X: Tensor) -> Tensor:
        """Return the mixtures of the rows of ``X``, as float32."""
        X = X.float()
        return torch.lerp(X[self.partner], X, self.share)


@dataclass(frozen=True)
class Augmentation:
    """What is changed at random in every training batch."""

    names: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.names)

    def __call__(self, X: Tensor) -> tuple[Tensor, Mixture | None]:
        """Return the changed batch, and with whom each row was mixed."""
        if {"flip", "shift", "crop"} & set(self.names):
            X = move(X, self.names)
        if "cutout" in self.names:
            X = cut_out(X)
        if "mixup" not in self.names:
            return X, None
        mixture = Mixture.draw(len(X), X.device)
        return mixture.mix(X), mixture


def views(X: Tensor, names: tuple[str, ...]) -> list[Tensor]:
    """Return the views of images over which test-time augmentation averages, itself first."""
    found = [X]
    if "shift" in names:
        found += [_rolled(X, axis, by) for axis in (1, 2) for by in (-1, 1)]
    if "flip" in names:
        found += [view.flip(2) for view in found]
    return found


def _offsets(b: int, largest: int, X: Tensor) -> Tensor:
    """Return one random whole number in [-largest, largest] per image, at least one pixel."""
    largest = max(1, largest)
    return torch.randint(-largest, largest + 1, (b, 1), device=X.device)


def _mirror(index: Tensor, size: int) -> Tensor:
    """Reflect indices that lie outside [0, size) at the edges."""
    index = index.abs()
    return torch.where(index >= size, 2 * (size - 1) - index, index).clamp_(0, size - 1)


def _near(center: Tensor, size: int, half: int) -> Tensor:
    return (torch.arange(size, device=center.device) - center + 0.5).abs() < half


def _rolled(X: Tensor, axis: int, by: int) -> Tensor:
    """Displace images by one pixel along an axis, the edge repeated."""
    size = X.shape[axis]
    index = (torch.arange(size, device=X.device) + by).clamp_(0, size - 1)
    return X.index_select(axis, index)
