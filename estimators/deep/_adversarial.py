"""Two nets against each other: their losses, their steps, and the epochs of their game."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

from estimators.deep._data import batches
from estimators.deep._optim import MovingAverage
from estimators.deep._precision import Placement
from estimators.deep.watching import tell

GENERATOR_LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "non-saturating": lambda fake: softplus(-fake).mean(),
    "hinge": lambda fake: -fake.mean(),
    "wgan-gp": lambda fake: -fake.mean(),
}
DISCRIMINATOR_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "non-saturating": lambda real, fake: (softplus(-real) + softplus(fake)).mean(),
    "hinge": lambda real, fake: (relu(1 - real) + relu(1 + fake)).mean(),
    "wgan-gp": lambda real, fake: (fake - real).mean(),
}
PENALTY = 10.0  # weight of the penalty of "wgan-gp", as in its paper
SMOOTHNESS = 1.0  # weight of the squared slope at real rows, for the other losses (R1)
STEPS = 64  # of an epoch, where rows are few
JUDGED = 300  # steps before which a one-sided game says nothing
LAZY = 8  # steps from one such penalty to the next, which weighs as much more


def gradient_penalty(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean squared distance of the slope from one, between real and drawn rows."""
    share = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    return (slope(discriminator, torch.lerp(fake, real, share)) - 1).square().mean()


def slope(discriminator: nn.Module, rows: Tensor) -> Tensor:
    """Return how steeply the score rises at every row. Shape: ``(b, ...)`` -> ``(b,)``."""
    rows = rows.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(rows).sum(), rows, create_graph=True)
    return gradient.flatten(1).norm(dim=1)


class Game:
    """Generator against discriminator.

    Parameters
    ----------
    generator, discriminator : nn.Module
        Both on the device of ``placement``.
    params : GAN
        Its loss, learning rates and decay of the average.
    placement : Placement
        Where to compute, in which format.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, params: Any, placement: Placement
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.params, self.placement = params, placement
        betas = (0.0, 0.9) if params.loss == "wgan-gp" else (0.5, 0.999)
        rates = {generator: params.lr, discriminator: params.discriminator_lr}
        self.optimizers = {
            net: torch.optim.Adam(net.parameters(), lr=rate, betas=betas, fused=True)
            for net, rate in rates.items()
        }
        self.average = None if params.ema is None else MovingAverage(generator, params.ema)
        self.totals: dict[str, list[Tensor]] = {}
        self.n_steps = 0

    def play(self, rows: Tensor, scale: Callable[[Tensor], Tensor]) -> list[dict[str, Any]]:
        """Train both for all epochs, or until the time is over; return the history.

        ``scale`` brings stored rows to [-1, 1], channels first.
        """
        params, history = self.params, []
        limit = time.perf_counter() + (params.max_seconds or math.inf)
        for epoch in range(1, params.max_epochs + 1):
            started = time.perf_counter()
            self._run_epoch(rows, scale, limit)
            history.append({"epoch": epoch, **self._means(), "seconds": 0.0})
            history[-1]["seconds"] = time.perf_counter() - started
            tell(history[-1], params.max_epochs, params)
            if time.perf_counter() > limit:
                break
        if self.average is not None:
            self.average.copy_to_module()
        self.generator.eval()
        return history

    def _run_epoch(self, rows: Tensor, scale: Callable[[Tensor], Tensor], limit: float) -> None:
        params = self.params
        ratio = params.n_discriminator_steps or (5 if params.loss == "wgan-gp" else 1)
        order = torch.randperm(len(rows), device=rows.device)
        size = params.batch_size or min(max(len(rows) // STEPS, 16), 64)
        for index in batches(order, size):
            real = scale(rows.index_select(0, index))
            self.step_discriminator(real)
            self.n_steps += 1
            if self.n_steps % ratio == 0:
                self.step_generator(len(real))
            if time.perf_counter() > limit:
                break

    def codes(self, n: int) -> Tensor:
        """Return standard normal codes from torch's generator."""
        return torch.randn(n, self.params.latent_dim, device=self.placement.device)

    def step_discriminator(self, real: Tensor) -> None:
        """Teach the discriminator to tell ``real`` from as many drawn rows."""
        with self.placement.autocast():
            with torch.no_grad():
                fake = self.generator(self.codes(len(real))).to(real.dtype)
            on_real, on_fake = (self.discriminator(rows).float() for rows in (real, fake))
            loss = DISCRIMINATOR_LOSSES[self.params.loss](on_real, on_fake)
        penalty = self._penalty(real, fake)
        self._apply(self.discriminator, loss if penalty is None else loss + penalty)
        right = (on_real > 0).float().mean() / 2 + (on_fake < 0).float().mean() / 2
        self._note(discriminator_loss=loss, accuracy=right, real_spread=real.var(dim=0).sum())

    def _penalty(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """Return the penalty of this step, in float32: it is a gradient that is trained."""
        if self.params.loss == "wgan-gp":
            return PENALTY * gradient_penalty(self.discriminator, real, fake)
        if self.n_steps % LAZY:
            return None
        return LAZY * SMOOTHNESS / 2 * slope(self.discriminator, real).square().mean()

    def step_generator(self, n: int) -> None:
        """Teach the generator to pass ``n`` rows for real."""
        self.discriminator.requires_grad_(False)
        with self.placement.autocast():
            fake = self.generator(self.codes(n))
            scores = self.discriminator(fake).float()
            loss = GENERATOR_LOSSES[self.params.loss](scores)
        self._apply(self.generator, loss)
        self.discriminator.requires_grad_(True)
        if self.average is not None:
            self.average.update()
        self._note(generator_loss=loss, fake_spread=fake.float().var(dim=0).sum())

    def faults(self, last: dict[str, Any]) -> list[str]:
        """Return what went wrong, and what to do, by the last epoch of a game of many steps."""
        right, diversity = last["discriminator_accuracy"], last["diversity"]
        found = {
            "the discriminator tells nearly all rows right and the generator learns nothing more; "
            "lower discriminator_lr, or take loss='wgan-gp'": right is not None and right > 0.98,
            "the discriminator is deceived by nearly all rows and teaches nothing more; raise "
            "discriminator_lr": right is not None and right < 0.1,
            "the drawn rows are nearly all the same (mode collapse); lower lr, or take "
            "loss='wgan-gp'": diversity is not None and diversity < 0.3,
        }
        return [fault for fault, is_true in found.items() if is_true and self.n_steps >= JUDGED]

    def _means(self) -> dict[str, Any]:
        """Return what the history says of the epoch."""
        found = {name: float(torch.stack(values).mean()) for name, values in self.totals.items()}
        self.totals.clear()
        spreads = found.pop("fake_spread", math.nan) / found.pop("real_spread")
        right = found.pop("accuracy")
        return {
            "train_loss": found.pop("generator_loss", None),
            "discriminator_loss": found["discriminator_loss"],
            "discriminator_accuracy": None if self.params.loss == "wgan-gp" else right,
            "diversity": None if math.isnan(spreads) else math.sqrt(spreads),
            **dict.fromkeys(("valid_loss", "train_score", "valid_score")),
            "lr": self.params.lr,
        }

    def _apply(self, net: nn.Module, loss: Tensor) -> None:
        self.optimizers[net].zero_grad()
        loss.backward()
        self.optimizers[net].step()

    def _note(self, **values: Tensor) -> None:
        for name, value in values.items():
            self.totals.setdefault(name, []).append(value.detach())
