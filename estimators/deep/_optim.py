"""Optimisers, learning rate schedules and the moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from estimators.deep._params import TrainingParams

LEARNING_RATES = {
    "adamw": 3e-3,
    "adam": 3e-3,
    "rmsprop": 3e-3,
    "sgd": 0.05,
    "muon": 0.02,
    "adadelta": 1.0,
    "lbfgs": 1.0,
}
DECOUPLED = ("adamw", "muon")


def weight_decay_of(params: TrainingParams) -> float:
    """Return the weight decay that ``params`` ask for."""
    if params.weight_decay is not None:
        return params.weight_decay
    return 0.01 if params.optimizer in DECOUPLED else 1e-4


def make_optimizer(
    module: nn.Module, params: TrainingParams, dtype: torch.dtype = torch.float32
) -> torch.optim.Optimizer:
    """Return the optimiser that ``params`` ask for, over the weights of ``module``.

    ``dtype`` is the number format of the heavy layers; Muon's products of matrices share it.
    """
    lr = params.lr if params.lr is not None else LEARNING_RATES[params.optimizer]
    if params.optimizer == "lbfgs":
        return torch.optim.LBFGS(module.parameters(), lr=lr, line_search_fn="strong_wolfe")
    groups = parameter_groups(module, weight_decay_of(params))
    match params.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, lr=lr, fused=True)
        case "adam":
            return torch.optim.Adam(groups, lr=lr, fused=True)
        case "sgd":
            nesterov = params.nesterov and params.momentum > 0
            return torch.optim.SGD(
                groups, lr=lr, momentum=params.momentum, nesterov=nesterov, fused=True
            )
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=lr, momentum=params.momentum, foreach=True)
        case "adadelta":
            return torch.optim.Adadelta(groups, lr=lr, foreach=True)
        case _:
            return Muon(
                groups, lr=lr, momentum=params.momentum, nesterov=params.nesterov, dtype=dtype
            )


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return two groups: matrices and kernels, which decay, and biases and norms, which do not."""
    weights = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in weights if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in weights if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


class Muon(torch.optim.Optimizer):
    """Momentum whose update of every matrix or kernel is orthogonalised; AdamW for the rest.

    Kernels are seen as matrices of shape ``(out, in * height * width)``, and kept at constant norm
    by the scale of their update. AdamW runs at a tenth of the learning rate. Updates are
    orthogonalised in ``dtype``; the weights and their momentum stay as they are.

    References
    ----------
    K. Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024).
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        nesterov: bool,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "nesterov": nesterov})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # torch has two overloads
        """Change every weight by its gradient."""
        del closure  # part of torch's signature
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                if weight.ndim >= 2:
                    self._step_matrix(weight, group)
                else:
                    self._step_vector(weight, group)

    def _step_matrix(self, weight: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        gradient, momentum = _gradient(weight), group["momentum"]
        average = state["momentum"].lerp_(gradient, 1 - momentum)
        update = torch.lerp(gradient, average, momentum) if group["nesterov"] else average
        matrix = orthogonalize(update.flatten(1), self._dtype)
        scale = math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
        weight.add_(matrix.view_as(weight), alpha=-group["lr"] * scale)

    def _step_vector(self, weight: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state.update(mean=torch.zeros_like(weight), square=torch.zeros_like(weight), step=0)
        state["step"] += 1
        gradient = _gradient(weight)
        mean = state["mean"].lerp_(gradient, 0.1)
        square = state["square"].lerp_(gradient.square(), 0.05)
        mean, square = mean / (1 - 0.9 ** state["step"]), square / (1 - 0.95 ** state["step"])
        weight.addcdiv_(mean, square.sqrt() + 1e-8, value=-0.1 * group["lr"])


def _gradient(weight: Tensor) -> Tensor:
    assert weight.grad is not None
    return weight.grad


def orthogonalize(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return about U V^T for ``matrix`` = U S V^T, by five Newton-Schulz iterations in ``dtype``.

    The singular values of the result lie between some 0.7 and 1.2, which is all that Muon needs.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.mT if is_tall else matrix
    x = (x / (x.norm() + 1e-7)).to(dtype)
    for _ in range(5):
        gram = x @ x.mT
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x


class Schedule:
    """The learning rate over the course of one training.

    ``progress`` goes from 0 (first step) to 1 (after the last step).
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        kind: str | None = None,
        *,
        warmup: float | None = None,
        patience: int = 1,
    ) -> None:
        self._groups = optimizer.param_groups
        self._highest = optimizer.defaults["lr"]
        self._kind = kind
        default = 0.25 if kind == "onecycle" else 0.0
        self._warmup = default if warmup is None else warmup
        self._patience = max(1, patience // 2)
        self._scale, self._lowest, self._waited = 1.0, math.inf, 0
        self.set(0.0)

    @property
    def is_constant(self) -> bool:
        """Whether the learning rate never changes."""
        return self._kind is None and not self._warmup

    @property
    def lr(self) -> float:
        """The learning rate now."""
        return float(self._groups[0]["lr"])

    def set(self, progress: float) -> None:
        """Set the learning rate for the next step."""
        lr = self._highest * self.factor(progress)
        for group in self._groups:
            group["lr"] = lr

    def factor(self, progress: float) -> float:
        """Return the share of the highest learning rate that holds at ``progress``."""
        if progress < self._warmup:
            return self._scale * max(progress, 1e-3 * self._warmup) / self._warmup
        left = max(0.0, (1 - progress) / (1 - self._warmup))
        if self._kind == "onecycle":
            return left
        if self._kind == "cosine":
            return (1 - math.cos(math.pi * left)) / 2
        return self._scale

    def end_epoch(self, valid_loss: float) -> None:
        """Lower a 'plateau' schedule when the validation loss has stopped to fall."""
        if self._kind != "plateau":
            return
        if valid_loss < self._lowest:
            self._lowest, self._waited = valid_loss, 0
            return
        self._waited += 1
        if self._waited >= self._patience:
            self._scale, self._waited = 0.2 * self._scale, 0


class MovingAverage:
    """Exponential moving average of all floating point entries of a module's state.

    The decay grows from 0.1 to ``decay`` over the first steps, so that the initial weights are
    forgotten.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay, self._steps = decay, 0
        self._live = [v for v in module.state_dict().values() if v.is_floating_point()]
        self._average = [v.clone() for v in self._live]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after one more step."""
        self._steps += 1
        decay = min(self._decay, self._steps / (10 + self._steps))
        torch._foreach_lerp_(self._average, self._live, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the module for the time of the context."""
        live = [v.clone() for v in self._live]
        self.copy_to_module()
        try:
            yield
        finally:
            torch._foreach_copy_(self._live, live)

    def copy_to_module(self) -> None:
        """Put the average into the module for good."""
        torch._foreach_copy_(self._live, self._average)
