"""Blocks that several nets use."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}


def dense(
    sizes: tuple[int, ...], activation: str, *, batch_norm: bool = False, dropout: float = 0.0
) -> list[nn.Module]:
    """Return hidden layers of ``sizes[1:]`` units over ``sizes[0]`` inputs.

    >>> nn.Sequential(*dense((4, 8, 3), "relu"))
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=3, bias=True)
      (3): ReLU()
    )
    """
    layers: list[nn.Module] = []
    for d_in, d_out in pairwise(sizes):
        layers.append(nn.Linear(d_in, d_out, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm1d(d_out))
        layers.append(ACTIVATIONS[activation]())
        if dropout:
            layers.append(nn.Dropout(dropout))
    return layers
