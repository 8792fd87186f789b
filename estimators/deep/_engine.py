"""The training engine: a skorch net with a loop of its own. The only file that imports skorch.

The rows lie in memory as tensors, on the device where they fit, and a batch is one gather. Losses
and scores are summed on the device and read once per epoch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, PrintLog
from torch import Tensor, nn

from estimators.deep._augment import as_names, views
from estimators.deep._data import Rows
from estimators.deep._loop import Totals, Training
from estimators.deep._losses import Objective
from estimators.deep._optim import Schedule, make_optimizer
from estimators.deep._params import TrainingParams, batch_size_of
from estimators.deep._precision import Placement
from estimators.deep._processes import ONE, Processes, processes_of
from estimators.deep._threads import enough_rows, one_thread, side_by_side
from estimators.deep.watching import tell

HISTORY = (
    "epoch", "train_loss", "valid_loss", "train_score", "valid_score", "lr", "seconds"
)  # fmt: skip
SMALL = 64  # predictions of up to so many rows run in equal batches of PADDED rows
PADDED = 8
RECURRENT = 512  # rows of which the states of a recurrent net stay in the cache


class Net(NeuralNet):
    """A skorch net over a built module, trained and applied in large strides.

    Parameters
    ----------
    module : nn.Module
        Takes a batch as it is stored and returns what ``criterion`` takes.
    criterion : Objective
        Loss and score.
    params : TrainingParams
        How to train: usually the estimator itself.
    placement : Placement
        Where to compute, in which format.
    compile : bool, default=False
        Whether to compile the module.
    """

    def __init__(
        self,
        module: nn.Module,
        criterion: Objective,
        params: TrainingParams,
        placement: Placement,
        *,
        compile: bool = False,
    ) -> None:
        super().__init__(
            module,
            criterion=criterion,
            callbacks=list(params.callbacks or []),
            device=str(placement.device),
            compile=compile,
            verbose=int(params.verbose),
            train_split=None,
        )
        self.params = params
        self.placement = placement
        self._enough_rows: float | None = None
        self._is_recurrent = placement.device.type == "cpu" and any(
            isinstance(layer, nn.RNNBase) for layer in module.modules()
        )
        self._processes: Processes = ONE

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return [("print_log", PrintLog(sink=self._print))] if self.verbose else []

    def _print(self, line: str) -> None:
        if self._processes.is_first:
            print(line)

    def initialize_module(self) -> Net:
        layout = torch.channels_last if self.placement.channels_last else torch.preserve_format
        self.module_ = self.module.to(memory_format=layout)
        return self

    def initialize_optimizer(self, triggered_directly: bool | None = None) -> Net:
        self.optimizer_ = make_optimizer(self.module, self.params, self.placement.dtype)
        return self

    def torch_compile(self, module: nn.Module, name: str) -> Any:
        return torch.compile(module) if self.compile and name == "module" else module

    @property
    def watches_batches(self) -> bool:
        """Whether a callback of the user's wants to hear of every batch."""
        return self._watches_batches

    def initialize_callbacks(self) -> Net:
        super().initialize_callbacks()
        hooks = ("on_batch_begin", "on_batch_end")
        self._watches_batches = any(
            getattr(type(callback), hook) is not getattr(Callback, hook)
            for _, callback in self.callbacks_
            for hook in hooks
        )
        return self

    def train(
        self, rows: Rows, train: Tensor, valid: Tensor, epochs: int, *, steady: bool = False
    ) -> None:
        """Train for so many epochs on the rows ``train``, validate on the rows ``valid``.

        ``steady`` keeps the learning rate constant.
        """
        self.max_epochs, params = epochs, self.params
        self._processes = processes_of(params.device, type(params).__name__)
        train, valid = self._processes.agree(train, valid)
        self._check_batches(min(batch_size_of(params, len(train)), len(train)))
        self.notify("on_train_begin", X=rows.X, y=rows.y)
        course = (None, 0.0) if steady else (params.lr_schedule, params.warmup)
        schedule = Schedule(self.optimizer_, course[0], warmup=course[1], patience=params.patience)
        batch_size = batch_size_of(params, len(train))
        if self.module_ is not self.module:
            self._try_compiled(rows, train[:batch_size])
        with self._threads_for(rows, min(batch_size, len(train))):
            self.fit_loop(Training(self, rows, train, valid, epochs, schedule, self._processes))
        self.module_.eval()
        self.notify("on_train_end", X=rows.X, y=rows.y)
        self._processes = ONE

    def fit_loop(self, X: Training, y: None = None, epochs: int | None = None) -> Net:
        """Run the training ``X`` epoch by epoch; see :meth:`train`."""
        training, rows, valid = X, X.rows, X.valid
        for _ in range(epochs or training.epochs):
            self.notify("on_epoch_begin", dataset_train=rows, dataset_valid=valid)
            self.history[-1].update(training.run_epoch())
            tell(self.history[-1], training.epochs, self.params)
            if self._end_epoch(rows, valid) or training.is_over:
                break
        training.finish()
        return self

    def _check_batches(self, n_rows: int) -> None:
        """Refuse batches of which a process would get too little."""
        if self._processes is not ONE and n_rows < self._processes.fewest:
            raise ValueError(
                f"{type(self.params).__name__}: batch_size must be 2 or more for each of the "
                f"{self._processes.fewest // 2} processes, got batches of {n_rows} rows."
            )

    def _try_compiled(self, rows: Rows, index: Tensor) -> None:
        """Run the compiled net on some rows; if that fails, warn and go on without compilation."""
        X, _, _ = rows.take(index, self.placement.device)
        try:
            # A part may have run, and drawn for dropout, before the compiler is found missing.
            with torch.random.fork_rng(devices=()), self.placement.autocast():
                self.module_(X)
        except RuntimeError as error:  # of torch's compiler: there is no narrower public class
            reason = str(error).strip().splitlines()[0]
            warnings.warn(f"compile=True has no effect: {reason}", RuntimeWarning, stacklevel=2)
            self.module_ = self.module

    def _end_epoch(self, rows: Rows, valid: Tensor) -> bool:
        """Tell the callbacks; True if skorch's EarlyStopping wants to stop (by this exception)."""
        try:
            self.notify("on_epoch_end", dataset_train=rows, dataset_valid=valid)
        except KeyboardInterrupt:
            if any(isinstance(callback, EarlyStopping) for _, callback in self.callbacks_):
                return True
            raise
        return False

    @torch.no_grad()
    def evaluate(
        self, rows: Rows, which: Tensor, processes: Processes = ONE
    ) -> tuple[float, float]:
        """Return mean loss and score of some rows, of which every process takes its share."""
        self.module_.eval()
        totals = Totals(self.criterion_)
        which = processes.share(rows.by_length(which))
        for index in which.split(rows.stride(self.placement.device)):
            X, y, weight = rows.take(index, self.placement.device)
            target = X if y is None else y
            with self.placement.autocast():
                output = self.module_(X)
                loss = self.criterion_(output, target, weight)
            totals.add(loss, output, target)
        return totals.means(processes)

    def forward_rows(
        self, X: np.ndarray, function: Callable[[Tensor], Tensor] | None = None
    ) -> np.ndarray:
        """Return the output of the net, or of ``function``, for all rows, in large batches.

        Up to 64 rows go in equal batches of eight, the last one padded: float32 sums depend on
        the size of the batch in the last digit, and so a row gets the same answer alone and among
        others. Of recurrent nets, which gain nothing from a second thread, every thread takes a
        batch of its own.
        """
        rows = Rows.of(X)
        call = function or self._with_views
        is_small = len(X) <= SMALL
        stride = PADDED if is_small else rows.stride(self.placement.device)
        if self.module_.training:  # to say so again costs as much as a small net
            self.module_.eval()

        @torch.inference_mode()  # a thread's own affair, as is autocast
        def answers(index: Tensor) -> Tensor:
            if is_small:
                index = index[torch.arange(PADDED).clamp_(max=len(index) - 1)]
            batch, _, _ = rows.take(index, self.placement.device)
            with self.placement.autocast():
                return call(batch).float().cpu()

        order = rows.by_length(torch.arange(len(X)))
        if self._is_recurrent and not is_small:
            outputs = side_by_side(answers, order.split(min(stride, RECURRENT)))
        else:
            with self._threads_for(rows, min(stride, len(X))):
                outputs = [answers(index) for index in order.split(stride)]
        found = torch.cat(outputs)[: len(X)]
        return (found if rows.lengths is None else found[order.argsort()]).numpy()

    def _threads_for(self, rows: Rows, batch_size: int) -> AbstractContextManager[None]:
        """Return a context with as many threads as batches of these rows are worth."""
        if self._enough_rows is None:
            row, _, _ = rows.take(torch.zeros(1, dtype=torch.int64), self.placement.device)
            self._enough_rows = enough_rows(self.module, row)
        return one_thread() if batch_size < self._enough_rows else nullcontext()

    def _with_views(self, X: Tensor) -> Tensor:
        """Return the output, averaged over the views of test-time augmentation."""
        names = as_names(self.params.tta)
        if not names:
            return self.module_(X)
        return torch.stack([self.module_(view).float() for view in views(X, names)]).mean(0)
