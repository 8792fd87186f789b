"""The encoder block of a transformer (Vaswani et al., 2017), normalised first."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import dropout, scaled_dot_product_attention

from estimators.deep._layers import Dropout

FEW_TOKENS = 128  # whose weights, tokens by tokens, may all be kept


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention of tokens among themselves.

    Shape: ``(b, t, d)`` -> ``(b, t, d)``. ``mask`` is True where a token is real, ``(b, t)``.

    >>> SelfAttention(d=8, n_heads=2)(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, d: int, n_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d % n_heads:
            raise ValueError(f"heads must divide dim, got dim={d}, heads={n_heads}.")
        self.n_heads, self.dropout = n_heads, dropout
        self.to_qkv = nn.Linear(d, 3 * d)
        self.to_out = nn.Linear(d, d)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = rearrange(
            self.to_qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.n_heads
        )
        mask = None if mask is None else mask[:, None, None, :]
        share = self.dropout if self.training else 0.0
        if q.device.type != "cpu" or q.dtype is torch.float32:
            out = scaled_dot_product_attention(q, k, v, mask, share)
        elif q.shape[-2] <= FEW_TOKENS:  # in bfloat16 the fused kernel of CPUs is slower than this
            out = dropout(_weights(q, k, mask), share) @ v
        else:
            with torch.autocast("cpu", enabled=False):
                out = scaled_dot_product_attention(q.float(), k.float(), v.float(), mask, share)
        return self.to_out(rearrange(out, "b h t d -> b t (h d)"))

    def weights(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return how much each token attends to each other, ``(b, heads, t, t)``; for reports."""
        q, k, _ = rearrange(
            self.to_qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.n_heads
        )
        return _weights(q, k, None if mask is None else mask[:, None, None, :])


def _weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """Return the softmax of the scaled products, ``(b, h, t, d)`` twice -> ``(b, h, t, t)``."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1)


class EncoderBlock(nn.Module):
    """Attention and a two-layer perceptron, each normalised first and added to its input.

    Shape: ``(b, t, d)`` -> ``(b, t, d)``.

    >>> EncoderBlock(d=8, n_heads=2, d_hidden=16)(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, d: int, n_heads: int, d_hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm_attention, self.norm_mlp = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attention = SelfAttention(d, n_heads, dropout)
        self.mlp = nn.Sequential(
            nn.Linear(d, d_hidden), nn.GELU(), Dropout(dropout), nn.Linear(d_hidden, d)
        )
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.dropout(self.attention(self.norm_attention(x), mask))
        return x + self.dropout(self.mlp(self.norm_mlp(x)))
