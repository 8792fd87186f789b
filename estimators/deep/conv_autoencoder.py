"""Convolutional autoencoder."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from estimators.deep._inputs import ImageInput
from estimators.deep._layers import ACTIVATIONS
from estimators.deep._reconstruction import EncoderDecoder, RangeScaling, Reconstructor
from estimators.params import Choice, Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec

Size = tuple[int, int]


def conv_sizes(size: Size, n: int) -> list[Size]:
    """Return height and width before and after each of ``n`` convolutions of stride 2.

    >>> conv_sizes((28, 28), 2)
    [(28, 28), (14, 14), (7, 7)]
    """
    return [(math.ceil(size[0] / 2**i), math.ceil(size[1] / 2**i)) for i in range(n + 1)]


def conv_encoder(channels: tuple[int, ...], kernel_size: int, activation: str) -> list[nn.Module]:
    """Return convolutions from ``channels[0]`` maps on, each of which halves the image."""
    layers: list[nn.Module] = []
    for d_in, d_out in pairwise(channels):
        convolution = nn.Conv2d(d_in, d_out, kernel_size, stride=2, padding=kernel_size // 2)
        layers += [convolution, ACTIVATIONS[activation]()]
    return layers


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution of stride 2 that hits a given size.

    >>> import torch
    >>> Doubling(4, 8, 3, (7, 5))(torch.zeros(1, 4, 4, 3)).shape
    torch.Size([1, 8, 7, 5])
    """

    def __init__(self, d_in: int, d_out: int, kernel_size: int, size: Size) -> None:
        super().__init__(
            d_in,
            d_out,
            kernel_size,
            stride=2,
            padding=kernel_size // 2,
            output_padding=((size[0] - 1) % 2, (size[1] - 1) % 2),
        )


def conv_decoder(
    channels: tuple[int, ...], kernel_size: int, activation: str, sizes: list[Size], n_out: int
) -> list[nn.Module]:
    """Return the way back through ``sizes``, from the last of them to the first.

    Each of ``channels`` gets a transposed convolution of as many maps, and a convolution of
    ``n_out`` maps ends it.
    """
    layers: list[nn.Module] = []
    wide = (channels[0], *channels)
    for (d_in, d_out), size in zip(pairwise(wide), reversed(sizes[:-1]), strict=True):
        layers += [Doubling(d_in, d_out, kernel_size, size), ACTIVATIONS[activation]()]
    return [*layers, nn.Conv2d(channels[-1], n_out, kernel_size, padding=kernel_size // 2)]


@estimator
class ConvAutoencoder(ImageInput, Reconstructor):
    """Autoencoder of convolutions.

    Convolutions of stride 2 make the image smaller; transposed ones, in reverse order, make it
    large again. Pixels are scaled to [0, 1] by their range in the training rows.

    {parameters}

    {attributes}

    References
    ----------
    J. Masci, U. Meier, D. Ciresan, J. Schmidhuber, Stacked convolutional auto-encoders for
    hierarchical feature extraction, ICANN 2011.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import ConvAutoencoder
    >>> images = load_digits().images
    >>> model = ConvAutoencoder(channels=(16,), code_size=16, random_state=0).fit(images)
    >>> model.transform(images).shape, model.inverse_transform(model.transform(images)).shape
    ((1797, 16), (1797, 8, 8))
    """

    channels: tuple[int, ...] = param(
        default=(16, 8),
        domain=Sequence(Int(1), min_length=1, search=((16,), (16, 8), (32, 16), (32, 16, 8))),
        doc="Feature maps of every convolution of the encoder; the decoder has them in reverse "
        "order.",
    )
    kernel_size: int = param(
        default=3,
        domain=Choice((3, 5, 7), search=(3, 5)),
        doc="Height and width of the convolutions: 3, 5 or 7.",
    )
    code_size: int | None = param(
        default=None,
        domain=Int(1, none=True, search=(4, 128), log=True),
        doc="Numbers of the code, between two dense layers; None takes the last feature maps "
        "themselves.",
    )
    activation: str = param(
        default="relu",
        domain=Choice(tuple(ACTIVATIONS)),
        doc="Activation of the hidden units: 'relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'tanh', "
        "'sigmoid' or 'identity'.",
    )
    output_activation: str = param(
        default="sigmoid",
        domain=Choice(tuple(ACTIVATIONS)),
        doc="Activation of the outputs, pixels in [0, 1].",
    )

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> EncoderDecoder:
        sizes = conv_sizes(shape[1:], len(self.channels))
        maps = (self.channels[-1], *sizes[-1])
        encoder = conv_encoder((shape[0], *self.channels), self.kernel_size, self.activation)
        decoder = conv_decoder(
            tuple(self.channels[::-1]), self.kernel_size, self.activation, sizes, shape[0]
        )
        encoder.append(nn.Flatten())
        decoder.insert(0, nn.Unflatten(1, maps))
        if self.code_size is not None:
            encoder.append(nn.Linear(math.prod(maps), self.code_size))
            decoder.insert(0, nn.Linear(self.code_size, math.prod(maps)))
        decoder.append(ACTIVATIONS[self.output_activation]())
        return EncoderDecoder(nn.Sequential(*encoder), nn.Sequential(*decoder), self._corruption())

    def _input_layer(self, shape: tuple[int, ...]) -> nn.Module:
        return RangeScaling(shape[0])


SPEC = Spec(
    title="convolutional autoencoder",
    summary="Learns to give normal images back through small maps; what it cannot is abnormal.",
    tasks={"anomaly": ConvAutoencoder},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(ConvAutoencoder),
    fast={"max_epochs": 20, "channels": (8,), "code_size": 8, "lr": 0.01, "random_state": 0},
    reference="J. Masci et al., Stacked convolutional auto-encoders for hierarchical feature "
    "extraction, ICANN (2011) 52-59.",
)
