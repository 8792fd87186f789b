"""Recurrent autoencoder of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from estimators.deep._inputs import VectorInput
from estimators.deep._params import shared
from estimators.deep._reconstruction import EncoderDecoder, Reconstructor
from estimators.deep._stacked_lstm import StackedLSTM
from estimators.params import Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec


class LSTMEncoder(nn.Module):
    """The last state of the top layer. Shape: ``(b, t * d)`` -> ``(b, k)``."""

    def __init__(self, n_channels: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.lstm = StackedLSTM(n_channels, sizes)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x.unflatten(1, (-1, self.n_channels)))[:, -1]


class LSTMDecoder(nn.Module):
    """The code at every step, LSTM layers, a dense layer. Shape: ``(b, k)`` -> ``(b, t * d)``."""

    def __init__(self, n_channels: int, sizes: tuple[int, ...], n_steps: int) -> None:
        super().__init__()
        self.n_steps = n_steps
        self.lstm = StackedLSTM(sizes[0], sizes)
        self.out = nn.Linear(sizes[-1], n_channels)

    def forward(self, code: Tensor) -> Tensor:
        repeated = code.unsqueeze(1).expand(-1, self.n_steps, -1)
        return self.out(self.lstm(repeated)).flatten(1)


@estimator
class LSTMAutoencoder(VectorInput, Reconstructor):
    """Autoencoder of sequences: LSTM layers read them, the last state is the code.

    The code is repeated at every step, and LSTM layers in reverse order write the sequence. It
    wants values of about zero mean and unit variance.

    {parameters}

    {attributes}

    References
    ----------
    P. Malhotra et al., LSTM-based encoder-decoder for multi-sensor anomaly detection, ICML 2016
    Anomaly Detection Workshop.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import LSTMAutoencoder
    >>> starts = np.linspace(0, 6, 200).reshape(-1, 1)
    >>> waves = np.sin(starts + np.arange(20) / 3)
    >>> model = LSTMAutoencoder(hidden_sizes=(16,), lr=0.01, random_state=0).fit(waves)
    >>> model.score(waves) > model.score(waves[:, ::-1] + 1)
    True
    """

    hidden_sizes: tuple[int, ...] = param(
        default=(32, 16),
        domain=Sequence(Int(1), min_length=1, search=((16,), (64,), (32, 16))),
        doc="Units of the LSTM layers of the encoder, the last one the code; the decoder has them "
        "in reverse order.",
    )
    n_channels: int = param(
        default=1,
        domain=Int(1),
        doc="Values at every step: a row is step after step. 3-D X (n, steps, channels) brings its "
        "own.",
    )
    lr: float | None = shared("lr", default=0.01, search=(1e-3, 3e-2))
    clip_grad_norm: float | None = shared("clip_grad_norm", default=1.0)

    def build_module(self, shape: tuple[int, ...], n_outputs: int) -> EncoderDecoder:
        sizes, n_steps = tuple(self.hidden_sizes), shape[0] // self._n_channels
        return EncoderDecoder(
            LSTMEncoder(self._n_channels, sizes),
            LSTMDecoder(self._n_channels, sizes[::-1], n_steps),
            self._corruption(),
        )

    def _read(self, X: Any, *y: Any, reset: bool, **rules: Any) -> Any:
        """Return checked sequences as rows, step after step."""
        brought = None
        if getattr(X, "ndim", 2) == 3:
            X, brought = np.asarray(X).reshape(len(X), -1), X.shape[2]
        rows = super()._read(X, *y, reset=reset, **rules)
        if reset:
            self._n_channels = brought or self.n_channels
            if rows.shape[1] % self._n_channels:
                raise ValueError(
                    f"{type(self).__name__}: n_channels must divide the length of a row, got "
                    f"n_channels={self._n_channels!r} for rows of {rows.shape[1]}."
                )
        return rows


SPEC = Spec(
    title="recurrent autoencoder",
    summary="Reads a window of a series into a code and writes it again; knows the order of time.",
    tasks={"anomaly": LSTMAutoencoder},
    kinds=frozenset({"table", "series"}),
    prepare="scale",
    params=domains_of(LSTMAutoencoder),
    fast={"max_epochs": 20, "hidden_sizes": (8,), "lr": 0.02, "random_state": 0},
    reference="P. Malhotra et al., LSTM-based encoder-decoder for multi-sensor anomaly detection "
    "(2016), arXiv:1607.00148.",
)
