"""A plain convolutional network of one's own making."""

from __future__ import annotations

from torch import nn

from estimators.deep._base import DeepClassifier, ImageInput
from estimators.deep._layers import ACTIVATIONS, Dropout, dense
from estimators.deep._params import shared
from estimators.params import (
    AnyOf,
    Bool,
    Choice,
    Float,
    Int,
    Sequence,
    domains_of,
    estimator,
    param,
)
from estimators.spec import Spec

POOLS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


@estimator
class CNNClassifier(ImageInput, DeepClassifier):
    """Convolutional network: stages of convolution and pooling, then a head.

    The defaults are made for small images such as digits.

    {parameters}

    {attributes}

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86 (1998).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import CNNClassifier
    >>> digits = load_digits()
    >>> cnn = CNNClassifier(max_epochs=2, random_state=0)
    >>> cnn.fit(digits.images[:1000], digits.target[:1000])
    CNNClassifier(max_epochs=2, random_state=0)
    >>> cnn.score(digits.images[1000:], digits.target[1000:]) > 0.8
    True
    """

    channels: tuple[int, ...] = param(
        default=(32, 64, 128),
        domain=Sequence(Int(1), min_length=1, search=((16, 32), (32, 64), (32, 64, 128))),
        doc="Feature maps of every stage.",
    )
    convolutions: int = param(
        default=1,
        domain=Int(1),
        doc="Convolutions in every stage.",
    )
    kernel_size: int = param(
        default=3,
        domain=AnyOf((Int(1),), search=(3, 5)),  # an even one pads unevenly, and is slow
        doc="Height and width of the convolutions.",
    )
    dilation: int = param(
        default=1,
        domain=Int(1),
        doc="Distance of the points that a convolution looks at.",
    )
    padding: str = param(
        default="same",
        domain=Choice(("same", "valid")),
        doc="Whether convolutions pad the image with zeros and keep its size, or shrink it.",
    )
    pooling: str | None = param(
        default="max",
        domain=Choice(("max", "average"), none=True),
        doc="What halves the image after every stage: 'max' or 'average' pooling, or None: nothing "
        "does.",
    )
    batch_norm: bool = param(
        default=True,
        domain=Bool(),
        doc="Whether batch normalisation stands before every activation.",
    )
    activation: str = param(
        default="relu",
        domain=Choice(tuple(ACTIVATIONS)),
        doc="Activation of the hidden units: 'relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'tanh', "
        "'sigmoid' or 'identity'.",
    )
    head: str | tuple[int, ...] = param(
        default="gap",
        domain=AnyOf((Choice(("gap",)), Sequence(Int(1)))),
        doc="What stands between the stages and the outputs: 'gap' averages every map over the "
        "image; a tuple gives the units of dense layers over all pixels, () is none.",
    )
    dropout: float = shared("dropout", default=0.0, search=(0.0, 0.5))
    input_dropout: float = param(
        default=0.0,
        domain=Float(0, 1, open_high=True),
        doc="Share of the pixels left out at random in training.",
    )

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        channels, *size = shape
        layers: list[nn.Module] = [Dropout(self.input_dropout)] if self.input_dropout else []
        for maps in self.channels:
            for i in range(self.convolutions):
                layers.append(self._convolution(channels, maps))
                channels, size = maps, self._size_after(size)
                if self.pooling and i == self.convolutions - 1 and max(size) > 1:
                    # before norm and activation, with which 'max' commutes: four times cheaper
                    window = (min(2, size[0]), min(2, size[1]))
                    layers.append(POOLS[self.pooling](window))
                    size = [size[0] // window[0], size[1] // window[1]]
                layers += [nn.BatchNorm2d(maps)] if self.batch_norm else []
                layers.append(ACTIVATIONS[self.activation]())
            if self.dropout:
                layers.append(Dropout(self.dropout))
        return nn.Sequential(*layers, *self._head(channels, size, n_outputs))

    def _convolution(self, channels: int, maps: int) -> nn.Module:
        return nn.Conv2d(
            channels,
            maps,
            self.kernel_size,
            padding=self.padding,
            dilation=self.dilation,
            bias=not self.batch_norm,
        )

    def _size_after(self, size: list[int]) -> list[int]:
        """Return height and width after a convolution."""
        if self.padding == "same":
            return size
        size = [length - self.dilation * (self.kernel_size - 1) for length in size]
        if min(size) < 1:
            raise ValueError(
                f"{type(self).__name__}: padding='valid' must leave a pixel after every stage; "
                f"padding='same', fewer channels or a smaller kernel_size do, got "
                f"channels={self.channels!r}, kernel_size={self.kernel_size!r}."
            )
        return size

    def _head(self, channels: int, size: list[int], n_outputs: int) -> list[nn.Module]:
        if self.head == "gap":
            pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            return [*pool, nn.Linear(channels, n_outputs)]
        sizes = (channels * size[0] * size[1], *self.head)
        hidden = dense(sizes, self.activation, drop=self.dropout)
        return [nn.Flatten(), *hidden, nn.Linear(sizes[-1], n_outputs)]


SPEC = Spec(
    title="convolutional network",
    summary="Stages of convolution and pooling; the first net to try on images.",
    tasks={"classification": CNNClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(CNNClassifier),
    fast={"max_epochs": 20, "channels": (16, 32), "lr": 0.01, "random_state": 0},
    reference="Y. LeCun et al., Gradient-based learning applied to document recognition (1998)",
)
