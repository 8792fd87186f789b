"""How a deep Boltzmann machine is trained: its layers one by one, then all together."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from ._dbm_layers import Layers, State


def stacked(model: Any, X: np.ndarray, rng: np.random.RandomState) -> Layers:
    """Return the layers after each was trained on what the one below makes of the rows."""
    n_layers = len(model.layer_sizes)
    weights, biases, rows = [], [], X
    for i, n_hidden in enumerate(model.layer_sizes):
        scales = (1 if i == n_layers - 1 else 2, 1 if i == 0 else 2)
        w, below, above = pretrain(
            rows, n_hidden, rng,
            scales=scales, lr=model.lr, n_iter=model.pretrain_iter, batch_size=model.batch_size,
        )  # fmt: skip
        rows = expit(scales[0] * (rows @ w) + above)
        weights.append(w)
        biases += [below, above] if i == 0 else [above]
    return Layers(weights, biases)


def train_together(
    model: Any, layers: Layers, X: np.ndarray, rng: np.random.RandomState
) -> list[dict[str, Any]]:
    """Train all layers: mean field given the rows against chains that go on; return the history."""
    history: list[dict[str, Any]] = []
    chains: State = layers.upward(X[rng.choice(len(X), model.n_chains)])
    n_batches = -(-len(X) // model.batch_size)
    n_steps, step = model.n_iter * n_batches, 0
    for epoch in range(1, model.n_iter + 1):
        order, losses = rng.permutation(len(X)), []
        for start in range(0, len(X), model.batch_size):
            x = X[order[start : start + model.batch_size]]
            data = layers.mean_field(x, model.n_mean_field)
            for _ in range(model.n_gibbs):
                layers.gibbs_step(chains, rng)
            losses.append(((layers.probabilities(data, 0) - x) ** 2).mean())
            layers.learn(data, chains, model.lr * (1 - step / n_steps))
            step += 1
        history.append({"epoch": epoch, "train_loss": float(np.mean(losses))})
    return history


def pretrain(
    X: np.ndarray,
    n_hidden: int,
    rng: np.random.RandomState,
    *,
    scales: tuple[int, int],
    lr: float,
    n_iter: int,
    batch_size: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights and both biases of one machine of two layers, by contrastive divergence.

    ``scales`` multiplies the weights upwards and downwards: 2 stands for a layer that is not there
    yet, so that the machines fit together afterwards.
    """
    up, down = scales
    weights = rng.normal(scale=0.01, size=(X.shape[1], n_hidden)).astype(X.dtype)
    mean = X.mean(axis=0).clip(0.01, 0.99)
    visible, hidden = np.log(mean / (1 - mean)), np.zeros(n_hidden, dtype=X.dtype)
    for _ in range(n_iter):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            x = X[order[start : start + batch_size]]
            h = expit(up * (x @ weights) + hidden)
            on = (rng.uniform(size=h.shape) < h).astype(X.dtype)
            back = expit(down * (on @ weights.T) + visible)
            again = expit(up * (back @ weights) + hidden)
            weights += lr * (x.T @ h - back.T @ again) / len(x)
            visible += lr * (x - back).mean(axis=0)
            hidden += lr * (h - again).mean(axis=0)
    return weights, visible, hidden
