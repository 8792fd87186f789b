"""Reconstruct handwritten digits: a small convolutional net, a linear one, a stack.

Protocol. MNIST, 60,000 training and 10,000 test images, pixels in [0, 1]; mean squared error on the
test images, which choose nothing; all rows train, nothing is stopped early. *conv*: 16 and 8 maps
(3,217 weights), 10 epochs, other parameters at their defaults. *tuned*: the same with a learning
rate of 0.02, the best of 0.003, 0.01 and 0.02 on 1,000 rows held back from 10,000 training rows.
*linear*: a code of 32 numbers without activation and weight decay, 10 epochs, against PCA of 32
components on the same rows. *stacked*: 784-400-200-100 and back, 2 epochs layer by layer and 2 as a
whole, against 4 as a whole from the start: as many multiplications, for the layers together have
the weights of the whole. Each with as many seeds as are given.

Run: python -m benchmarks.autoencoders [--only conv tuned linear stacked] [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from estimators import Autoencoder, ConvAutoencoder, StackedAutoencoder
from pipelines import load_dataset

Row = dict[str, Any]
LAYERS = (400, 200, 100)
WHOLE = (*LAYERS, *LAYERS[-2::-1])
SIGMOID = {"output_activation": "sigmoid"}
LINEAR = {"hidden_layer_sizes": (32,), "activation": "identity", "weight_decay": 0.0}


def images() -> tuple[np.ndarray, np.ndarray]:
    """Return training and test images, pixels in [0, 1]."""
    data = load_dataset("mnist")
    return tuple(
        X.astype(np.float32).reshape(-1, 28, 28) / 255 for X in (data.X_train, data.X_test)
    )


def conv(train: np.ndarray, test: np.ndarray, seed: int, lr: float | None = None) -> Iterator[Row]:
    """Yield the error of the convolutional net."""
    model = ConvAutoencoder(channels=(16, 8), max_epochs=10, lr=lr, random_state=seed)
    yield judged(f"convolutional, learning rate {lr or 'as it is'}", model, train, test)


def tuned(train: np.ndarray, test: np.ndarray, seed: int) -> Iterator[Row]:
    """Yield the error of the convolutional net with the learning rate that suits it."""
    return conv(train, test, seed, lr=0.02)


def linear(train: np.ndarray, test: np.ndarray, seed: int) -> Iterator[Row]:
    """Yield the errors of a linear net and of PCA."""
    rows, unseen = flat(train), flat(test)
    pca = PCA(32, random_state=seed).fit(rows)
    error = np.square(pca.inverse_transform(pca.transform(unseen)) - unseen).mean()
    yield {"model": "PCA, 32 components", "weights": pca.components_.size, "test MSE": error}
    yield judged(
        "linear, 32", Autoencoder(**LINEAR, max_epochs=10, random_state=seed), rows, unseen
    )


def stacked(train: np.ndarray, test: np.ndarray, seed: int) -> Iterator[Row]:
    """Yield the errors of training layer by layer and as a whole, at equal cost."""
    rows, unseen = flat(train), flat(test)
    whole = Autoencoder(hidden_layer_sizes=WHOLE, max_epochs=4, random_state=seed, **SIGMOID)
    yield judged("as a whole, 4 epochs", whole, rows, unseen)
    stack = StackedAutoencoder(
        hidden_layer_sizes=LAYERS, pretrain_epochs=2, max_epochs=2, random_state=seed, **SIGMOID
    )
    yield judged("layer by layer, 2 epochs, and as a whole, 2", stack, rows, unseen)
    before = np.square(stack.pretrained_reconstruction(unseen) - unseen).mean()
    yield {"model": "the same before it is trained as a whole", "test MSE": before}


def judged(name: str, model: Any, train: np.ndarray, test: np.ndarray) -> Row:
    """Return what a model comes to on the test images, and what its training costs."""
    started = time.process_time()
    model.fit(train)
    seconds = time.process_time() - started
    error = -model.score(test)
    return {"model": name, "weights": model.n_parameters_, "test MSE": error, "cpu s": seconds}


def flat(X: np.ndarray) -> np.ndarray:
    """Return images as rows."""
    return X.reshape(len(X), -1)


PARTS: dict[str, Callable[[np.ndarray, np.ndarray, int], Iterator[Row]]] = {
    "conv": conv, "tuned": tuned, "linear": linear, "stacked": stacked
}  # fmt: skip


def main() -> None:
    """Print a row per model: its errors, seed by seed, and the processor time of a fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args()
    train, test = images()
    for part in options.only:
        rows = [row for seed in options.seeds for row in PARTS[part](train, test, seed)]
        by_model = pd.DataFrame(rows).groupby("model", sort=False)
        table = by_model.agg({"weights": "first", "cpu s": "mean"}).round(1)
        table["test MSE"] = by_model["test MSE"].agg(lambda e: ", ".join(e.map("{:.5f}".format)))
        print(table.to_string(), flush=True)


if __name__ == "__main__":
    main()
