"""LSTM layers one on the other, and their states at once where nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

VECTOR = 16  # units that a processor computes in the time of one


class StackedLSTM(nn.Module):
    """LSTM layers of given sizes, one on the other. Shape: ``(b, t, d)`` -> ``(b, t, last size)``.

    The weights start as in Keras (Glorot, orthogonal between states, 1 for the bias of the forget
    gate): with torch's own the net stays for long at giving the mean back.

    >>> StackedLSTM(1, (8, 4))(torch.zeros(2, 30, 1)).shape
    torch.Size([2, 30, 4])
    """

    def __init__(self, d_in: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        wide = (d_in, *sizes)
        self.layers = nn.ModuleList(
            nn.LSTM(wide[i], size, batch_first=True) for i, size in enumerate(sizes)
        )
        for layer in self.layers:
            _start(layer)
        self._is_narrow = _vectors(sum(sizes)) < sum(map(_vectors, sizes))

    def forward(self, x: Tensor) -> Tensor:
        if self._is_narrow and x.device.type == "cpu" and not torch.is_grad_enabled():
            return states_at_once(list(self.layers), x)
        for layer in self.layers:
            x, _ = layer(x)
        return x


def states_at_once(layers: Sequence[Any], x: Tensor) -> Tensor:
    """Return the states of the top layer, from all layers computed as a single one.

    Each layer is a step behind the one below, and so reads its states from those of all units one
    step before. Its bias comes from an input that is 0 until its first step, then 1: before, its
    states stay zero. No gradients. Shape: ``(b, t, d)`` -> ``(b, t, last size)``.

    >>> layers = [nn.LSTM(1, 2, batch_first=True), nn.LSTM(2, 3, batch_first=True)]
    >>> x = torch.ones(2, 5, 1)
    >>> with torch.no_grad():
    ...     torch.allclose(states_at_once(layers, x), layers[1](layers[0](x)[0])[0], atol=1e-6)
    True
    """
    b, n_steps, d = x.shape
    late = len(layers) - 1
    weights = _joint_weights(layers, d)
    begun = torch.ones(n_steps + late, late + 1).tril()
    inputs = torch.cat([nn.functional.pad(x, (0, 0, 0, late)), begun.expand(b, -1, -1)], dim=2)
    zero = x.new_zeros(1, b, weights[1].shape[1])
    states, _, _ = torch.lstm(
        inputs, (zero, zero), weights, False, 1, 0.0, False, False, True
    )  # no biases, one layer, no dropout, not in training, one direction, batch first
    last = sum(layer.hidden_size for layer in layers)
    return states[:, late:, last - layers[-1].hidden_size : last]


def _joint_weights(layers: Sequence[Any], d: int) -> list[Tensor]:
    """Return the weights of inputs and of states of the single layer, in full vectors."""
    n = VECTOR * _vectors(sum(layer.hidden_size for layer in layers))
    inputs, states = torch.zeros(4, n, d + len(layers)), torch.zeros(4, n, n)
    below, source = slice(d), inputs
    for i, layer in enumerate(layers):
        start = below.stop if i else 0
        own = slice(start, start + layer.hidden_size)
        source[:, own, below] = layer.weight_ih_l0.unflatten(0, (4, -1))
        states[:, own, own] = layer.weight_hh_l0.unflatten(0, (4, -1))
        inputs[:, own, d + i] = (layer.bias_ih_l0 + layer.bias_hh_l0).unflatten(0, (4, -1))
        below, source = own, states
    return [inputs.flatten(0, 1), states.flatten(0, 1)]


def _vectors(n_units: int) -> int:
    return math.ceil(n_units / VECTOR)


@torch.no_grad()
def _start(layer: Any) -> None:
    """Draw the weights of a layer."""
    n = layer.hidden_size
    nn.init.xavier_uniform_(layer.weight_ih_l0)
    for weight in layer.weight_hh_l0.split(n):
        nn.init.orthogonal_(weight)
    layer.bias_ih_l0.zero_()
    layer.bias_hh_l0.zero_()
    layer.bias_ih_l0[n : 2 * n] = 1.0
