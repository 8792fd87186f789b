"""EfficientNets."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from estimators.deep._base import DeepClassifier, ImageInput
from estimators.deep._convolutions import FewerDownsamplings, conv_norm, downsamplings, pooled_head
from estimators.deep._params import shared
from estimators.params import Choice, Float, domains_of, estimator, param
from estimators.spec import Spec

# expansion, maps, layers, place of the downsampling (None: none), kernel size: table 1 of the paper
_STAGES = (
    (1, 16, 1, None, 3),
    (6, 24, 2, 1, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 3, 3),
    (6, 112, 3, None, 5),
    (6, 192, 4, 4, 5),
    (6, 320, 1, None, 3),
)
_NORM_MOMENTUM = 0.3  # the running means of 49 norms in a row must keep up in short trainings
_SCALES = {"b0": (1.0, 1.0), "b1": (1.0, 1.1), "b2": (1.1, 1.2), "b3": (1.2, 1.4)}  # width, depth


def _round_maps(d: float) -> int:
    """Round to a multiple of eight, by less than a tenth downwards."""
    rounded = max(8, int(d + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * d else rounded + 8


class SqueezeExcite(nn.Module):
    """Weigh each map by a gate computed from the means of all maps. Shape: same in, same out.

    >>> SqueezeExcite(8, d_squeezed=2)(torch.zeros(2, 8, 6, 6)).shape
    torch.Size([2, 8, 6, 6])
    """

    def __init__(self, d: int, d_squeezed: int) -> None:
        super().__init__()
        down, up = nn.Conv2d(d, d_squeezed, 1), nn.Conv2d(d_squeezed, d, 1)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), down, nn.SiLU(), up, nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter each map, squeeze-excite, project by 1x1 (MBConv of the paper).

    Where the shape stays, the input is added, and in training the block is left out for a share
    ``drop`` of the images (stochastic depth).
    Shape: ``(b, d_in, h, w)`` -> ``(b, d_out, h / stride, w / stride)``.

    >>> InvertedResidual(8, 16, 6, kernel_size=3, stride=2, drop=0)(torch.zeros(2, 8, 6, 6)).shape
    torch.Size([2, 16, 3, 3])
    """

    def __init__(
        self, d_in: int, d_out: int, expansion: int, kernel_size: int, stride: int, drop: float
    ) -> None:
        super().__init__()
        d = d_in * expansion
        expand = [*conv_norm(d_in, d, 1), nn.SiLU(inplace=True)] if expansion > 1 else []
        filters = [*conv_norm(d, d, kernel_size, stride, groups=d), nn.SiLU(inplace=True)]
        gate = SqueezeExcite(d, max(1, d_in // 4))
        self.layers = nn.Sequential(*expand, *filters, gate, *conv_norm(d, d_out, 1))
        self.adds_input, self.drop = stride == 1 and d_in == d_out, drop

    def forward(self, x: Tensor) -> Tensor:
        out = self.layers(x)
        if not self.adds_input:
            return out
        if self.training and self.drop > 0:
            kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.drop
            out = out * (kept / (1 - self.drop)).to(out.dtype)
        return x + out


def efficientnet(
    shape: tuple[int, int, int],
    n_outputs: int,
    variant: str = "b0",
    dropout: float = 0.2,
    stochastic_depth: float = 0.2,
    min_map_size: int = 4,
) -> nn.Module:
    """Return the network for images of ``shape = (c, h, w)``.

    >>> sum(p.numel() for p in efficientnet((3, 224, 224), 1000).parameters())
    5288548
    """
    width, depth = _SCALES[variant]
    strides = downsamplings(shape, 5, min_map_size)
    d = _round_maps(32 * width)
    layers = [*conv_norm(shape[0], d, 3, strides[0]), nn.SiLU(inplace=True)]
    n_layers = [math.ceil(n * depth) for _, _, n, _, _ in _STAGES]
    done = 0
    for (expansion, maps, _, place, kernel_size), n in zip(_STAGES, n_layers, strict=True):
        d_out = _round_maps(maps * width)
        for i in range(n):
            stride = strides[place] if place is not None and i == 0 else 1
            drop = stochastic_depth * done / sum(n_layers)
            layers.append(InvertedResidual(d, d_out, expansion, kernel_size, stride, drop))
            d, done = d_out, done + 1
    layers += [*conv_norm(d, 4 * d, 1), nn.SiLU(inplace=True)]
    for layer in nn.Sequential(*layers).modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = _NORM_MOMENTUM
    return nn.Sequential(*layers, *pooled_head(4 * d, n_outputs, dropout))


@estimator
class EfficientNetClassifier(FewerDownsamplings, ImageInput, DeepClassifier):
    """EfficientNet.

    Inverted residual blocks with depthwise convolutions and squeeze-excitation; the variants scale
    width and depth together.

    {parameters}

    {attributes}

    Notes
    -----
    Deviations from the paper: images keep their size (the paper scales it with the variant), and
    those too small for all five downsamplings do without the first ones (``min_map_size``).

    References
    ----------
    .. [1] M. Tan, Q. Le, "EfficientNet: Rethinking model scaling for convolutional neural
       networks", ICML 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import EfficientNetClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = EfficientNetClassifier(max_epochs=1, image_shape=(8, 8, 1), random_state=0)
    >>> net.fit(X[:100], y[:100]).predict_proba(X[100:102]).shape
    (2, 10)
    """

    variant: str = param(
        default="b0",
        domain=Choice(tuple(_SCALES), search=("b0", "b1")),
        doc="Size of the network: 'b0' to 'b3'.",
    )
    stochastic_depth: float = param(
        default=0.2,
        domain=Float(0, 1, open_high=True),
        doc="Share of images for which the last block is left out while training; it grows "
        "linearly from 0 at the first block.",
    )
    dropout: float = shared("dropout", default=0.2, search=(0.0, 0.5))

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        regularisation = (self.dropout, self.stochastic_depth)
        return efficientnet(shape, n_outputs, self.variant, *regularisation, self.min_map_size)


SPEC = Spec(
    title="EfficientNet",
    summary="Depthwise convolutions, scaled by one factor; few weights and operations.",
    tasks={"classification": EfficientNetClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(EfficientNetClassifier),
    fast={
        "min_map_size": 1,
        "max_epochs": 12,
        "batch_size": 64,
        "dropout": 0.0,
        "stochastic_depth": 0.0,
        "lr": 0.003,
        "precision": "float32",
        "random_state": 0,
    },
    reference="Tan and Le, EfficientNet (ICML 2019)",
)
