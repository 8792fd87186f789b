"""Results kept for candidates to come, within a limit of memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import psutil
from sklearn.tree._tree import Tree  # to know how much memory a tree takes

_PART_OF_FREE_MEMORY = 4


class Cache:
    """Results by name and by the very objects they were made from; the least used ones go first.

    Parameters
    ----------
    limit : int or None, default=None
        Bytes that all results may take; a quarter of the free memory if None.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit or psutil.virtual_memory().available // _PART_OF_FREE_MEMORY
        self._entries: OrderedDict[Hashable, tuple[tuple[Any, ...], Any, int]] = OrderedDict()

    def get(self, name: Hashable, inputs: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Return what was made from these objects under that name, or make it.

        Inputs are told apart by identity; an entry holds them, so that no other object can take
        their place.
        """
        key = (name, *map(id, inputs))
        if key not in self._entries:
            self.put(name, inputs, make())
        self._entries.move_to_end(key)
        return self._entries[key][1]

    def put(self, name: Hashable, inputs: tuple[Any, ...], value: Any) -> None:
        """Keep a result, in the place of an older one of that name and inputs."""
        key = (name, *map(id, inputs))
        self._entries[key] = (inputs, value, size_of(value))
        self._entries.move_to_end(key)
        while sum(size for *_, size in self._entries.values()) > self.limit:
            if len(self._entries) == 1:
                break
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


def size_of(value: Any, depth: int = 4) -> int:
    """Return about how many bytes the arrays and trees inside ``value`` take.

    >>> size_of((np.zeros(10), "name"))
    80
    """
    if isinstance(value, Tree):
        return value.node_count * (64 + 8 * value.n_outputs * value.max_n_classes)
    if isinstance(value, np.ndarray):
        return value.nbytes
    if hasattr(value, "memory_usage"):  # a data frame
        return int(np.sum(value.memory_usage(deep=True)))
    if depth == 0:
        return 0
    if isinstance(value, (list, tuple)):
        return sum(size_of(item, depth - 1) for item in value)
    return sum(size_of(item, depth - 1) for item in getattr(value, "__dict__", {}).values())
