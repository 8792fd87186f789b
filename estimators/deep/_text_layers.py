"""The net of the text transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from estimators.deep._attention import EncoderBlock
from estimators.deep._inputs import FIRST, PAD, UNKNOWN
from estimators.deep._layers import Dropout


class TextTransformer(nn.Module):
    """Token and position embeddings, encoder blocks, one vector for the text, a linear layer.

    Shape: ``(b, t)`` of token numbers -> ``(b, n_outputs)``.

    >>> net = TextTransformer(100, 12, 5, dim=8, depth=1, heads=2, mlp_dim=16)
    >>> net(torch.tensor([[2, 7, 9, 0], [2, 4, 4, 4]])).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        n_tokens: int,
        max_length: int,
        n_outputs: int,
        *,
        dim: int,
        depth: int,
        heads: int,
        mlp_dim: int,
        pooling: str = "mean+max",
        dropout: float = 0.0,
        word_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.pooling, self.word_dropout = pooling, word_dropout
        self.embed = nn.Embedding(n_tokens, dim, padding_idx=PAD)
        self.positions = nn.Parameter(torch.empty(max_length, dim))
        nn.init.normal_(self.embed.weight, std=0.1)
        nn.init.normal_(self.positions, std=0.02)
        self.dropout = Dropout(dropout)
        blocks = [EncoderBlock(dim, heads, mlp_dim, dropout) for _ in range(depth)]
        for block in blocks:  # CPUs have no fused kernel for attention with dropout
            block.attention.dropout = 0.0
        self.blocks = nn.ModuleList(blocks)
        width = dim * len(pooling.split("+"))
        self.head = nn.Sequential(
            nn.LayerNorm(width), Dropout(dropout), nn.Linear(width, n_outputs)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        mask = tokens != PAD
        x = self.enter(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.pool(x, mask))

    def enter(self, tokens: Tensor) -> Tensor:
        """Return the embedded tokens. Shape: ``(b, t)`` -> ``(b, t, d)``."""
        embedded = self.embed(self.read(tokens)) + self.positions[: tokens.shape[1]]
        return self.dropout(embedded)

    def read(self, tokens: Tensor) -> Tensor:
        """Return the tokens, some words unknown in training. Shape: ``(b, t)`` -> ``(b, t)``."""
        if not (self.training and self.word_dropout):
            return tokens
        is_lost = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
        return tokens.masked_fill(is_lost & (tokens > FIRST), UNKNOWN)

    def pool(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return a vector for every text. Shape: ``(b, t, d)``, ``(b, t)`` -> ``(b, d or 2 d)``."""
        if self.pooling == "first":
            return x[:, 0]
        mask, found = mask[..., None], []
        if "mean" in self.pooling:
            found.append((x * mask).sum(1) / mask.sum(1))
        if "max" in self.pooling:
            found.append(x.masked_fill(~mask, float("-inf")).amax(1))
        return torch.cat(found, dim=1)

    def attention(self, tokens: Tensor) -> Tensor:
        """Return the weights in every block. Shape: ``(b, t)`` -> ``(b, depth, heads, t, t)``."""
        mask, x, found = tokens != PAD, self.enter(tokens), []
        for block in self.blocks:
            assert isinstance(block, EncoderBlock)
            found.append(block.attention.weights(block.norm_attention(x), mask))
            x = block(x, mask)
        return torch.stack(found, dim=1)
