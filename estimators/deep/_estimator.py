"""What every net has in common, whatever its rows and whatever it learns: build, train, save."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from estimators.deep._augment import check_names
from estimators.deep._data import Rows, split
from estimators.deep._engine import HISTORY, Net
from estimators.deep._inputs import ImageScaling, KnownTokens
from estimators.deep._losses import Objective
from estimators.deep._params import TrainingParams, epochs_of
from estimators.deep._precision import loading_device, place, resolve_device
from estimators.params import check_params, domains_of, estimator
from estimators.seeds import generator_of


@estimator
class DeepEstimator(TrainingParams, BaseEstimator, ABC):
    """What every net has in common, whatever it learns."""

    ATTRIBUTES: ClassVar = {
        "net_": ("skorch net", "The trained net; ``net_.module_`` is the torch module."),
        "history_": (
            "list of dict",
            "One row per epoch: epoch, train_loss, valid_loss, train_score, valid_score, lr, "
            "seconds.",
        ),
        "n_parameters_": ("int", "Number of weights."),
    }

    @abstractmethod
    def build_module(self, shape: Any, n_outputs: int) -> nn.Module:
        """Return the untrained net.

        Parameters
        ----------
        shape : tuple of int
            Shape of one row: ``(p,)`` of a vector, ``(c, h, w)`` of an image.
        n_outputs : int
            Number of outputs: classes, or targets.
        """

    @abstractmethod
    def _objective(self) -> Objective:
        """Return the loss to minimise."""

    @abstractmethod
    def _read(self, X: Any, *y: Any, reset: bool, **rules: Any) -> Any:
        """Return checked rows, and ``y`` if it is given; see :mod:`estimators.deep._inputs`."""

    @abstractmethod
    def _shape_of(self, X: np.ndarray) -> tuple[int, ...]:
        """Return the shape in which the module sees a row."""

    @abstractmethod
    def _input_layer(self, shape: tuple[int, ...]) -> nn.Module:
        """Return the layer that takes a stored batch, in front of the net."""

    def _fit_net(
        self,
        X: np.ndarray,
        y: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        *,
        n_outputs: int,
        labels: np.ndarray | None = None,
    ) -> None:
        """Build and train a net, or train the one that there is where ``warm_start`` says so.

        Parameters
        ----------
        X : ndarray of shape (n, ...)
            Rows as :meth:`_read` returns them.
        y : ndarray of shape (n,) or (n, k), or None
            Targets; None where the row itself is the target.
        weight : ndarray of shape (n,) or None
            Weights of mean 1.
        n_outputs : int
            As :meth:`build_module` takes it.
        labels : ndarray of shape (n,) or None
            Classes, of each of which the validation rows get their share.
        """
        for name in ("augment", "tta"):
            check_names(getattr(self, name), X.ndim - 1, name, type(self).__name__)
        module = self.net_.module if self._goes_on() else None
        if module is None:
            self._start(X, n_outputs)
        with self._seeded() as device:
            rows = Rows.of(X, y, weight).on(device)
            train, valid = self._split(len(X), labels)
            self.net_: Net = self._make_net(
                module or self._new_module(rows, train), device, compile=self.compile
            )
            self._train(rows, train, valid, epochs_of(self, len(train)))

    def _partial_fit_net(
        self,
        X: np.ndarray,
        y: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        *,
        n_outputs: int,
    ) -> None:
        """Train for one epoch at a constant learning rate; the first call builds the net."""
        is_first = not hasattr(self, "net_")
        if is_first:
            self._start(X, n_outputs)
        with self._seeded() as device:
            rows = Rows.of(X, y, weight).on(device)
            everything = torch.arange(len(X))
            if is_first:
                self.net_ = self._make_net(
                    self._new_module(rows, everything), device, compile=self.compile
                )
            self._train(rows, everything, everything[:0], 1, steady=True)

    def _train(
        self, rows: Rows, train: Tensor, valid: Tensor, epochs: int, *, steady: bool = False
    ) -> None:
        self.net_.train(rows, train, valid, epochs, steady=steady)
        self.history_ = [{name: row[name] for name in HISTORY} for row in self.net_.history]
        self.n_parameters_ = sum(p.numel() for p in self.net_.module.parameters())

    def _start(self, X: np.ndarray, n_outputs: int) -> None:
        """Forget what was trained before."""
        self._shape, self._n_outputs = self._shape_of(X), n_outputs
        self.history_ = []

    def _check_params(self) -> None:
        """Refuse illegal parameters, and such as do not fit the rows."""
        check_params(self, domains_of(type(self)))

    def _goes_on(self) -> bool:
        """Tell whether `fit` is to keep the weights that there are."""
        return bool(self.warm_start) and hasattr(self, "net_")

    @contextmanager
    def _seeded(self) -> Iterator[torch.device]:
        """Seed torch for the time of the context, and leave its generators as they were."""
        device = resolve_device(self.device, type(self).__name__)
        rng = generator_of(self.random_state)
        uses_gpu = device.type == "cuda" or torch.cuda.is_initialized()
        gpus = range(torch.cuda.device_count()) if uses_gpu else ()
        with torch.random.fork_rng(devices=gpus):
            torch.manual_seed(int(rng.randint(2**31 - 1)) + len(self.history_))
            yield device

    def _split(self, n_rows: int, labels: np.ndarray | None) -> tuple[Tensor, Tensor]:
        """Return which rows to train on and which to validate on."""
        fraction = self.validation_fraction
        if fraction is None and (self.early_stopping or self.lr_schedule == "plateau"):
            fraction = 0.1
        train, valid = split(n_rows, fraction or 0.0, labels)
        if fraction and (len(valid) < 1 or len(train) < 2):
            raise ValueError(
                f"{type(self).__name__}: validation_fraction must leave 2 rows or more to train on "
                f"and 1 or more to validate on, got validation_fraction={fraction!r} of "
                f"n_samples={n_rows}; take more rows, or early_stopping=False."
            )
        return train, valid

    def _new_module(self, rows: Rows, train: Tensor) -> nn.Module:
        module = self._assemble()
        for layer in module.modules():
            if isinstance(layer, (ImageScaling, KnownTokens)):
                layer.adapt(rows.X, train)
        return module

    def _assemble(self) -> nn.Module:
        """Return the untrained net behind its input layer."""
        layers = OrderedDict(
            input=self._input_layer(self._shape),
            model=self.build_module(self._shape, self._n_outputs),
        )
        return nn.Sequential(layers)

    def _make_net(self, module: nn.Module, device: torch.device, *, compile: bool) -> Net:
        """Return a net around ``module``, ready to train, with the history so far."""
        placement = place(module, device, self.precision)
        net = Net(module, self._objective(), self, placement, compile=compile)
        net.initialize()
        net.history.extend({"batches": [], **row} for row in self.history_)
        return net

    def _forward(self, X: np.ndarray) -> np.ndarray:
        """Return the output of the net for rows as :meth:`_read` returns them."""
        return self.net_.forward_rows(X)

    def __getstate__(self) -> dict[str, Any]:
        """Return parameters and plain arrays: no torch object, no device."""
        state = dict(super().__getstate__())
        net = state.pop("net_", None)
        if net is not None:
            weights = net.module.state_dict()
            state["_weights"] = {name: value.cpu().numpy() for name, value in weights.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build the net again, on the CPU where its device is not there."""
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is None:
            return
        with torch.random.fork_rng(devices=()):
            module = self._assemble()
        module.load_state_dict({name: torch.from_numpy(v) for name, v in weights.items()})
        self.net_ = self._make_net(module, loading_device(self.device), compile=False)
        self.net_.module_.eval()
