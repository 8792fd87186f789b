"""What a fitted model costs, and what was said while it was fitted."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, TextIO

_REPEATS = 5
_ENOUGH = 2.0  # seconds after which a prediction is not repeated again
_MOST_TEXTS = 20


def seconds_of(work: Callable[[], Any]) -> float:
    """Return how long a call takes.

    >>> seconds_of(lambda: time.sleep(0.01)) >= 0.01
    True
    """
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def time_predictions(model: Any, X: Any) -> tuple[float, list[float]]:
    """Return the median seconds to predict all rows, and those of every repeat.

    The model has predicted before: threads, caches and compiled code are warm. Up to five repeats
    are made, fewer where they take more than two seconds together.
    """
    repeats: list[float] = []
    while len(repeats) < _REPEATS and sum(repeats) < _ENOUGH:
        repeats.append(seconds_of(lambda: model.predict(X)))
    return median(repeats), repeats


def describe_fit(pipeline: Any, path: Path) -> dict[str, Any]:
    """Return bytes of the file of a fitted pipeline, parameters and epochs; None if absent.

    Of a detector with a rule for its threshold also ``thresholds``.
    """
    model = pipeline[-1]
    epochs = getattr(model, "history_", None)
    return {
        "model_bytes": path.stat().st_size if path.exists() else None,
        "n_parameters": getattr(model, "n_parameters_", None),
        "n_epochs": len(epochs) if epochs else None,
        **_thresholds(model),
    }


def _thresholds(model: Any) -> dict[str, Any]:
    """Return every rule's threshold of a detector, counted from the one in use."""
    rules = getattr(model, "thresholds_", None)
    if rules is None:
        return {}
    return {"thresholds": {name: cut - model.threshold_ for name, cut in rules.items()}}


class Warnings:
    """The distinct warnings of a model, with the number of times that each came."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count a text of our own."""
        self._counts[text] += 1

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Count warnings instead of printing them; those for developers are ignored."""
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning):
                warnings.simplefilter("ignore", category)
            warnings.showwarning = self._count
            yield

    def texts(self) -> list[str]:
        """Return up to twenty texts, the most frequent first."""
        return [
            text if count == 1 else f"{text} ({count} times)"
            for text, count in self._counts.most_common(_MOST_TEXTS)
        ]

    def _count(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        self.add(" ".join(f"{category.__name__}: {message}".split()))
