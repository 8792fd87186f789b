"""One training of a net: its steps and epochs, and the weights that are kept in the end."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, cat, nn

from estimators.deep._augment import Augmentation, Mixture, as_names
from estimators.deep._data import Rows, batches
from estimators.deep._losses import Objective
from estimators.deep._optim import MovingAverage, Schedule, weight_decay_of
from estimators.deep._params import batch_size_of
from estimators.deep._processes import ONE, Processes

if TYPE_CHECKING:
    from estimators.deep._engine import Net

PENDING = 64  # batches whose outputs are scored together


class Training:
    """The state of one training of a net.

    Parameters
    ----------
    net : Net
        The initialised net.
    rows : Rows
        All rows.
    train, valid : Tensor of int64
        The rows to train on, and those to validate on after every epoch (there may be none).
    epochs : int
        Epochs of the whole training.
    schedule : Schedule
        The course of the learning rate.
    processes : Processes
        Who computes.
    """

    def __init__(
        self,
        net: Net,
        rows: Rows,
        train: Tensor,
        valid: Tensor,
        epochs: int,
        schedule: Schedule,
        processes: Processes,
    ) -> None:
        params = net.params
        self.net, self.rows, self.epochs, self.schedule = net, rows, epochs, schedule
        self.train, self.valid = (index.to(rows.index_device) for index in (train, valid))
        self.processes, self._module = processes, processes.spread(net.module_)
        self._average = None if params.ema is None else MovingAverage(net.module, params.ema)
        self._best = Best(net.module, params.patience) if params.early_stopping else None
        self._augment = Augmentation(as_names(params.augment))
        self._weights = [p for p in net.module.parameters() if p.requires_grad]
        self._max_seconds = params.max_seconds or math.inf
        self._started = time.perf_counter()
        self._batch_size = batch_size_of(params, len(train))
        self._n_steps = epochs * len(batches(train, self._batch_size, processes.fewest))
        self._step = 0
        self._seconds = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the time or the patience has run out."""
        return self._is_out_of_time() or (self._best is not None and self._best.is_over)

    def run_epoch(self) -> dict[str, float | None]:
        """Go once over the rows, validate, and return what the history says of the epoch."""
        started = time.perf_counter()
        self.net.module_.train()
        is_full_batch = self.net.params.optimizer == "lbfgs"
        loss, score = self._run_full_batch() if is_full_batch else self._run_batches()
        lr = self.schedule.lr
        with nullcontext() if self._average is None else self._average.in_place():
            self.processes.settle(self.net.module)
            valid_loss, valid_score = self._validate()
        return {
            "train_loss": loss,
            "valid_loss": valid_loss,
            "train_score": score,
            "valid_score": valid_score,
            "lr": lr,
            "seconds": time.perf_counter() - started,
        }

    def finish(self) -> None:
        """Keep the averaged weights, or those of the best epoch, where they are asked for."""
        if self._average is not None:
            self._average.copy_to_module()
        if self._best is not None:
            self._best.restore()
        self.processes.settle(self.net.module)

    def _run_batches(self) -> tuple[float, float]:
        totals = Totals(self.net.criterion_)
        with self.processes.alike():
            order = self.train[torch.randperm(len(self.train), device=self.train.device)]
            found = self.rows.batches(order, self._batch_size, self.processes.fewest)
        for index in found:
            if not self.schedule.is_constant:
                self.schedule.set(self._progress())
            totals.add(*self._train_batch(index))
            self._step += 1
            if self._is_out_of_time():
                break
        return totals.means(self.processes)

    def _validate(self) -> tuple[float | None, float | None]:
        if not len(self.valid):
            return None, None
        loss, score = self.net.evaluate(self.rows, self.valid, self.processes)
        self.schedule.end_epoch(loss)
        if self._best is not None:
            self._best.see(loss, score)
        return loss, score

    def _is_out_of_time(self) -> bool:
        if self._max_seconds < math.inf:
            self._seconds = self.processes.clock(time.perf_counter() - self._started)
        return self._seconds > self._max_seconds

    def _train_batch(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Change the weights by one batch; return loss, output and target of our share of it."""
        net, own = self.net, self.processes.share(index)
        X, y, weight = self.rows.take(own, net.placement.device)
        if net.watches_batches:
            net.notify("on_batch_begin", batch=(X, y), training=True)
        mixture = None
        if self._augment:
            X, mixture = self._augment(X)
        with net.placement.autocast():
            output = self._module(X)
            target = X if y is None else y
            loss = self._loss(output, target, weight, mixture)
        net.optimizer_.zero_grad()
        self.processes.backward(loss, len(own) / len(index))
        self._apply_gradient()
        loss, output = loss.detach(), detached(output)
        if net.watches_batches:
            net.notify("on_batch_end", batch=(X, y), training=True, loss=loss, y_pred=output)
        return loss, output, target

    def _loss(
        self, output: Any, target: Tensor, weight: Tensor | None, mixture: Mixture | None
    ) -> Tensor:
        criterion = self.net.criterion_
        loss = criterion(output, target, weight)
        if mixture is None:
            return loss
        partner_weight = None if weight is None else weight[mixture.partner]
        other = criterion(output, target[mixture.partner], partner_weight)
        return torch.lerp(other, loss, mixture.share)

    def _apply_gradient(self) -> None:
        if limit := self.net.params.clip_grad_norm:
            torch.nn.utils.clip_grad_norm_(self._weights, limit)
        self.net.optimizer_.step()
        if self._average is not None:
            self._average.update()

    def _progress(self) -> float:
        """Return how much of the training is over, by steps or by time, whichever is more."""
        return max(self._step / self._n_steps, min(1.0, self._seconds / self._max_seconds))

    def _run_full_batch(self) -> tuple[float, float]:
        """Let L-BFGS iterate on the loss of all rows; return loss and score before its last step.

        The rows pass in large batches; the loss of each counts by its share of the rows.
        """
        net, rows = self.net, self.rows
        stride = rows.stride(net.placement.device)
        decaying = [p for p in self._weights if p.ndim >= 2]
        seed = int(torch.randint(2**31, ()))
        totals = Totals(net.criterion_)

        def closure() -> Any:
            nonlocal totals
            totals = Totals(net.criterion_)
            torch.manual_seed(seed)  # the same units drop out in all evaluations of one step
            net.optimizer_.zero_grad()
            penalty = self._penalize(decaying)
            total = torch.zeros_like(penalty)
            for index in batches(self.train, stride, self.processes.fewest):
                own = self.processes.share(index)
                X, y, weight = rows.take(own, net.placement.device)
                with net.placement.autocast():
                    output = self._module(X)
                    loss = net.criterion_(output, X if y is None else y, weight)
                share = len(own) / len(self.train)
                self.processes.backward(loss, share)
                totals.add(loss.detach(), detached(output), X if y is None else y)
                total = total + loss.detach() * share
            return penalty + self.processes.sum(total)

        if not self.schedule.is_constant:
            self.schedule.set(self._progress())
        net.optimizer_.step(closure)
        self._step += self._n_steps // self.epochs
        return totals.means(self.processes)

    def _penalize(self, decaying: list[Tensor]) -> Tensor:
        """Add the gradient of the weight decay, as L2 penalty; return the penalty."""
        strength = weight_decay_of(self.net.params)
        squares = [weight.square().sum() for weight in decaying]
        penalty = 0.5 * strength * torch.stack(squares).sum()
        penalty.backward()
        return penalty.detach()


class Totals:
    """Sums of losses and scores, kept on the device and read once."""

    def __init__(self, criterion: Objective) -> None:
        self._criterion = criterion
        self._losses: list[Tensor] = []
        self._sizes: list[int] = []
        self._pending: list[tuple[Tensor, Tensor]] = []
        self._score: Tensor | float = 0.0

    def add(self, loss: Tensor, output: Any, target: Tensor) -> None:
        """Take in a batch: its mean loss, its output and target."""
        self._losses.append(loss)
        self._sizes.append(len(target))
        if self._criterion.score is not None:
            self._pending.append((output, target))
            if len(self._pending) == PENDING:
                self._score_pending()

    def means(self, processes: Processes = ONE) -> tuple[float, float]:
        """Return loss and score per row, of the rows of all processes."""
        if self._pending:
            self._score_pending()
        sums = torch.tensor(
            [self._sum_of_losses(), float(self._score), sum(self._sizes)], dtype=torch.float64
        )
        loss, score, n_rows = processes.sum(sums).tolist()
        return loss / n_rows, (-loss if self._criterion.score is None else score) / n_rows

    def _sum_of_losses(self) -> float:
        if not self._losses:  # a process may have no share of a few rows
            return 0.0
        losses = torch.stack(self._losses)
        sizes = torch.tensor(self._sizes, dtype=losses.dtype, device=losses.device)
        return float((losses * sizes).sum())

    def _score_pending(self) -> None:
        outputs, targets = zip(*self._pending, strict=True)
        self._score = self._score + self._criterion.score(cat(outputs), cat(targets)).sum()
        self._pending.clear()


class Best:
    """The weights of the best epoch, by validation score and then by loss."""

    def __init__(self, module: nn.Module, patience: int) -> None:
        self._module, self._patience = module, patience
        self._rank = (-math.inf, -math.inf)
        self._state: dict[str, Tensor] = {}
        self._waited = 0

    @property
    def is_over(self) -> bool:
        """Whether the patience has run out."""
        return self._waited >= self._patience

    def see(self, loss: float, score: float) -> None:
        """Keep the weights if the epoch is the best so far; a loss that is no number is not."""
        rank = (score, -loss)
        if not math.isnan(loss) and rank > self._rank:
            self._rank, self._waited = rank, 0
            self._state = {k: v.detach().clone() for k, v in self._module.state_dict().items()}
        else:
            self._waited += 1

    def restore(self) -> None:
        """Put the best weights back into the module."""
        if self._state:
            self._module.load_state_dict(self._state)


def detached(output: Any) -> Any:
    """Return an output, a tensor or a tuple of tensors, without its graph."""
    if isinstance(output, tuple):
        return tuple(part.detach() for part in output)
    return output.detach()
