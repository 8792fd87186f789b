"""The net and the loss of the variational autoencoder."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from estimators.deep._layers import ACTIVATIONS, dense
from estimators.deep._losses import Objective
from estimators.deep._reconstruction import EncoderDecoder
from estimators.deep.conv_autoencoder import conv_decoder, conv_encoder, conv_sizes

Output = tuple[Tensor, ...]
QUIETEST = math.log(1e-5)  # least variance of values whose range is 1: about an 8-bit step squared


class VariationalNet(EncoderDecoder):
    """Encoder to mean and log variance of a code, and decoder of a code drawn from them.

    The decoder ends without activation: in logits of "bernoulli", before a sigmoid of "gaussian".
    Shape: ``(b, ...)`` -> reconstruction (logits of it for "bernoulli") and clean rows of that
    shape, mean and log variance ``(b, k)``, and the log variance of the values ``()``.
    """

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, corruption: nn.Module, kind: str
    ) -> None:
        super().__init__(encoder, decoder, corruption)
        self.kind = kind
        if kind == "gaussian":
            self.log_variance = nn.Parameter(torch.tensor(math.log(0.05)))

    def forward(self, x: Tensor) -> Output:
        return self._draw(x, self.corruption(x), None)

    def draw(self, x: Tensor, generator: torch.Generator | None = None) -> Output:
        """Return what :meth:`forward` does, with a code drawn even where nothing is trained."""
        return self._draw(x, x, generator, always=True)

    def encode(self, x: Tensor) -> Tensor:
        """Return the mean of the code."""
        return self._moments(x)[0]

    def decode(self, code: Tensor) -> Tensor:
        """Return the mean of the values."""
        return torch.sigmoid(self.decoder(code))

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-15, 15)

    def _draw(
        self, x: Tensor, seen: Tensor, generator: torch.Generator | None, *, always: bool = False
    ) -> Output:
        mean, log_variance = self._moments(seen)
        code = mean
        if self.training or always:
            noise = torch.empty_like(mean).normal_(generator=generator)
            code = mean + noise * (0.5 * log_variance).exp()
        if self.kind == "bernoulli":
            return self.decoder(code), x, mean, log_variance, x.new_zeros(())
        noise_level = self.log_variance.clamp(min=QUIETEST)
        return self.decode(code), x, mean, log_variance, noise_level


class ELBOObjective(Objective):
    """Minus the evidence lower bound in nats per row, the Kullback-Leibler part times beta."""

    def __init__(self, kind: str, beta: float) -> None:
        super().__init__()
        self.kind, self.beta = kind, beta

    def forward(self, output: Any, target: Tensor, weight: Tensor | None) -> Tensor:
        """Shape: the output of a :class:`VariationalNet` -> ``()``."""
        return -elbo(output, self.kind, self.beta).mean()


def elbo(output: Output, kind: str, beta: float = 1.0) -> Tensor:
    """Return the evidence lower bound of every row. Shape: an output -> ``(b,)``."""
    decoded, x, mean, log_variance, noise = output
    decoded = decoded.float()
    if kind == "bernoulli":
        likelihood = -binary_cross_entropy_with_logits(decoded, x, reduction="none")
    else:
        squares = (decoded - x).square() / noise.exp()
        likelihood = -0.5 * (squares + noise + math.log(2 * math.pi))
    divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp())
    return likelihood.flatten(1).sum(1) - beta * divergence.sum(1)


def dense_halves(
    shape: tuple[int, ...], hidden: tuple[int, ...], latent_dim: int, activation: str, drop: float
) -> tuple[nn.Module, nn.Module]:
    """Return encoder and decoder of dense layers."""
    n_values = math.prod(shape)
    sizes = (n_values, *hidden)
    encoder = [nn.Flatten(), *dense(sizes, activation, drop=drop)]
    encoder.append(nn.Linear(sizes[-1], 2 * latent_dim))
    sizes = (latent_dim, *sizes[:0:-1])
    decoder = dense(sizes, activation, drop=drop)
    last = [nn.Linear(sizes[-1], n_values), nn.Unflatten(1, shape)]
    return nn.Sequential(*encoder), nn.Sequential(*decoder, *last)


def conv_halves(
    shape: tuple[int, int, int], channels: tuple[int, ...], latent_dim: int, activation: str
) -> tuple[nn.Module, nn.Module]:
    """Return encoder and decoder of convolutions, each with one dense layer at the code."""
    sizes = conv_sizes(shape[1:], len(channels))
    maps = (channels[-1], *sizes[-1])
    encoder = [*conv_encoder((shape[0], *channels), 3, activation), nn.Flatten()]
    encoder.append(nn.Linear(math.prod(maps), 2 * latent_dim))
    opening = [nn.Linear(latent_dim, math.prod(maps)), nn.Unflatten(1, maps)]
    decoder = conv_decoder(channels[::-1], 3, activation, sizes, shape[0])
    return (
        nn.Sequential(*encoder),
        nn.Sequential(*opening, ACTIVATIONS[activation](), *decoder),
    )
