"""The transformer that reads texts."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted
from torch import nn

from estimators.deep._base import DeepClassifier
from estimators.deep._params import shared
from estimators.deep._text import TextInput, checked_texts, numbers_of, words_of
from estimators.deep._text_layers import TextTransformer
from estimators.params import Choice, Float, Int, domains_of, estimator, param
from estimators.spec import Spec


@estimator
class TextTransformerClassifier(TextInput, DeepClassifier):
    """Transformer encoder over the words of a text, trained from scratch.

    {parameters}

    {attributes}

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

    dim: int = param(default=64, domain=Int(1), doc="Width of a token; a multiple of ``heads``.")
    depth: int = param(default=1, domain=Int(1, search=(1, 3)), doc="Number of encoder blocks.")
    heads: int = param(default=4, domain=Int(1), doc="Number of attention heads in a block.")
    mlp_dim: int = param(
        default=128,
        domain=Int(1, search=(64, 512), log=True),
        doc="Width of the hidden layer of a block's perceptron.",
    )
    pooling: str = param(
        default="mean+max",
        domain=Choice(("mean", "max", "mean+max", "first")),
        doc="The vector of a text: the 'mean' or the 'max' over its tokens, both side by side, or "
        "what stands at the 'first' token, which is the same in all texts.",
    )
    word_dropout: float = param(
        default=0.3,
        domain=Float(0, 1, open_high=True, search=(0.0, 0.5)),
        doc="Share of the words that are read as unknown in training.",
    )
    dropout: float = shared("dropout", default=0.3)
    lr: float | None = shared("lr", default=2e-3, search=(3e-4, 5e-3))

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
        (text,) = checked_texts([text], type(self).__name__)
        tokens = numbers_of([text], self._tokenizer)
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
