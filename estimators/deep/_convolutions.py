"""Convolutional pieces that two or more image models use."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from estimators.deep._layers import Dropout
from estimators.params import Int, estimator, param


@estimator
class FewerDownsamplings:
    """Mixin for networks that leave out downsamplings on small images."""

    min_map_size: int = param(
        default=4,
        domain=Int(1),
        doc="Smallest width of the last feature map in pixels; the first downsamplings are left "
        "out until it is reached. A smaller one makes the network faster on small images.",
    )


class GroupedConv2d(nn.Conv2d):
    """A convolution of groups of maps, in float32 where bfloat16 is the slower format.

    That is on a processor, for wide or strided filters, whose gradients take some five times as
    long in bfloat16. Shape: as ``Conv2d``; same format in and out.

    >>> x = torch.zeros(2, 8, 6, 6, dtype=torch.bfloat16)
    >>> with torch.autocast("cpu", torch.bfloat16):
    ...     GroupedConv2d(8, 8, 5, stride=2, padding=2, groups=8)(x).dtype
    torch.bfloat16
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or (self.kernel_size[0] <= 3 and self.stride[0] == 1):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


def conv_norm(
    d_in: int, d_out: int, kernel_size: int, stride: int = 1, groups: int = 1, eps: float = 1e-5
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Return a convolution that keeps the size (at stride 1), without bias, and its batch norm."""
    padding = kernel_size // 2
    convolution = nn.Conv2d if groups == 1 else GroupedConv2d
    conv = convolution(d_in, d_out, kernel_size, stride, padding, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv, nn.BatchNorm2d(d_out, eps=eps)


def downsamplings(shape: tuple[int, int, int], n: int, min_map_size: int) -> list[int]:
    """Return the strides of ``n`` downsampling places, 2 or 1, for an image ``(c, h, w)``.

    Networks for photographs of 224x224 halve the image five times, which leaves nothing of a small
    one. The first places are left out until the last feature map is at least ``min_map_size`` wide;
    on 32x32 images this is the customary "CIFAR stem".

    >>> downsamplings((3, 224, 224), 5, 4), downsamplings((3, 32, 32), 5, 4)
    ([2, 2, 2, 2, 2], [1, 1, 2, 2, 2])
    """
    size = min(shape[1:])
    n_halved = sum(math.ceil(size / 2**i) >= min_map_size for i in range(1, n + 1))
    return [1] * (n - n_halved) + [2] * n_halved


def image_stem(shape: tuple[int, int, int], d_out: int, strides: list[int]) -> list[nn.Module]:
    """Return the first layers of ResNet and DenseNet: 7x7 and max pooling, 3x3 on small images."""
    kernel_size = 7 if strides[0] == 2 else 3
    pool = [nn.MaxPool2d(3, 2, padding=1)] if strides[1] == 2 else []
    conv = conv_norm(shape[0], d_out, kernel_size, strides[0])
    return [*conv, nn.ReLU(inplace=True), *pool]


def pooled_head(d: int, n_outputs: int, dropout: float) -> list[nn.Module]:
    """Return global average pooling, dropout and the last layer."""
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return [*pool, Dropout(dropout), nn.Linear(d, n_outputs)]


class ConcatenateBranches(nn.ModuleList):
    """Run several branches on one input and concatenate their maps.

    >>> ConcatenateBranches([nn.Conv2d(2, 3, 1), nn.Identity()])(torch.zeros(1, 2, 4, 4)).shape
    torch.Size([1, 5, 4, 4])
    """

    def forward(self, x: Tensor) -> Tensor:
        """``(b, d, h, w)`` -> ``(b, sum of the branches' d, h, w)``."""
        return torch.cat([branch(x) for branch in self], dim=1)
