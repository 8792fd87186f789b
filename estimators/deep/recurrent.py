"""Recurrent net on windows of a series."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from estimators.deep._base import DeepRegressor, VectorInput
from estimators.deep._params import shared
from estimators.params import Int, domains_of, estimator, param
from estimators.spec import Spec


class LastState(nn.Module):
    """The state of an LSTM after the last step of a window, and what does not change in it.

    Shape: ``(b, steps * n_channels + n_static)`` -> ``(b, hidden_size + n_static)``.

    >>> LastState(1, 8, n_layers=2, n_static=3, drop=0.1)(torch.zeros(2, 10 + 3)).shape
    torch.Size([2, 11])
    """

    def __init__(
        self, n_channels: int, hidden_size: int, *, n_layers: int, n_static: int, drop: float
    ) -> None:
        super().__init__()
        self.n_channels, self.n_static = n_channels, n_static
        between = drop if n_layers > 1 else 0.0
        self.lstm = nn.LSTM(n_channels, hidden_size, n_layers, batch_first=True, dropout=between)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        steps, static = x.split([x.shape[1] - self.n_static, self.n_static], dim=1)
        states, _ = self.lstm(steps.unflatten(1, (-1, self.n_channels)))
        return torch.cat([self.drop(states[:, -1]), static], dim=1)


@estimator
class RecurrentRegressor(VectorInput, DeepRegressor):
    """Recurrent net (LSTM) that reads a row as a window of a series, the oldest value first.

    The state after the last step, together with the columns that are no part of the window, goes
    through a linear layer. ``LagForecaster`` makes such rows.

    {parameters}

    {attributes}

    References
    ----------
    S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 (1997) 1735-1780.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import RecurrentRegressor
    >>> series = np.sin(np.arange(500) / 5)
    >>> X = np.lib.stride_tricks.sliding_window_view(series, 10)[:-1]
    >>> y = series[10:]
    >>> model = RecurrentRegressor(max_epochs=5, random_state=0).fit(X[:400], y[:400])
    >>> model.score(X[400:], y[400:]) > 0.9
    True
    """

    hidden_size: int = param(
        default=32,
        domain=Int(1, search=(8, 128), log=True),
        doc="Units of every layer.",
    )
    n_layers: int = param(
        default=1, domain=Int(1, search=(1, 2)), doc="LSTM layers, one on the other."
    )
    n_channels: int = param(
        default=1,
        domain=Int(1),
        doc="Values at each step of a window; they stand side by side in a row.",
    )
    n_static: int = param(
        default=0,
        domain=Int(0),
        doc="Columns at the end of a row that are no part of the window, such as the calendar.",
    )
    dropout: float = shared("dropout", default=0.0, search=(0.0, 0.3))
    lr: float | None = shared("lr", default=0.01, search=(1e-3, 3e-2))
    clip_grad_norm: float | None = shared("clip_grad_norm", default=1.0)

    def build_module(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        n_steps, rest = divmod(shape[0] - self.n_static, self.n_channels)
        if n_steps < 1 or rest:
            raise ValueError(
                f"RecurrentRegressor: n_channels must divide the columns that are no static ones, "
                f"got n_channels={self.n_channels}, n_static={self.n_static} for "
                f"n_features={shape[0]}."
            )
        state = LastState(
            self.n_channels,
            self.hidden_size,
            n_layers=self.n_layers,
            n_static=self.n_static,
            drop=self.dropout,
        )
        return nn.Sequential(state, nn.Linear(self.hidden_size + self.n_static, n_outputs))


SPEC = Spec(
    title="recurrent net (LSTM)",
    summary="Reads the values before one by one and keeps what matters: for series whose past "
    "works on in ways that no fixed set of lags holds.",
    tasks={"forecasting": RecurrentRegressor},
    kinds=frozenset({"series"}),
    prepare="scale",
    params=domains_of(RecurrentRegressor),
    fast={"max_epochs": 30, "hidden_size": 16, "lr": 0.03, "random_state": 0},
    reference="S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 "
    "(1997) 1735-1780.",
)
