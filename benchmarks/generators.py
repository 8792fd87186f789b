"""How good is what generators draw, what are Boltzmann features worth? On digits and MNIST.

Protocol. Three tables, three seeds each; a seed is that of the models.

* features  Logistic regression on the pixels, and on the features of an RBM and a DBM, which were
            fitted on the training rows without labels. Two problems: the digits as they are, and
            with every image also shifted by a pixel in four directions (the split is made before,
            so that no image is on both sides). Four fifths train, a fifth tests; C out of 0.1, 1,
            10, 100 by three folds of the training rows, images kept whole. Interval: paired, of the
            difference to the pixels over the test rows.
* drawn     As many rows as the test has, at most `--drawn`, against as many of the test rows, in
            the features of a convolutional net that was trained on the training rows. Boltzmann
            machines draw by chains of `--steps` Gibbs steps from the mean image. GANs train for
            `--epochs` epochs and `--seconds` seconds at most, the dense one also for one epoch.
* between   A variational autoencoder goes in ten steps from one test row to the next, for 100
            pairs of rows of different classes. Profile: the mean share of each step in the whole
            way (0.1 is even). Jump: the median over pairs of the largest share. Middle: the median
            distance of the middle of the way to the nearest training row, beside that of the mean
            of both ends' pixels.

    python -m benchmarks.generators                                 digits, minutes
    python -m benchmarks.generators --only drawn --data mnist --seconds 600 --epochs 200 --seeds 1 \
        --generators "GAN, dense, one epoch" "GAN, conv"        12 minutes on two cores
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, GroupKFold, train_test_split
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import (
    GAN,
    BernoulliRBM,
    CNNClassifier,
    DeepBoltzmannMachine,
    LogisticRegression,
    VariationalAutoencoder,
    rbm_sample,
)
from pipelines import load_dataset
from search.generation import features, frechet_distance, generation_scores

Draw = Callable[[int], np.ndarray]


def shifted(images: np.ndarray) -> np.ndarray:
    """Return every image and its four neighbours by one pixel, edges lost, in five blocks."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    h, w = images.shape[1:]
    corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    return np.concatenate([padded[:, i : i + h, j : j + w] for i, j in corners])


def accuracies(images: np.ndarray, y: np.ndarray, seed: int, n_copies: int) -> Iterator[tuple]:
    """Yield name, predictions and truth of the three ways to read the test images."""
    train, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=0)
    blow = shifted if n_copies > 1 else np.asarray
    X_train, X_test = (blow(images[part]).reshape(-1, 64) / 16 for part in (train, test))
    y_train, y_test = np.tile(y[train], n_copies), np.tile(y[test], n_copies)
    groups = np.tile(train, n_copies)
    ways = {
        "pixels": None,
        "RBM": BernoulliRBM(256, learning_rate=0.06, n_iter=30, random_state=seed),
        "DBM": DeepBoltzmannMachine(layer_sizes=(256, 128), random_state=seed),
    }
    for name, machine in ways.items():
        rows = [X_train, X_test]
        if machine is not None:
            machine.fit(X_train)
            rows = [machine.transform(X) for X in rows]
        model = GridSearchCV(
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=300, tol=1e-3)),
            {"logisticregression__C": [0.1, 1, 10, 100]},
            cv=GroupKFold(3),
        )
        yield name, model.fit(rows[0], y_train, groups=groups).predict(rows[1]), y_test


def tell_features(seeds: int) -> None:
    images, y = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)
    print(
        "| digits | seed | features | accuracy | more than pixels (95 %) |\n|---|---|---|---|---|"
    )
    for problem, n_copies in (("as they are", 1), ("shifted", 5)):
        for seed in range(seeds):
            pixels = None
            for name, answers, truth in accuracies(images, y, seed, n_copies):
                right = answers == truth
                pixels = right if pixels is None else pixels
                gain = right.astype(float) - pixels
                # copies of an image are not independent: the mean over them is one observation
                gain = gain.reshape(n_copies, -1).mean(axis=0)
                half = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain))
                low, high = gain.mean() - half, gain.mean() + half
                shown = "" if name == "pixels" else f"{gain.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
                print(f"| {problem} | {seed} | {name} | {right.mean():.3f} | {shown} |", flush=True)


def generators(options: argparse.Namespace, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return name -> ``train(X, seed) -> draw(n)`` for flat rows in [0, 1]."""
    game = {"max_epochs": options.epochs, "max_seconds": options.seconds}
    n_hidden = 128 if shape == (8, 8) else 256

    def rbm(X: np.ndarray, seed: int) -> Draw:
        model = BernoulliRBM(n_hidden, learning_rate=0.05, n_iter=30, random_state=seed).fit(X)
        return lambda n: rbm_sample(model, n, n_steps=options.steps, random_state=seed)

    def dbm(X: np.ndarray, seed: int) -> Draw:
        sizes = (n_hidden, n_hidden // 2)
        model = DeepBoltzmannMachine(layer_sizes=sizes, random_state=seed).fit(X)
        return lambda n: model.sample(n, seed, n_steps=options.steps)

    def net(model: Any, X: np.ndarray, seed: int) -> Draw:
        model.set_params(random_state=seed).fit(X.reshape(-1, *shape))
        return lambda n: model.sample(n, seed).reshape(n, -1)

    return {
        "RBM": rbm,
        "DBM": dbm,
        "VAE": partial(net, VariationalAutoencoder(max_epochs=min(options.epochs, 50))),
        "GAN, dense, one epoch": partial(net, GAN(max_epochs=1)),
        "GAN, dense": partial(net, GAN(**game)),
        "GAN, conv": partial(net, GAN(architecture="conv", **game)),
    }


def tell_drawn(options: argparse.Namespace) -> None:
    data = load_dataset(options.data)
    X_train, X_test = (np.asarray(X, dtype=np.float32) for X in (data.X_train, data.X_test))
    shape, top = X_train.shape[1:3], X_train.max()
    X_train, X_test = (X.reshape(len(X), *shape) / top for X in (X_train, X_test))
    X_train, y_train = X_train[: options.rows], data.y_train[: options.rows]
    chosen = np.random.RandomState(0).permutation(len(X_test))[: options.drawn]
    X_test, y_test = X_test[chosen], data.y_test[chosen]
    judge = CNNClassifier(random_state=0).fit(X_train, y_train)
    half = len(X_test) // 2
    real = features(judge, X_test)
    print(
        f"\nThe judge is right on {judge.score(X_test, y_test):.3f} of the test rows; two halves "
        f"of them are {frechet_distance(real[:half], real[half:]):.2f} apart.\n\n"
        "| generator | seed | Fréchet distance | precision | recall | rarest class | memorised "
        "| seconds |\n|---|---|---|---|---|---|---|---|"
    )
    trainings = generators(options, shape)
    for name in options.generators or trainings:
        train = trainings[name]
        for seed in range(options.seeds):
            start = time.perf_counter()
            draw = train(X_train.reshape(len(X_train), -1), seed)
            seconds = time.perf_counter() - start
            drawn = draw(len(X_test)).reshape(-1, *shape).astype(np.float32)
            found = generation_scores(drawn, X_train, X_test, judge)
            cells = [
                name, str(seed), f"{found.frechet_distance:.2f}", f"{found.precision:.2f}",
                f"{found.recall:.2f}", f"{found.class_shares.min():.3f}", f"{found.memorised:.2f}",
                f"{seconds:.0f}",
            ]  # fmt: skip
            print(f"| {' | '.join(cells)} |", flush=True)


def tell_between(options: argparse.Namespace) -> None:
    data = load_dataset("digits")
    X_train, X_test = (np.asarray(X, dtype=np.float32) / 16 for X in (data.X_train, data.X_test))
    nearest = NearestNeighbors(n_neighbors=1).fit(X_train.reshape(len(X_train), -1))
    pairs = np.random.RandomState(0).permutation(len(X_test))[:300].reshape(-1, 2)
    pairs = pairs[data.y_test[pairs[:, 0]] != data.y_test[pairs[:, 1]]][:100]
    print(
        "| seed | profile of ten steps | jump | middle | middle of pixels |\n|---|---|---|---|---|"
    )
    for seed in range(options.seeds):
        vae = VariationalAutoencoder(max_epochs=50, random_state=seed).fit(X_train)
        ways = np.stack([vae.interpolate(X_test[a], X_test[b], 11) for a, b in pairs])
        ways = ways.reshape(len(pairs), 11, -1)
        steps = np.linalg.norm(np.diff(ways, axis=1), axis=2)
        shares = steps / steps.sum(axis=1, keepdims=True)
        middles = (ways[:, 5], X_test[pairs].mean(axis=1).reshape(len(pairs), -1))
        apart = [np.median(nearest.kneighbors(rows)[0]) for rows in middles]
        profile = " ".join(f"{share:.2f}" for share in shares.mean(axis=0))
        jump = np.median(shares.max(axis=1))
        print(f"| {seed} | {profile} | {jump:.2f} | {apart[0]:.2f} | {apart[1]:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", choices=("digits", "mnist"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=60, help="of the GANs")
    parser.add_argument("--seconds", type=float, default=None, help="of a GAN, at most")
    parser.add_argument("--steps", type=int, default=500, help="of a Gibbs chain")
    parser.add_argument("--drawn", type=int, default=2_000, help="rows drawn, at most")
    parser.add_argument("--generators", nargs="+", help="names as in the table; all by default")
    parser.add_argument("--rows", type=int, help="training rows, at most, for a quick look")
    parser.add_argument(
        "--only", choices=("features", "drawn", "between"), help="one of the tables"
    )
    options = parser.parse_args()
    if options.only in (None, "features"):
        tell_features(options.seeds)
    if options.only in (None, "drawn"):
        tell_drawn(options)
    if options.only in (None, "between"):
        tell_between(options)


if __name__ == "__main__":
    main()
