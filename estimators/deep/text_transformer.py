"""The transformer that reads texts."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from estimators.deep._attention import EncoderBlock
from estimators.deep._base import DeepClassifier
from estimators.deep._inputs import FIRST, PAD, UNKNOWN
from estimators.deep._layers import Dropout
from estimators.deep._params import shared
from estimators.deep._text import TextInput, words_of
from estimators.params import Choice, Float, Int, domains_of, estimator, param
from estimators.spec import Spec


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
        pooling: str = "mean",
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
        self.blocks = nn.ModuleList(
            EncoderBlock(dim, heads, mlp_dim, dropout) for _ in range(depth)
        )
        for block in self.blocks:  # CPUs have no fused kernel for attention with dropout
            block.attention.dropout = 0.0
        self.head = nn.Sequential(nn.LayerNorm(dim), Dropout(dropout), nn.Linear(dim, n_outputs))

    def forward(self, tokens: Tensor) -> Tensor:
        mask = tokens != PAD
        x = self.enter(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.pool(x, mask))

    def enter(self, tokens: Tensor) -> Tensor:
        """Return the embedded tokens. Shape: ``(b, t)`` -> ``(b, t, d)``."""
        if self.training and self.word_dropout:
            is_lost = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = tokens.masked_fill(is_lost & (tokens > FIRST), UNKNOWN)
        return self.dropout(self.embed(tokens) + self.positions[: tokens.shape[1]])

    def pool(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return one vector for every text. Shape: ``(b, t, d)``, ``(b, t)`` -> ``(b, d)``."""
        if self.pooling == "first":
            return x[:, 0]
        mask = mask[..., None]
        if self.pooling == "max":
            return x.masked_fill(~mask, float("-inf")).amax(1)
        return (x * mask).sum(1) / mask.sum(1)

    def attention(self, tokens: Tensor) -> Tensor:
        """Return the weights in every block. Shape: ``(b, t)`` -> ``(b, depth, heads, t, t)``."""
        mask, x, found = tokens != PAD, self.enter(tokens), []
        for block in self.blocks:
            found.append(block.attention.weights(block.norm_attention(x), mask))
            x = block(x, mask)
        return torch.stack(found, dim=1)


@estimator
class TextTransformerClassifier(TextInput, DeepClassifier):
    """Transformer encoder over the words of a text, trained from scratch.

    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    vocabulary_ : dict of str to int
        Number of every token.
    net_ : skorch net
        The trained net; ``net_.module_`` is the torch module.
    history_ : list of dict
        One row per epoch: epoch, train_loss, valid_loss, train_score, valid_score, lr, seconds.
    n_parameters_ : int
        Number of weights.

    Notes
    -----
    The encoder of [1]_, normalised first; upper and lower case are the same. A word that the
    training rows do not hold is read as "unknown", which ``word_dropout`` teaches the net to bear.

    References
    ----------
    .. [1] A. Vaswani et al., "Attention is all you need", NeurIPS 2017.

    Examples
    --------
    >>> from estimators import TextTransformerClassifier
    >>> texts = ["the team won", "a late goal", "shares fell", "the bank pays"] * 10
    >>> net = TextTransformerClassifier(dim=16, depth=1, heads=2, mlp_dim=32, random_state=0)
    >>> net.fit(texts, ["sport", "sport", "money", "money"] * 10).predict(["a goal", "shares"])
    array(['sport', 'money'], dtype='<U5')
    """

    dim: int = param(default=128, domain=Int(1), doc="Width of a token; a multiple of ``heads``.")
    depth: int = param(default=2, domain=Int(1, search=(1, 3)), doc="Number of encoder blocks.")
    heads: int = param(default=4, domain=Int(1), doc="Number of attention heads in a block.")
    mlp_dim: int = param(
        default=256,
        domain=Int(1, search=(64, 512), log=True),
        doc="Width of the hidden layer of a block's perceptron.",
    )
    pooling: str = param(
        default="mean",
        domain=Choice(("mean", "max", "first")),
        doc="The vector of a text: the 'mean' or the 'max' over its tokens, or what stands at the "
        "'first', which is the same in all texts.",
    )
    word_dropout: float = param(
        default=0.1,
        domain=Float(0, 1, open_high=True, search=(0.0, 0.4)),
        doc="Share of the words that are read as unknown in training.",
    )
    dropout: float = shared("dropout", default=0.1)
    lr: float | None = shared("lr", default=1e-3, search=(1e-4, 3e-3))

    def build_module(self, shape: tuple[int, int], n_outputs: int) -> nn.Module:
        n_tokens, max_length = shape
        if self.dim % self.heads:
            raise ValueError(
                "TextTransformerClassifier: heads must divide dim, got "
                f"dim={self.dim}, heads={self.heads}."
            )
        return TextTransformer(
            n_tokens,
            max_length,
            n_outputs,
            dim=self.dim,
            depth=self.depth,
            heads=self.heads,
            mlp_dim=self.mlp_dim,
            pooling=self.pooling,
            dropout=self.dropout,
            word_dropout=self.word_dropout,
        )

    def attention(self, text: str) -> tuple[list[str], np.ndarray]:
        """Return how much each token of a text attends to each other one.

        Parameters
        ----------
        text : str
            One text.

        Returns
        -------
        tokens : list of str
            As the net reads them, ``"[CLS]"`` first.
        weights : ndarray of shape (depth, heads, n_tokens, n_tokens)
            Each row sums to 1: where the token of the row looks.
        """
        check_is_fitted(self)
        tokens = self._read([text], reset=False)
        net = self.net_.module
        found = self.net_.forward_rows(tokens, lambda X: net.model.attention(net.input(X)))
        return words_of(text, self._tokenizer), found[0]


SPEC = Spec(
    title="text transformer",
    summary="Attention among the words of a text, trained from scratch: wants some ten thousand "
    "texts.",
    tasks={"classification": TextTransformerClassifier},
    kinds=frozenset({"text"}),
    prepare="text",
    params=domains_of(TextTransformerClassifier),
    fast={
        "dim": 16,
        "depth": 1,
        "heads": 2,
        "mlp_dim": 32,
        "max_epochs": 20,
        "lr": 0.01,
        "random_state": 0,
    },
    reference="Vaswani et al., Attention is all you need (NeurIPS 2017)",
)
