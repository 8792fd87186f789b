"""A small Inception network."""

from __future__ import annotations

from torch import nn

from estimators.deep._base import DeepClassifier, ImageInput
from estimators.deep._convolutions import ConcatenateBranches, conv_norm
from estimators.deep._layers import Dropout
from estimators.deep._params import shared
from estimators.params import Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec


def inception_block(d_in: int, d_out: int) -> nn.Module:
    """Return four parallel branches: 1x1; 1x1 and 3x3; 1x1 and 5x5; average pooling and 1x1.

    Half of the maps come from the 3x3 branch. Shape: ``(b, d_in, h, w)`` -> ``(b, d_out, h, w)``.

    >>> import torch
    >>> inception_block(8, 16)(torch.zeros(2, 8, 6, 6)).shape
    torch.Size([2, 16, 6, 6])
    """
    d5 = d_pool = d1 = max(1, d_out // 6)
    d3 = max(1, d_out - d1 - d5 - d_pool)
    relu = nn.ReLU(inplace=True)

    def then(d_between: int, d: int, kernel_size: int) -> nn.Module:
        reduce, norm = conv_norm(d_in, d_between, 1)
        return nn.Sequential(reduce, norm, relu, conv_norm(d_between, d, kernel_size)[0])

    pool = nn.AvgPool2d(3, stride=1, padding=1)  # after the 1x1: the same, of fewer maps
    branches = [
        conv_norm(d_in, d1, 1)[0],
        then(max(1, d3 // 2), d3, 3),
        then(max(1, d5 // 2), d5, 5),
        nn.Sequential(conv_norm(d_in, d_pool, 1)[0], pool),
    ]
    return nn.Sequential(ConcatenateBranches(branches), nn.BatchNorm2d(d_out), relu)


@estimator
class InceptionClassifier(ImageInput, DeepClassifier):
    """Inception network: blocks of parallel branches, concatenated.

    Each block sees its input at several scales; average pooling with stride 2 stands between the
    blocks, and two dense layers with dropout at the end.

    {parameters}

    {attributes}

    Notes
    -----
    The block is that of the paper (its figure 2b) with batch norm and with average instead of max
    pooling; the network of few blocks is ours, for images of 8x8 to 64x64.

    References
    ----------
    .. [1] C. Szegedy et al., "Going deeper with convolutions", CVPR 2015.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import InceptionClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = InceptionClassifier(channels=(16, 32), max_epochs=5, random_state=0)
    >>> X = X.reshape(-1, 8, 8)
    >>> net.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.8
    True
    """

    channels: tuple[int, ...] = param(
        default=(48, 96, 192),
        domain=Sequence(Int(6), min_length=1, search=((24, 48), (48, 96), (48, 96, 192))),
        doc="Maps of each block; half of them come from its 3x3 branch.",
    )
    dense_sizes: tuple[int, ...] = param(
        default=(256, 128),
        domain=Sequence(Int(1)),
        doc="Widths of the dense layers before the last one.",
    )
    dropout: float = shared("dropout", default=0.3, search=(0.0, 0.6))

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        d, h, w = shape
        layers: list[nn.Module] = []
        for d_out in self.channels:
            layers += [inception_block(d, d_out), nn.AvgPool2d(2, ceil_mode=True)]
            d, h, w = d_out, -(-h // 2), -(-w // 2)
        h, w = min(h, 4), min(w, 4)
        layers += [nn.AdaptiveAvgPool2d((h, w)), nn.Flatten()]
        d *= h * w
        for d_out in self.dense_sizes:
            layers += [nn.Linear(d, d_out), nn.ReLU(inplace=True), Dropout(self.dropout)]
            d = d_out
        return nn.Sequential(*layers, nn.Linear(d, n_outputs))


SPEC = Spec(
    title="Inception network",
    summary="Parallel branches that see an image at several scales.",
    tasks={"classification": InceptionClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(InceptionClassifier),
    fast={
        "channels": (12, 12),
        "dense_sizes": (32,),
        "dropout": 0.0,
        "max_epochs": 8,
        "lr": 0.01,
        "precision": "float32",
        "random_state": 0,
    },
    reference="Szegedy et al., Going deeper with convolutions (CVPR 2015)",
)
