"""What a net is trained for: losses that know weights, and the scores beside them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss


class Objective(nn.Module):
    """A loss to minimise and a score to follow.

    ``forward(output, target, weight)`` returns the weighted mean loss of a batch; ``target`` is
    the input itself where a net reconstructs. ``score(output, target)`` returns one number per
    row, higher is better, and stands in the history as its mean; None is minus the loss.
    """

    score: Any = None


class ClassificationObjective(Objective):
    """Cross-entropy, and the accuracy."""

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Shape: ``(b, k)``, ``(b,)``, ``(b,)`` -> ``()``."""
        output = output.float()
        if weight is None:
            return cross_entropy(output, target, label_smoothing=self.label_smoothing)
        losses = cross_entropy(
            output, target, reduction="none", label_smoothing=self.label_smoothing
        )
        return (losses * weight).mean()

    def score(self, output: Tensor, target: Tensor) -> Tensor:
        """Tell which rows are right. Shape: ``(b, k)``, ``(b,)`` -> ``(b,)``."""
        return (output.argmax(1) == target).float()


class RegressionObjective(Objective):
    """Squared error of standardised targets; the score is 1 minus it, about R squared."""

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Shape: ``(b, k)``, ``(b, k)``, ``(b,)`` -> ``()``."""
        if weight is None:
            return mse_loss(output.float(), target)
        return ((output.float() - target).square().mean(1) * weight).mean()

    def score(self, output: Tensor, target: Tensor) -> Tensor:
        """Shape: ``(b, k)``, ``(b, k)`` -> ``(b,)``."""
        return 1 - (output.float() - target).square().mean(1)
