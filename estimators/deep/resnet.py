"""Residual networks."""

from __future__ import annotations

from torch import Tensor, nn

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

# depth: (blocks are bottlenecks, blocks per stage), table 1 of the paper
_STAGES = {18: (False, (2, 2, 2, 2)), 34: (False, (3, 4, 6, 3)), 50: (True, (3, 4, 6, 3))}


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, or a 1x1-3x3-1x1 bottleneck, added to the input.

    Shape: ``(b, d_in, h, w)`` -> ``(b, d_out, h / stride, w / stride)``.

    >>> import torch
    >>> ResidualBlock(8, 16, stride=2, bottleneck=False)(torch.zeros(2, 8, 6, 6)).shape
    torch.Size([2, 16, 3, 3])
    """

    def __init__(self, d_in: int, d_out: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        relu = nn.ReLU(inplace=True)
        if bottleneck:
            d = d_out // 4
            first, middle = conv_norm(d_in, d, 1), conv_norm(d, d, 3, stride)
            before: tuple[nn.Module, ...] = (*first, relu, *middle)
            conv, norm = conv_norm(d, d_out, 1)
        else:
            before = conv_norm(d_in, d_out, 3, stride)
            conv, norm = conv_norm(d_out, d_out, 3)
        nn.init.zeros_(norm.weight)  # a block starts as the identity
        self.residual = nn.Sequential(*before, relu, conv, norm)
        same = d_in == d_out and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(d_in, d_out, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.shortcut(x) + self.residual(x))


def resnet(
    shape: tuple[int, int, int],
    n_outputs: int,
    depth: int = 18,
    width: int = 64,
    dropout: float = 0.0,
    min_map_size: int = 4,
) -> nn.Module:
    """Return the network for images of ``shape = (c, h, w)``.

    >>> sum(p.numel() for p in resnet((3, 224, 224), 1000).parameters())
    11689512
    """
    bottleneck, n_blocks = _STAGES[depth]
    strides = downsamplings(shape, 5, min_map_size)
    blocks: list[nn.Module] = []
    d = width
    for stage, n in enumerate(n_blocks):
        d_out = width * 2**stage * (4 if bottleneck else 1)
        for i in range(n):
            stride = strides[stage + 1] if stage > 0 and i == 0 else 1
            blocks.append(ResidualBlock(d, d_out, stride, bottleneck))
            d = d_out
    stem = image_stem(shape, width, strides)
    return nn.Sequential(*stem, *blocks, *pooled_head(d, n_outputs, dropout))


@estimator
class ResNetClassifier(FewerDownsamplings, ImageInput, DeepClassifier):
    """Residual network.

    Blocks of convolutions are added to their input, so that the gradient reaches every layer. With
    ``depth`` 18 or 34 a block is two 3x3 convolutions, with 50 a bottleneck.

    {parameters}

    {attributes}

    Notes
    -----
    Deviations from the paper: the stride of a bottleneck sits on its 3x3 convolution, the last
    batch norm of a block starts at zero [2]_, shortcuts that change the width are projections, and
    images too small for all five downsamplings do without the first ones (``min_map_size``).

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR
       2016.
    .. [2] P. Goyal et al., "Accurate, large minibatch SGD", 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import ResNetClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = ResNetClassifier(width=8, max_epochs=3, image_shape=(8, 8, 1), random_state=0)
    >>> net.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.8
    True
    """

    depth: int = param(
        default=18,
        domain=Choice((18, 34, 50), search=(18, 34)),
        doc="Number of layers with weights, 18, 34 or 50.",
    )
    width: int = param(
        default=64,
        domain=Int(1),
        doc="Maps after the first layer; each stage has twice as many as the one before.",
    )

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        return resnet(shape, n_outputs, self.depth, self.width, self.dropout, self.min_map_size)


SPEC = Spec(
    title="residual network",
    summary="Blocks that add to their input; the sound first choice among deep image models.",
    tasks={"classification": ResNetClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(ResNetClassifier),
    fast={
        "width": 4,
        "min_map_size": 1,
        "max_epochs": 6,
        "lr": 0.01,
        "precision": "float32",
        "random_state": 0,
    },
    reference="He et al., Deep residual learning for image recognition (CVPR 2016)",
)
