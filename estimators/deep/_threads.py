"""How many threads a batch is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

# Floating-point operations of a batch, forwards, from which on a second thread pays. Below, the
# threads wait for each other more than they compute: with another process on the machine, steps of
# a convolutional net of 39 million took 1.8 ms on one thread and 6 to 12 ms on two (alone on it 1.8
# and 1.6 ms). A net of dense layers alone has fewer points to wait at: its steps of 8 million took
# 1.5 ms on one thread and 2.5 ms on two (alone 1.1 and 0.8 ms).
WORTH = 50_000_000
WORTH_OF_DENSE = 5_000_000

Part = TypeVar("Part")
Found = TypeVar("Found")


def enough_rows(module: nn.Module, row: Tensor) -> float:
    """Return the rows of a batch from which on all threads pay.

    Recurrent layers, whose steps wait for each other, count for nothing: alone they never do.

    Parameters
    ----------
    module : nn.Module
        What is trained or applied.
    row : Tensor of shape (1, ...)
        One row on the device.

    Returns
    -------
    float
        0 where there is one thread anyway, or another device computes.
    """
    if row.device.type != "cpu" or torch.get_num_threads() == 1:
        return 0.0
    is_dense = all(weight.ndim <= 2 for weight in module.parameters())
    return (WORTH_OF_DENSE if is_dense else WORTH) / max(work(module, row), 1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread in the context."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def side_by_side(function: Callable[[Part], Found], parts: Sequence[Part]) -> list[Found]:
    """Return ``function`` of every part, each on one thread, as many at once as there are threads.

    Parameters
    ----------
    function : callable
        Computes a part, with no regard to the others.
    parts : sequence
        What it takes; no thread is started for a single one.

    Returns
    -------
    list
        In the order of the parts.
    """
    n_threads = min(torch.get_num_threads(), len(parts))
    with one_thread():
        if n_threads < 2:
            return [function(part) for part in parts]
        with ThreadPoolExecutor(
            n_threads, initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            return list(pool.map(function, parts))


def work(module: nn.Module, batch: Tensor) -> int:
    """Return the floating-point operations of one pass forwards.

    >>> work(nn.Linear(10, 3), torch.ones(2, 10))  # a product and a sum for every weight and row
    120
    """
    was_training = module.training
    module.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(batch)
    module.train(was_training)
    return int(counter.get_total_flops())
