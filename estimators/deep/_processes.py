"""One training on one process or on several, each of which computes its share of every batch.

Several are started by ``accelerate launch``, and each has all rows. They draw the same batches and
take their shares of them; the mean of their gradients, weighed by the shares, is the gradient of
the whole batch. What a training decides by (losses, the clock) is the same number on all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

ACCELERATE = "accelerate"  # the value of the parameter `device`


class Processes(ABC):
    """What a training asks of the processes that it runs on."""

    is_first: bool
    fewest: int  # rows of a batch: two a process, for batch normalisation cannot train on one

    @abstractmethod
    def agree(self, *values: Any) -> tuple[Any, ...]:
        """Return these values as the first process has them."""

    @abstractmethod
    def clock(self, seconds: float) -> float:
        """Return ``seconds`` as the first process has them, fast enough for every batch."""

    @abstractmethod
    def alike(self) -> AbstractContextManager[None]:
        """Return a context in which all processes draw the same numbers."""

    @abstractmethod
    def spread(self, module: nn.Module) -> nn.Module:
        """Return what to call in training, with the weights of the first process."""

    @abstractmethod
    def share(self, index: Tensor) -> Tensor:
        """Return the rows among ``index`` that this process computes."""

    @abstractmethod
    def backward(self, loss: Tensor, share: float) -> None:
        """Add the gradient of ``share`` times ``loss``, summed over all processes."""

    @abstractmethod
    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""

    @abstractmethod
    def settle(self, module: nn.Module) -> None:
        """Give all processes the mean of what batch normalisation has seen on each of them."""


class OneProcess(Processes):
    """The process of a plain training, which computes every batch alone."""

    is_first = True
    fewest = 2

    def agree(self, *values: Any) -> tuple[Any, ...]:
        return values

    def clock(self, seconds: float) -> float:
        return seconds

    def alike(self) -> AbstractContextManager[None]:
        return nullcontext()

    def spread(self, module: nn.Module) -> nn.Module:
        return module

    def share(self, index: Tensor) -> Tensor:
        return index

    def backward(self, loss: Tensor, share: float) -> None:
        (loss if share == 1 else loss * share).backward()

    def sum(self, values: Tensor) -> Tensor:
        return values

    def settle(self, module: nn.Module) -> None:
        pass


class SeveralProcesses(Processes):
    """One of the processes that ``accelerate launch`` has started.

    Parameters
    ----------
    accelerator : accelerate.Accelerator
        Knows its device and the other processes.
    """

    def __init__(self, accelerator: Any) -> None:
        self._accelerator = accelerator
        self._device: torch.device = accelerator.device
        self._n, self._rank = int(accelerator.num_processes), int(accelerator.process_index)
        self.is_first, self.fewest = self._rank == 0, 2 * self._n
        self._generators = [torch.default_generator]
        if self._device.type == "cuda":
            self._generators.append(torch.cuda.default_generators[self._device.index])
        # Batches are drawn from where the first process stands, as it would alone; dropout and
        # augmentation from generators of their own, or all shares would be changed alike.
        self._shared = self.agree(*self._states())
        self._set_states(self._shared)
        torch.manual_seed(int(torch.randint(2**31, (self._n,))[self._rank]))

    def agree(self, *values: Any) -> tuple[Any, ...]:
        from accelerate.utils import broadcast_object_list  # lazy: an extra, and slow to import

        return tuple(broadcast_object_list(list(values)))

    def clock(self, seconds: float) -> float:
        return float(self.sum(torch.tensor(seconds if self.is_first else 0.0, dtype=torch.float64)))

    @contextmanager
    def alike(self) -> Iterator[None]:
        own = self._states()
        self._set_states(self._shared)
        try:
            yield
        finally:
            self._shared = self._states()
            self._set_states(own)

    def spread(self, module: nn.Module) -> nn.Module:
        # Not the accelerator's prepare: it may shard the weights that the optimiser holds already,
        # and has a say in the number format, if the user's configuration says so.
        devices = None if self._device.type == "cpu" else [self._device]
        return DistributedDataParallel(module, device_ids=devices)

    def share(self, index: Tensor) -> Tensor:
        return index[self._rank :: self._n]

    def backward(self, loss: Tensor, share: float) -> None:
        (loss * (share * self._n)).backward()  # the gradients are averaged over the processes

    def sum(self, values: Tensor) -> Tensor:
        total: Tensor = self._accelerator.reduce(values.to(self._device), "sum")
        return total.to(values.device)

    @torch.no_grad()
    def settle(self, module: nn.Module) -> None:
        buffers = [buffer for buffer in module.buffers() if buffer.is_floating_point()]
        for buffer, mean in zip(buffers, self._accelerator.reduce(buffers, "mean"), strict=True):
            buffer.copy_(mean)

    def _states(self) -> tuple[Tensor, ...]:
        return tuple(generator.get_state() for generator in self._generators)

    def _set_states(self, states: tuple[Tensor, ...]) -> None:
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)


ONE = OneProcess()


def accelerator(owner: str) -> Any:
    """Return what accelerate knows of this process, or raise an ImportError."""
    try:
        from accelerate import Accelerator  # lazy: an extra, and slow to import
    except ModuleNotFoundError:
        raise ImportError(
            f"{owner}: device={ACCELERATE!r} needs a package that is not installed; get it by "
            "`pip install accelerate`."
        ) from None
    return Accelerator(mixed_precision="no")  # the number format is ours to choose


def processes_of(device: str, owner: str) -> Processes:
    """Return the processes that train where the parameter ``device`` has this value."""
    if device != ACCELERATE:
        return ONE
    known = accelerator(owner)
    return SeveralProcesses(known) if known.num_processes > 1 else ONE
