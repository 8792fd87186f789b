"""``CountedWords``: TF-IDF whose vocabulary is quick to save."""

from __future__ import annotations

import json
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer


class CountedWords(TfidfVectorizer):
    """scikit-learn's ``TfidfVectorizer``; its state holds all words in one string.

    skops writes an entry for every item of a dictionary, which takes minutes for 100,000 words.

    Examples
    --------
    >>> import pickle
    >>> counts = CountedWords().fit(["a late goal", "the late team"])
    >>> pickle.loads(pickle.dumps(counts)).get_feature_names_out().tolist()
    ['goal', 'late', 'team', 'the']
    """

    def __getstate__(self) -> dict[str, Any]:
        """Return the words as JSON, in the order of their columns."""
        state = dict(super().__getstate__())
        vocabulary = state.pop("vocabulary_", None)
        if vocabulary is not None:
            state["_words"] = json.dumps(sorted(vocabulary, key=vocabulary.__getitem__))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Number the words again."""
        state = dict(state)
        words = state.pop("_words", None)
        if words is not None:
            state["vocabulary_"] = {word: column for column, word in enumerate(json.loads(words))}
        super().__setstate__(state)
