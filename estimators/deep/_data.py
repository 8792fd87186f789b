"""The rows of one training or prediction as tensors, taken batch by batch."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Where nothing is trained, batches hold about so many numbers: few enough for the first feature
# maps to stay in the cache (60,000 images of MNIST through a CNN took 2.2 s, with 2**20 5.5 s).
ELEMENTS_PER_STRIDE = 2**18
NUMBERS_PER_TOKEN = 32  # that stand for one token between the layers
POOL = 32  # batches of sequences that are sorted by length together


@dataclass(frozen=True)
class Rows:
    """Inputs, targets and weights, row by row.

    Parameters
    ----------
    X : Tensor of shape (n, ...)
        The rows in the type in which they are stored; uint8 stays uint8, and int32 means sequences
        of tokens, filled up with zeros at the end.
    y : Tensor of shape (n,) or (n, k), or None
        Targets; None where the row itself is the target.
    weight : Tensor of shape (n,) or None
        Weights of mean 1; None where all weigh the same.
    lengths : Tensor of shape (n,) or None
        Tokens of every sequence, on the CPU; None where the rows are no sequences.
    is_mapped : bool
        Whether ``X`` lies in a file and may be larger than the memory.
    """

    X: Tensor
    y: Tensor | None = None
    weight: Tensor | None = None
    lengths: Tensor | None = None
    is_mapped: bool = False

    @classmethod
    def of(
        cls, X: np.ndarray, y: np.ndarray | None = None, weight: np.ndarray | None = None
    ) -> Rows:
        """Return the arrays as tensors on the same memory."""
        target = None if y is None else as_tensor(y)
        lengths = as_tensor((X != 0).sum(axis=1)) if X.dtype == np.int32 else None
        weights = None if weight is None else as_tensor(weight)
        return cls(as_tensor(X), target, weights, lengths, _is_mapped(X))

    def __len__(self) -> int:
        return len(self.X)

    def on(self, device: torch.device) -> Rows:
        """Return the rows on ``device``, if they fill at most half of its free memory."""
        if device.type != "cuda":
            return self
        free, _ = torch.cuda.mem_get_info(device)
        if self.X.nbytes > free // 2:
            return self if self.is_mapped else replace(self, X=self.X.pin_memory())
        y, weight = (None if t is None else t.to(device) for t in (self.y, self.weight))
        return replace(self, X=self.X.to(device), y=y, weight=weight)

    @property
    def index_device(self) -> torch.device:
        """Where row numbers lie: beside the rows, but those of sequences beside their lengths."""
        return self.X.device if self.lengths is None else self.lengths.device

    def take(
        self, index: Tensor, device: torch.device
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return inputs, targets and weights of the rows ``index``, on ``device``.

        Sequences are cut where the longest of them ends.
        """
        cut = self.X if self.lengths is None else self.X[:, : int(self.lengths[index].max())]
        parts = (cut, self.y, self.weight)
        X, y, weight = (None if p is None else _gather(p, index, device) for p in parts)
        assert X is not None
        return X, y, weight

    def stride(self, device: torch.device) -> int:
        """Return how many rows to take at once where nothing is trained."""
        elements, most = ELEMENTS_PER_STRIDE, 2048
        if device.type != "cpu":
            elements, most = 64 * elements, 8192
        per_number = 1 if self.lengths is None else NUMBERS_PER_TOKEN
        return min(most, max(32, elements // max(1, self.X[:1].numel() * per_number)))

    def batches(self, order: Tensor, size: int, fewest: int = 2) -> list[Tensor]:
        """Split rows in random order into batches; sequences stand among others of their length."""
        if self.lengths is None:
            return batches(order, size, fewest)
        pools = [pool[self.lengths[pool].argsort(stable=True)] for pool in order.split(POOL * size)]
        found = batches(torch.cat(pools), size, fewest)
        return [found[i] for i in torch.randperm(len(found)).tolist()]

    def by_length(self, index: Tensor) -> Tensor:
        """Return row numbers in an order in which batches of sequences need little filling."""
        return index if self.lengths is None else index[self.lengths[index].argsort(stable=True)]


def _is_mapped(array: np.ndarray) -> bool:
    """Tell whether an array is a view of a memory-mapped file."""
    base: Any = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)


def as_tensor(array: np.ndarray) -> Tensor:
    """Return a tensor on the memory of ``array``, which nobody writes to."""
    with warnings.catch_warnings():  # torch warns of read-only arrays: it could write to them
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(array))


def split(n_rows: int, fraction: float, labels: np.ndarray | None) -> tuple[Tensor, Tensor]:
    """Return the row numbers to train on and to validate on, drawn class by class.

    A class with a single row stays in training. Draws from torch's generator.
    """
    if not fraction:
        return torch.arange(n_rows), torch.arange(0)
    groups = [torch.arange(n_rows)]
    if labels is not None:
        groups = [as_tensor(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    is_valid = torch.zeros(n_rows, dtype=torch.bool)
    for group in groups:
        size = min(int(len(group) * fraction + torch.rand(()).item()), len(group) - 1)
        is_valid[group[torch.randperm(len(group))[:size]]] = True
    return torch.nonzero(~is_valid).squeeze(1), torch.nonzero(is_valid).squeeze(1)


def batches(index: Tensor, size: int, fewest: int = 2) -> list[Tensor]:
    """Split ``index`` into batches to train on; one of less than ``fewest`` joins the one before.

    (Batch normalisation cannot train on a single row.)

    >>> [len(batch) for batch in batches(torch.arange(9), 4)]
    [4, 5]
    """
    found = list(index.split(size))
    if size > 1 and len(found) > 1 and len(found[-1]) < fewest:
        found[-2:] = [torch.cat(found[-2:])]
    return found


def _gather(part: Tensor, index: Tensor, device: torch.device) -> Tensor:
    if part.device == index.device:
        return part.index_select(0, index)
    return part.index_select(0, index.to(part.device)).to(device, non_blocking=True)
