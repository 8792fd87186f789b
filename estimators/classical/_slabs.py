"""Rows worked on slab by slab, in as many threads as there are cores for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from sklearn.utils import gen_even_slices
from threadpoolctl import ThreadpoolController

_SLAB = 2048  # rows at most: enough to be worth a thread's while, few enough for the cache

Found = TypeVar("Found")


def over_slabs(function: Callable[[slice], Found], n_rows: int) -> Iterator[Found]:
    """Yield ``function(rows)`` for one slice of the rows after the other, to be read to its end.

    Each thread computes its products alone. Those of several threads of BLAS would wait for each
    other within every product, and what is no product would have one core only. Slices do not
    depend on the number of threads, so neither do sums over them.

    >>> list(over_slabs(lambda rows: rows.stop - rows.start, 5000))
    [1250, 1250, 1250, 1250]
    """
    if n_rows <= _SLAB:
        yield function(slice(0, n_rows))
        return
    slabs = gen_even_slices(n_rows, 2 * math.ceil(n_rows / (2 * _SLAB)))
    n_threads = max((library["num_threads"] for library in _blas().info()), default=1)
    if n_threads == 1:
        yield from map(function, slabs)
        return
    with in_one_thread(), ThreadPoolExecutor(n_threads) as pool:
        yield from pool.map(function, slabs)


def in_one_thread() -> AbstractContextManager[Any]:
    """Return a context in which products of matrices are computed by one thread.

    For small products between two turns of :func:`over_slabs`: the threads of BLAS wait for the
    next product without rest, on the cores that the slabs need.
    """
    limit: AbstractContextManager[Any] = _blas().limit(limits=1)
    return limit


@cache
def _blas() -> Any:
    """Return what steers the threads of BLAS; to look for its libraries takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
