"""VGG networks."""

from __future__ import annotations

from torch import nn

from estimators.deep._base import DeepClassifier, ImageInput
from estimators.deep._layers import Dropout
from estimators.deep._params import shared
from estimators.params import Bool, Choice, Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec

# depth: convolutions per stage, configurations A, B, D and E of table 1 of the paper
_STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_MAX_MAP_SIZE = 7  # pixels of the last feature map that the dense layers see


def vgg(
    shape: tuple[int, int, int],
    n_outputs: int,
    depth: int = 16,
    width: int = 64,
    dense_sizes: tuple[int, ...] = (4096, 4096),
    batch_norm: bool = True,
    dropout: float = 0.5,
) -> nn.Module:
    """Return the network for images of ``shape = (c, h, w)``.

    >>> sum(p.numel() for p in vgg((3, 224, 224), 1000, batch_norm=False).parameters())
    138357544
    """
    d, h, w = shape
    layers: list[nn.Module] = []
    for stage, n_convolutions in enumerate(_STAGES[depth]):
        d_out = width * 2 ** min(stage, 3)
        for _ in range(n_convolutions):
            conv = nn.Conv2d(d, d_out, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
            norm = [nn.BatchNorm2d(d_out)] if batch_norm else []
            layers += [conv, *norm, nn.ReLU(inplace=True)]
            d = d_out
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
        h, w = -(-h // 2), -(-w // 2)
    h, w = min(h, _MAX_MAP_SIZE), min(w, _MAX_MAP_SIZE)
    layers += [nn.AdaptiveAvgPool2d((h, w)), nn.Flatten()]
    d *= h * w
    for d_out in dense_sizes:
        layers += [nn.Linear(d, d_out), nn.ReLU(inplace=True), Dropout(dropout)]
        d = d_out
    return nn.Sequential(*layers, nn.Linear(d, n_outputs))


@estimator
class VGGClassifier(ImageInput, DeepClassifier):
    """VGG network.

    Five stages of 3x3 convolutions, each followed by max pooling, then dense layers.

    {parameters}

    {attributes}

    Notes
    -----
    Deviations from the paper: batch norm after each convolution (``batch_norm=False`` leaves it
    out; the deep ones then hardly train from scratch), one dense layer of 512 by default, since
    the maps of small images have one pixel where the paper's have 49, and pooling rounds sizes up,
    so that any image passes all five.

    References
    ----------
    .. [1] K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
       recognition", ICLR 2015.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import VGGClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = VGGClassifier(depth=11, width=8, max_epochs=5, image_shape=(8, 8, 1), random_state=0)
    >>> net.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.8
    True
    """

    depth: int = param(
        default=16,
        domain=Choice((11, 13, 16, 19), search=(11, 13, 16)),
        doc="Number of layers with weights in the paper's form: 11, 13, 16 or 19.",
    )
    width: int = param(
        default=64,
        domain=Int(1),
        doc="Maps of the first stage; they double up to eight times as many.",
    )
    dense_sizes: tuple[int, ...] = param(
        default=(512,),
        domain=Sequence(Int(1)),
        doc="Widths of the dense layers before the last one; the paper has (4096, 4096).",
    )
    batch_norm: bool = param(
        default=True, domain=Bool(), doc="Whether a batch norm follows each convolution."
    )
    dropout: float = shared("dropout", default=0.5, search=(0.0, 0.6))

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        sizes = tuple(self.dense_sizes)
        return vgg(shape, n_outputs, self.depth, self.width, sizes, self.batch_norm, self.dropout)


SPEC = Spec(
    title="VGG network",
    summary="Plain stacks of 3x3 convolutions; simple, large, and fast for its size.",
    tasks={"classification": VGGClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(VGGClassifier),
    fast={
        "depth": 11,
        "width": 4,
        "dense_sizes": (32,),
        "dropout": 0.0,
        "max_epochs": 20,
        "lr": 0.01,
        "precision": "float32",
        "random_state": 0,
    },
    reference="Simonyan and Zisserman, Very deep convolutional networks (ICLR 2015)",
)
