"""The encoder block of a transformer (Vaswani et al., 2017), normalised first."""

from __future__ import annotations

from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from estimators.deep._layers import Dropout


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention of tokens among themselves.

    Shape: ``(b, t, d)`` -> ``(b, t, d)``. ``mask`` is True where a token is real, ``(b, t)``.

    >>> import torch
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
        dropout = self.dropout if self.training else 0.0
        out = scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
        return self.to_out(rearrange(out, "b h t d -> b t (h d)"))

    def weights(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return how much each token attends to each other, ``(b, heads, t, t)``; for reports."""
        q, k, _ = rearrange(
            self.to_qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.n_heads
        )
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
        return scores.softmax(-1)


class EncoderBlock(nn.Module):
    """Attention and a two-layer perceptron, each normalised first and added to its input.

    Shape: ``(b, t, d)`` -> ``(b, t, d)``.

    >>> import torch
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
