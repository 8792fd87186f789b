"""Densely connected networks."""

from __future__ import annotations

from torch import Tensor, cat, nn

from estimators.deep._base import DeepClassifier, ImageInput
from estimators.deep._convolutions import (
    FewerDownsamplings,
    conv_norm,
    downsamplings,
    image_stem,
    pooled_head,
)
from estimators.params import Choice, Int, domains_of, estimator, param
from estimators.spec import Spec

# depth: layers per dense block, table 1 of the paper
_BLOCKS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32)}
_BOTTLENECK = 4  # maps of the 1x1 convolution, in units of the growth rate
_COMPRESSION = 2  # a transition keeps one map in two


class DenseLayer(nn.Module):
    """Norm, ReLU, 1x1 and norm, ReLU, 3x3 convolution; its output is appended to its input.

    Shape: ``(b, d, h, w)`` -> ``(b, d + growth, h, w)``.

    >>> import torch
    >>> DenseLayer(8, growth=4)(torch.zeros(2, 8, 6, 6)).shape
    torch.Size([2, 12, 6, 6])
    """

    def __init__(self, d: int, growth: int) -> None:
        super().__init__()
        relu = nn.ReLU(inplace=True)
        bottleneck = conv_norm(d, _BOTTLENECK * growth, 1)
        last = conv_norm(_BOTTLENECK * growth, growth, 3)[0]
        self.layers = nn.Sequential(nn.BatchNorm2d(d), relu, *bottleneck, relu, last)

    def forward(self, x: Tensor) -> Tensor:
        return cat([x, self.layers(x)], dim=1)


def transition(d: int, stride: int) -> list[nn.Module]:
    """Return what stands between two dense blocks: half the maps, and half the size at stride 2."""
    conv = conv_norm(d, d // _COMPRESSION, 1)[0]
    pool = [nn.AvgPool2d(2, ceil_mode=True)] if stride == 2 else []
    return [nn.BatchNorm2d(d), nn.ReLU(inplace=True), conv, *pool]


def densenet(
    shape: tuple[int, int, int],
    n_outputs: int,
    depth: int = 121,
    growth: int = 32,
    dropout: float = 0.0,
    min_map_size: int = 4,
) -> nn.Module:
    """Return the network for images of ``shape = (c, h, w)``.

    >>> sum(p.numel() for p in densenet((3, 224, 224), 1000).parameters())
    7978856
    """
    strides = downsamplings(shape, 5, min_map_size)
    d = 2 * growth
    layers = image_stem(shape, d, strides)
    for block, n_layers in enumerate(_BLOCKS[depth]):
        if block > 0:
            layers += transition(d, strides[block + 1])
            d //= _COMPRESSION
        layers += [DenseLayer(d + i * growth, growth) for i in range(n_layers)]
        d += n_layers * growth
    layers += [nn.BatchNorm2d(d), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, *pooled_head(d, n_outputs, dropout))


@estimator
class DenseNetClassifier(FewerDownsamplings, ImageInput, DeepClassifier):
    """Densely connected network.

    Every layer of a block sees the maps of all layers before it and adds ``growth`` of its own.

    {parameters}

    {attributes}

    Notes
    -----
    Deviations from the paper: ``dropout`` stands before the last layer only, and images too small
    for all five downsamplings do without the first ones (``min_map_size``).

    References
    ----------
    .. [1] G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, "Densely connected convolutional
       networks", CVPR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import DenseNetClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = DenseNetClassifier(growth=4, max_epochs=1, image_shape=(8, 8, 1), random_state=0)
    >>> net.fit(X[:64], y[:64]).predict_proba(X[64:66]).shape
    (2, 10)
    """

    depth: int = param(
        default=121, domain=Choice((121, 169)), doc="Number of layers with weights, 121 or 169."
    )
    growth: int = param(
        default=32,
        domain=Int(1, search=(8, 32)),
        doc="Maps that a layer adds; the first layer has twice as many.",
    )

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        return densenet(shape, n_outputs, self.depth, self.growth, self.dropout, self.min_map_size)


SPEC = Spec(
    title="densely connected network",
    summary="Layers that see all maps before them; few weights, much memory.",
    tasks={"classification": DenseNetClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(DenseNetClassifier),
    fast={
        "growth": 4,
        "min_map_size": 1,
        "max_epochs": 8,
        "batch_size": 32,
        "lr": 0.01,
        "precision": "float32",
        "random_state": 0,
    },
    reference="Huang et al., Densely connected convolutional networks (CVPR 2017)",
)
