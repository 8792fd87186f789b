"""Texts as rows of token numbers: the vocabulary is learned in ``fit``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.validation import validate_data
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import nn

from estimators.deep._inputs import KnownTokens
from estimators.params import Choice, Int, estimator, param

SPECIAL = ("[PAD]", "[UNK]", "[CLS]")  # PAD, UNKNOWN and FIRST by number
CHARACTERS_PER_TOKEN = 100  # at most, of what the vocabulary is learned from


@estimator
class TextInput:
    """Mixin for estimators whose rows are texts."""

    ATTRIBUTES: ClassVar = {"vocabulary_": ("dict of str to int", "Number of every token.")}

    tokenizer: str = param(
        default="word",
        domain=Choice(("word", "bpe")),
        doc="What a token is: a 'word' (or a run of signs), or a piece of a word that byte-pair "
        "encoding found ('bpe'), which also serves languages that are written without spaces.",
    )
    vocabulary_size: int = param(
        default=30_000, domain=Int(10), doc="Tokens in the vocabulary, at most: the most frequent."
    )
    min_frequency: int = param(
        default=2,
        domain=Int(1),
        doc="How often a word, or a pair of pieces, must come to get into the vocabulary.",
    )
    max_length: int = param(
        default=128, domain=Int(2), doc="Tokens of a text that are read; the rest is cut off."
    )

    @property
    def vocabulary_(self) -> dict[str, int]:
        """Number of every token."""
        vocabulary: dict[str, int] = _loaded(self._tokenizer).get_vocab()
        return vocabulary

    def _read(self, X: Any, *y: Any, reset: bool, ensure_min_samples: int = 1, **rules: Any) -> Any:
        """Return token numbers (n, length), int32, filled up with zeros; with ``y`` if given."""
        texts = checked_texts(X, type(self).__name__, ensure_min_samples)
        targets = [validate_data(self, y=target, reset=False, **rules) for target in y]
        check_consistent_length(texts, *targets)
        if reset:
            self._tokenizer = self._learned(texts)
        tokens = numbers_of(texts, self._tokenizer)
        return (tokens, *targets) if y else tokens

    def _check_params(self) -> None:
        super()._check_params()  # type: ignore[misc]  # of the estimator beside the mixin
        for name in ("augment", "tta"):
            if getattr(self, name):
                raise ValueError(
                    f"{type(self).__name__}: {name} changes numbers and must be None for texts, "
                    f"got {name}={getattr(self, name)!r}; word_dropout changes texts."
                )

    def _shape_of(self, X: np.ndarray) -> tuple[int, ...]:
        """Return how many tokens there are, and how many a row holds at most."""
        return len(self.vocabulary_), self.max_length

    def _input_layer(self, shape: tuple[int, ...]) -> nn.Module:
        return KnownTokens(shape[0])

    def _learned(self, texts: Sequence[str]) -> str:
        """Return a tokenizer trained on the texts, as JSON."""
        is_word = self.tokenizer == "word"
        model = models.WordLevel(unk_token="[UNK]") if is_word else models.BPE(unk_token="[UNK]")
        trainer = trainers.WordLevelTrainer if is_word else trainers.BpeTrainer
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        settings = trainer(
            vocab_size=self.vocabulary_size,
            min_frequency=self.min_frequency,
            special_tokens=list(SPECIAL),
            show_progress=False,
        )
        # what lies far behind the last token is never read; long words take time squared in pieces
        read = (text[: CHARACTERS_PER_TOKEN * self.max_length] for text in texts)
        tokenizer.train_from_iterator(read, settings)
        tokenizer.enable_truncation(self.max_length)
        # a text without words has one token still
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A", special_tokens=[("[CLS]", SPECIAL.index("[CLS]"))]
        )
        return tokenizer.to_str()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of the estimator beside the mixin
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


def checked_texts(X: Any, owner: str, at_least: int = 1) -> list[str]:
    """Return a sequence of texts as a list, or raise a ValueError or TypeError in words."""
    if isinstance(X, (str, bytes)):
        raise ValueError(
            f"{owner}: X must be a sequence of strings, got one string: {X[:50]!r}; put it in a "
            "list."
        )
    array = np.asarray(X, dtype=object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(
            f"{owner}: X must be a sequence of strings, got an array of shape {array.shape}."
        )
    if len(array) < at_least:
        raise ValueError(f"{owner}: X must hold {at_least} or more texts, got {len(array)}.")
    for row, text in enumerate(array):
        if not isinstance(text, str):
            raise ValueError(
                f"{owner}: X must hold strings, but row {row} is {text!r:.50} of type "
                f"{type(text).__name__}; a missing text may be given as ''."
            )
    # half of a surrogate pair is no character, and a tokenizer takes characters only
    return [text.encode("utf-8", "replace").decode() for text in array]


def numbers_of(texts: Sequence[str], tokenizer: str) -> np.ndarray:
    """Return the token numbers of every text, int32, filled up with zeros at the end."""
    found = [encoding.ids for encoding in _loaded(tokenizer).encode_batch_fast(texts)]
    X = np.zeros((len(found), max(map(len, found), default=0)), dtype=np.int32)
    for row, ids in zip(X, found, strict=True):
        row[: len(ids)] = ids
    return X


def words_of(text: str, tokenizer: str) -> list[str]:
    """Return the tokens of one text."""
    tokens: list[str] = _loaded(tokenizer).encode(text).tokens
    return tokens


@lru_cache(maxsize=4)
def _loaded(tokenizer: str) -> Tokenizer:
    """Return the tokenizer that was written as JSON."""
    found = Tokenizer.from_str(tokenizer)
    found.encode_special_tokens = True  # "[PAD]" in a text is three tokens as any others
    return found
