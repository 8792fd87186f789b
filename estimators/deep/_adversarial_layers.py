"""The layers of generators and discriminators."""

from __future__ import annotations

import math

from torch import Tensor, cat, nn

from estimators.deep._layers import dense

SMALLEST = 4  # side of an image that can be halved twice


def dense_generator(d_code: int, shape: tuple[int, ...], width: int) -> nn.Sequential:
    """Return a net from codes ``(b, d_code)`` to rows of ``shape`` in [-1, 1]."""
    hidden = dense((d_code, 4 * width, 8 * width), "relu", batch_norm=True)
    last = nn.Linear(8 * width, math.prod(shape))
    return nn.Sequential(*hidden, last, nn.Tanh(), nn.Unflatten(1, shape))


def dense_discriminator(shape: tuple[int, ...], width: int) -> nn.Sequential:
    """Return a net from rows of ``shape`` to one number, higher for real ones."""
    hidden = dense((math.prod(shape), 8 * width, 4 * width), "leaky_relu")
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(4 * width, 1), nn.Flatten(0))


def conv_generator(d_code: int, shape: tuple[int, ...], width: int) -> nn.Sequential:
    """Return a net from codes to images ``(c, h, w)``: a small map, doubled twice."""
    channels, height, width_in_pixels = shape
    small = (4 * width, math.ceil(height / 4), math.ceil(width_in_pixels / 4))
    return nn.Sequential(
        nn.Linear(d_code, math.prod(small), bias=False),
        nn.Unflatten(1, small),
        nn.BatchNorm2d(small[0]),
        nn.ReLU(),
        nn.ConvTranspose2d(small[0], 2 * width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, channels, 4, 2, 1),
        Crop(height, width_in_pixels),
        nn.Tanh(),
    )


def conv_discriminator(shape: tuple[int, ...], width: int) -> nn.Sequential:
    """Return a net from images ``(c, h, w)`` to one number: two convolutions that halve them."""
    channels, height, width_in_pixels = shape
    return nn.Sequential(
        nn.Conv2d(channels, 2 * width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        BatchSpread(),
        nn.Flatten(),
        nn.Linear((4 * width + 1) * (height // 4) * (width_in_pixels // 4), 1),
        nn.Flatten(0),
    )


class Crop(nn.Module):
    """The upper left part of a map. Shape: ``(b, c, H, W)`` -> ``(b, c, h, w)``.

    >>> import torch
    >>> Crop(5, 6)(torch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 3, 5, 6])
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : self.height, : self.width]


class BatchSpread(nn.Module):
    """Append a map that holds how far the batch spreads: copies of one row give themselves away.

    Shape: ``(b, c, h, w)`` -> ``(b, c + 1, h, w)``.

    >>> import torch
    >>> BatchSpread()(torch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 4, 4, 4])
    """

    def forward(self, x: Tensor) -> Tensor:
        spread = (x.float().var(dim=0, correction=0) + 1e-8).sqrt().mean().to(x.dtype)
        return cat([x, spread.expand(len(x), 1, *x.shape[2:])], dim=1)


def nets(
    architecture: str, d_code: int, shape: tuple[int, ...], width: int
) -> tuple[nn.Module, nn.Module]:
    """Return an untrained generator and discriminator of rows ``(c, h, w)``."""
    if architecture == "conv":
        return conv_generator(d_code, shape, width), conv_discriminator(shape, width)
    return dense_generator(d_code, shape, width), dense_discriminator(shape, width)
