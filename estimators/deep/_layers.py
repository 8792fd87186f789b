"""Blocks that several nets use."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

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


class Dropout(nn.Module):
    """Dropout whose mask is cheap on a processor: one random byte per unit, eight at a draw.

    There the rate is a whole number of 256ths, the one nearest to ``p``. Elsewhere it is torch's.
    Shape: any -> the same.

    >>> Dropout(0.5).eval()(torch.ones(2, 3)).sum()
    tensor(6.)
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or x.device.type != "cpu":
            return dropout(x, self.p, self.training)
        n_dropped = min(255, round(256 * self.p))
        if n_dropped == 0:
            return x
        like = torch.empty_like(x, dtype=torch.uint8)  # for its strides: channels may come last
        words = torch.empty(x.numel() // 8 + 1, dtype=torch.int64).random_(-(2**63), None)
        random = words.view(torch.uint8).as_strided(like.size(), like.stride())
        return x * (random >= n_dropped).to(x.dtype).mul_(256 / (256 - n_dropped))

    def extra_repr(self) -> str:
        return f"p={self.p}"


def dense(
    sizes: tuple[int, ...], activation: str, *, batch_norm: bool = False, drop: float = 0.0
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
        if drop:
            layers.append(Dropout(drop))
    return layers
