"""The epochs of nets as they end, told to whoever watches: a progress bar, a pruner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Watcher = Callable[[Mapping[str, Any], int, Any], None]

MOST_EPOCHS = 300  # that a net gives itself where it is not told how many

_WATCHERS: ContextVar[tuple[Watcher, ...]] = ContextVar("watchers", default=())


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Tell ``watcher`` of every epoch of every net that is trained in the block.

    Parameters
    ----------
    watcher : callable
        ``watcher(row, n_epochs, model)``: the epoch's row of ``history_``, how many epochs there
        are at most, and the estimator, which can predict already. What it raises ends the training.

    Examples
    --------
    >>> with watched(lambda row, n_epochs, _: print(row["epoch"], "of", n_epochs)):
    ...     tell({"epoch": 1}, 20, None)
    1 of 20
    """
    token = _WATCHERS.set((*_WATCHERS.get(), watcher))
    try:
        yield
    finally:
        _WATCHERS.reset(token)


def tell(row: Mapping[str, Any], n_epochs: int, model: Any) -> None:
    """Tell all watchers of a finished epoch."""
    for watcher in _WATCHERS.get():
        watcher(row, n_epochs, model)
