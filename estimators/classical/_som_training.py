"""How the units of a self-organising map find their places: MiniSom's way, or all rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from minisom import MiniSom
from sklearn.utils import gen_batches
from sklearn.utils.extmath import randomized_svd

from estimators.seeds import generator_of

from ._som_step import batch_step
from .som_grid import Neighborhood

_SAMPLE = 5_000  # rows that show where to start
_ONLINE_LR = {
    "asymptotic": "asymptotic_decay",
    "linear": "linear_decay_to_zero",
    "inverse": "inverse_decay_to_zero",
}
_ONLINE_SIGMA = {
    "asymptotic": "asymptotic_decay",
    "linear": "linear_decay_to_one",
    "inverse": "inverse_decay_to_one",
}


def decayed_rate(name: str, start: float, t: int, n_steps: int) -> float:
    """Return the learning rate at step ``t`` of ``n_steps``, as MiniSom does."""
    if name == "linear":
        return start * (1 - t / n_steps)
    if name == "inverse":
        return start * (n_steps / 100) / (n_steps / 100 + t)
    return start / (1 + t / (n_steps / 2))


def first_weights(
    X: np.ndarray, shape: tuple[int, int], init: str, rng: np.random.RandomState
) -> np.ndarray:
    """Return where the units start. Shape: ``(rows * columns, n_features)``."""
    n_units = shape[0] * shape[1]
    if init == "sample":
        return X[rng.choice(len(X), n_units, replace=len(X) < n_units)]
    some = X[rng.choice(len(X), min(len(X), _SAMPLE), replace=False)]
    mean, deviation = some.mean(axis=0), some.std(axis=0)
    if init == "random":
        return mean + deviation * rng.standard_normal((n_units, X.shape[1])).astype(X.dtype)
    return mean + _plane(some - mean, shape, rng)


def _plane(X: np.ndarray, shape: tuple[int, int], rng: np.random.RandomState) -> np.ndarray:
    """Return a grid in the plane of the first two principal components, the long side first."""
    _, singular, components = randomized_svd(X, min(2, *X.shape), random_state=rng)
    # an even spread over [-a, a] has the variance a^2 / 3
    reach = np.sqrt(3 / len(X)) * singular[:, None] * components
    axes = np.indices(shape, dtype=X.dtype).reshape(2, -1)
    spread = 2 * axes / np.maximum(np.array(shape)[:, None] - 1, 1) - 1
    spread *= (np.array(shape) > 1)[:, None]
    order = [0, 1] if shape[0] >= shape[1] else [1, 0]
    return (spread[order][: len(reach)].T @ reach).astype(X.dtype)


def train_in_batches(
    model: Any,
    X: np.ndarray,
    weights: np.ndarray | None,
    passes: Iterable[int],
    batch_size: int | None,
) -> np.ndarray:
    """Return the weights after some of the ``n_iter`` passes over ``X``, from a new start if None.

    Rows are shifted to their mean, which no distance but the cosine sees: float32 then suffices.
    """
    rng = generator_of(model.random_state)
    offset = 0.0 if model.distance == "cosine" else X.mean(axis=0)
    rows = (X - offset).astype(np.float32, copy=False)
    if weights is None:
        weights = first_weights(rows, model.shape, model.init, rng)
    else:
        weights = (weights - offset).astype(np.float32)
    rows, weights = _on_device(model.device, rows, weights)
    neighborhood = Neighborhood(model.neighborhood, model.shape, model.topology)
    for t in passes:
        (pull,) = _on_device(model.device, neighborhood(_width(model, t)).astype(np.float32))
        if batch_size is None:
            weights = batch_step(rows, weights, pull, model.distance, 1.0)
            continue
        rate = decayed_rate(model.lr_decay, model.lr, t, model.n_iter)
        order = rng.permutation(len(rows))
        for batch in gen_batches(len(rows), batch_size):
            weights = batch_step(rows[order[batch]], weights, pull, model.distance, rate)
    return np.asarray(weights if isinstance(weights, np.ndarray) else weights.cpu()) + offset


def train_online(
    model: Any, X: np.ndarray, weights: np.ndarray | None, passes: range
) -> np.ndarray:
    """Return MiniSom's weights after all ``n_iter`` passes, or after some from given weights."""
    som = _minisom(model, X.shape[1])
    n_steps = model.n_iter * len(X)
    if weights is None:
        _start(som, model, X)
        if len(passes) == model.n_iter:
            som.train(X, n_steps, random_order=True)
            return _flat(som)
    else:
        som.get_weights()[:] = weights.reshape(*model.shape, -1)
    order = generator_of(model.random_state).permutation(len(X))
    for t in passes:
        for step, row in enumerate(X[order], start=t * len(X)):
            som.update(row, som.winner(row), step, n_steps)
    return _flat(som)


def _minisom(model: Any, n_features: int) -> MiniSom:
    """Return MiniSom with the parameters of ``model``, untrained."""
    random_state = model.random_state
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(2**31)
    return MiniSom(
        *model.shape,
        n_features,
        sigma=first_width(model),
        learning_rate=model.lr,
        decay_function=_ONLINE_LR[model.lr_decay],
        sigma_decay_function=_ONLINE_SIGMA[model.sigma_decay or "linear"],
        neighborhood_function=model.neighborhood,
        topology=model.topology,
        activation_distance=model.distance,
        random_seed=random_state,
    )


def _start(som: MiniSom, model: Any, X: np.ndarray) -> None:
    """Put the units where ``init`` says, as MiniSom does where it can."""
    if model.init == "sample":
        som.random_weights_init(X)
    elif model.init == "pca" and min(*model.shape, X.shape[1]) > 1:
        som.pca_weights_init(X)
    elif model.init == "pca":
        start = first_weights(X, model.shape, "pca", np.random.RandomState(0))
        som.get_weights()[:] = start.reshape(*model.shape, -1)


def _flat(som: MiniSom) -> np.ndarray:
    weights = som.get_weights()
    return weights.reshape(-1, weights.shape[2])


def first_width(model: Any) -> float:
    """Return ``sigma``; by default half of the longer side, whole where MiniSom wants it so."""
    if model.sigma is not None:
        return model.sigma
    half = max(model.shape) / 2
    return half if model.neighborhood in ("gaussian", "mexican_hat") else float(np.ceil(half))


def _width(model: Any, t: int) -> float:
    """Return the width of the neighbourhood in pass ``t``; all but the last are MiniSom's."""
    start, n = first_width(model), model.n_iter
    match model.sigma_decay or "exponential":
        case "asymptotic":
            return start / (1 + t / (n / 2))
        case "linear":
            return start + t * (1 - start) / n
        case "inverse":
            return start / (1 + t * (start - 1) / n)
    end = model.final_sigma or 0.8 + max(model.shape) / 40
    return start * (end / start) ** (t / max(n - 1, 1))


def _on_device(device: str, *arrays: np.ndarray) -> tuple[Any, ...]:
    """Return arrays as they are, or as tensors on a device other than the CPU."""
    if device == "cpu":
        return arrays
    import torch  # on first use: importing it costs more than most fits

    return tuple(torch.as_tensor(array, device=device) for array in arrays)
