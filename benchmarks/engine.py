"""How fast is the training engine? Our fit beside a hand-written loop, a plain one and skorch.

Protocol. All contestants train the same network from scratch for one epoch on the same rows, in
one process; building network and optimiser is included, and so is the validation of the data where
there is one. They take turns: one unmeasured turn, then `--repeats` measured ones. A ratio is taken
within a turn and printed as its median and its spread (lowest to highest). AdamW with equal
settings, equal batch sizes, random order.

* hand    a hand-written loop of the same precision and memory layout: all rows as tensors, one
          gather per batch, fused AdamW, losses summed without synchronising; it computes no score
* skorch  skorch as it comes: NeuralNetClassifier with its DataLoader and its callbacks; only its
          validation split is switched off, as ours is
* plain   float32, channels first, TensorDataset and DataLoader, `loss.item()` per batch

Prediction compares `predict_proba` of all training rows with a plain forward pass and softmax over
batches of 1,024, of the same precision and layout.

The perceptrons train on 60,000 rows of 20 numbers, the small CNN on MNIST in batches of 128, the
other image models on 640 images of CIFAR-10 in batches of 64. "Rate" is the work of the fit, three
times that of the pass forwards, by its seconds, as a share of what a large product of matrices in
bfloat16 reaches here. "Memory" is what a process of its own takes at most for the epoch, beyond
what it holds before: ours by the hand-written loop's.

Run `python -m benchmarks.engine` on an idle machine; `--repeats N`, `--only NAME ...`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import skorch
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import estimators
from estimators import CNNClassifier, TorchMLPClassifier
from estimators.deep._precision import Placement, place
from estimators.deep._threads import work
from pipelines import load_dataset

LR, WEIGHT_DECAY = 1e-3, 0.01
SETTINGS: dict[str, Any] = {
    "max_epochs": 1, "lr": LR, "weight_decay": WEIGHT_DECAY, "random_state": 0
}  # fmt: skip
IMAGE_MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "vgg": ("VGGClassifier", {"depth": 11}),
    "inception": ("InceptionClassifier", {}),
    "resnet": ("ResNetClassifier", {"depth": 18}),
    "densenet": ("DenseNetClassifier", {"depth": 121}),
    "efficientnet": ("EfficientNetClassifier", {"variant": "b0"}),
    "vit": ("ViTClassifier", {}),
}
N_IMAGES = 640
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Case:
    """One network on one set of rows: (n, p) vectors or (n, h, w) images."""

    name: str
    estimator: Any
    X: np.ndarray
    y: np.ndarray

    @property
    def is_image(self) -> bool:
        return self.X.ndim > 2

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row as the network takes it."""
        return self.floats(self.X[:1]).shape[1:]

    def network(self) -> nn.Module:
        """Return the untrained network; images come to it channels first and scaled."""
        return self.estimator.build_module(self.shape, len(np.unique(self.y)))

    @property
    def scale(self) -> tuple[float, float]:
        return float(self.X.mean()), float(self.X.std())

    def floats(self, X: np.ndarray) -> np.ndarray:
        """Return rows as float32, images channels first, as a plain loop takes them."""
        if not self.is_image:
            return X
        mean, std = self.scale
        scaled = (X.astype(np.float32) - mean) / std
        return np.ascontiguousarray(np.moveaxis(scaled, -1, 1)) if X.ndim == 4 else scaled[:, None]


def case_of(name: str) -> list[Case]:
    """Return the cases of that name."""
    if name == "mlp":
        return _perceptrons()
    if name == "cnn":
        data = load_dataset("mnist")
        model = CNNClassifier(batch_size=128, **SETTINGS)
        return [Case("CNN, MNIST", model, data.X_train, data.y_train)]
    class_name, params = IMAGE_MODELS[name]
    data = load_dataset("cifar10")
    model = getattr(estimators, class_name)(batch_size=64, **params, **SETTINGS)
    title = f"{class_name.removesuffix('Classifier')} {' '.join(map(str, params.values()))}".strip()
    return [Case(title, model, data.X_train[:N_IMAGES], data.y_train[:N_IMAGES])]


def _perceptrons() -> list[Case]:
    rng = np.random.RandomState(0)
    X = rng.standard_normal((60_000, 20)).astype(np.float32)
    y = (X @ rng.standard_normal((20, 10))).argmax(1)
    return [
        Case(f"MLP, batches of {size:,}", TorchMLPClassifier(batch_size=size, **SETTINGS), X, y)
        for size in (128, 1024)
    ]


def ours(case: Case) -> Any:
    return case.estimator.fit(case.X, case.y)


def hand_written(case: Case) -> nn.Module:
    X, y = torch.from_numpy(case.X), torch.from_numpy(case.y).long()
    net = case.network()
    placement = place(net, torch.device("cpu"), "auto")
    if placement.channels_last:
        net = net.to(memory_format=torch.channels_last)
    scale = case.scale
    optimizer = torch.optim.AdamW(net.parameters(), LR, weight_decay=WEIGHT_DECAY, fused=True)
    total = torch.zeros(())
    net.train()
    for index in torch.randperm(len(X)).split(case.estimator.batch_size):
        with placement.autocast():
            output = net(_batch(X[index], scale) if case.is_image else X[index])
            loss = cross_entropy(output, y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(index)
    print(end="" if total.isfinite() else "diverged ")
    return net.eval()


def _batch(images: Tensor, scale: tuple[float, float]) -> Tensor:
    scaled = (images.float() - scale[0]) / scale[1]
    batch = scaled.permute(0, 3, 1, 2) if scaled.ndim == 4 else scaled[:, None]
    return batch.to(memory_format=torch.channels_last)


def plain(case: Case) -> nn.Module:
    data = TensorDataset(torch.from_numpy(case.floats(case.X)), torch.from_numpy(case.y).long())
    net = case.network()
    optimizer = torch.optim.AdamW(net.parameters(), LR, weight_decay=WEIGHT_DECAY)
    total = 0.0
    net.train()
    for X, y in DataLoader(data, case.estimator.batch_size, shuffle=True):
        optimizer.zero_grad()
        loss = cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return net


def skorch_as_it_comes(case: Case) -> Any:
    net = skorch.NeuralNetClassifier(
        case.network(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=WEIGHT_DECAY,
        lr=LR,
        batch_size=case.estimator.batch_size,
        iterator_train__shuffle=True,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    return net.fit(case.floats(case.X), case.y.astype(np.int64))


def plain_prediction(case: Case, net: nn.Module, placement: Placement) -> np.ndarray:
    X = torch.from_numpy(case.X)
    scale = case.scale
    outputs = []
    with torch.inference_mode(), placement.autocast():
        for rows in X.split(1024):
            output = net(_batch(rows, scale) if case.is_image else rows)
            outputs.append(output.float().softmax(1))
    return torch.cat(outputs).numpy()


def seconds(function: Callable[[], Any], clock: Callable[[], float]) -> float:
    started = clock()
    function()
    return clock() - started


def take_turns(
    contestants: dict[str, Callable[[], Any]], repeats: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Return the seconds of every contestant in every measured turn."""
    turns = [
        {name: seconds(run, clock) for name, run in contestants.items()} for _ in range(repeats + 1)
    ]
    return {name: [turn[name] for turn in turns[1:]] for name in contestants}


def ratio(times: dict[str, list[float]], name: str, to: str) -> str:
    found = [a / b for a, b in zip(times[name], times[to], strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


@cache
def peak_rate() -> float:
    """Return the operations per second of a large product of matrices in bfloat16."""
    a, b = torch.ones(4096, 1024, dtype=torch.bfloat16), torch.ones(1024, 16384).bfloat16()
    best = min(seconds(lambda: a @ b, time.perf_counter) for _ in range(10))
    return 2 * a.numel() * b.shape[1] / best


def rate(case: Case, fit_seconds: float) -> str:
    """Return images per second, and the share of the peak rate."""
    if not case.is_image:
        return f"{len(case.X) / fit_seconds:,.0f} rows/s"
    per_image = 3 * work(case.network(), torch.zeros(1, *case.shape))
    share = per_image * len(case.X) / fit_seconds / peak_rate()
    return f"{len(case.X) / fit_seconds:,.0f} images/s, {share:.0%}"


def memory(name: str, number: int) -> str:
    """Return how much memory our fit takes, and its ratio to the hand-written loop's."""
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.engine", "--peak", name, str(number), who],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for who in ("ours", "hand")
    ]
    return f"{peaks[0] / 2**20:,.0f} MiB, {peaks[0] / peaks[1]:.2f}"


def print_peak(name: str, number: str, who: str) -> None:
    """Print the bytes that one fit in this process takes beyond what is held before."""
    case = case_of(name)[int(number)]
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here

    def field(wanted: str) -> int:
        lines = (line.split() for line in status.read_text().splitlines())
        return next(int(line[1]) * 1024 for line in lines if line[0] == wanted)

    before = field("VmRSS:")
    (ours if who == "ours" else hand_written)(case)
    print(field("VmHWM:") - before)


def measure(case: Case, repeats: int, clock: Callable[[], float]) -> list[str]:
    """Return the cells of one row of the table."""
    contestants = {
        "ours": lambda: ours(case),
        "hand": lambda: hand_written(case),
        "plain": lambda: plain(case),
        "skorch": lambda: skorch_as_it_comes(case),
    }
    fit = take_turns(contestants, repeats, clock)
    model, net = ours(case), hand_written(case)
    placement = model.net_.placement
    predict = take_turns(
        {
            "ours": lambda: model.predict_proba(case.X),
            "hand": lambda: plain_prediction(case, net, placement),
        },
        repeats,
        clock,
    )
    return [
        case.name,
        f"{model.n_parameters_:,}",
        str(placement.dtype).removeprefix("torch."),
        f"{statistics.median(fit['ours']):.2f}",
        rate(case, statistics.median(fit["ours"])),
        ratio(fit, "ours", "hand"),
        ratio(fit, "skorch", "ours"),
        ratio(fit, "plain", "ours"),
        f"{statistics.median(predict['ours']):.3f}",
        ratio(predict, "ours", "hand"),
    ]


def machine() -> str:
    """Return processor, cores, threads and versions in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor()
    return (
        f"{processor}, {os.cpu_count()} cores, {torch.get_num_threads()} threads; Python "
        f"{platform.python_version()}, torch {torch.__version__}, skorch {skorch.__version__}, "
        f"scikit-learn {sklearn.__version__}, numpy {np.__version__}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    names = ("mlp", "cnn", *IMAGE_MODELS)
    parser.add_argument("--only", nargs="+", default=names, choices=names, help="these only")
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)  # of a process of its own
    parser.add_argument("--clock", default="wall", choices=CLOCKS, help="what to count")
    arguments = parser.parse_args()
    if arguments.peak:
        print_peak(*arguments.peak)
        return
    header = [
        "network", "weights", "format", "our fit [s]", "rate", "ours / hand", "skorch / ours",
        "plain / ours", "our prediction [s]", "prediction: ours / plain pass",
        "memory: ours, ours / hand",
    ]  # fmt: skip
    print(
        machine(),
        f"{arguments.repeats} measured turns, {arguments.clock} time.",
        sep="; ",
        end="\n\n",
    )
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for name in arguments.only:
        for number, case in enumerate(case_of(name)):
            cells = measure(case, arguments.repeats, CLOCKS[arguments.clock])
            print("| " + " | ".join([*cells, memory(name, number)]) + " |", flush=True)


if __name__ == "__main__":
    main()
