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

Run `python -m benchmarks.engine` on an idle machine; `--repeats N`, `--only NAME`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import skorch
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from estimators import CNNClassifier, TorchMLPClassifier
from estimators.deep._precision import Placement, place
from pipelines import load_dataset

LR, WEIGHT_DECAY = 1e-3, 0.01
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

    def network(self) -> nn.Module:
        """Return the untrained network; images come to it channels first and scaled."""
        shape = (1, *self.X.shape[1:]) if self.is_image else self.X.shape[1:]
        return self.estimator.build_module(shape, len(np.unique(self.y)))

    def floats(self) -> np.ndarray:
        """Return the rows as float32, images channels first, as a plain loop takes them."""
        if not self.is_image:
            return self.X
        mean, std = float(self.X.mean()), float(self.X.std())
        return ((self.X.astype(np.float32) - mean) / std)[:, None]


def cases(wanted: str) -> Iterator[Case]:
    """Yield the cases whose names contain ``wanted``."""
    settings: dict[str, Any] = {
        "max_epochs": 1, "lr": LR, "weight_decay": WEIGHT_DECAY, "random_state": 0
    }  # fmt: skip
    if "mlp" in wanted or not wanted:
        yield from _perceptrons(settings)
    if "cnn" in wanted or not wanted:
        mnist = load_dataset("mnist")
        cnn = CNNClassifier(batch_size=128, **settings)
        yield Case("CNN, MNIST", cnn, mnist.X_train, mnist.y_train)


def _perceptrons(settings: dict[str, Any]) -> Iterator[Case]:
    rng = np.random.RandomState(0)
    X = rng.standard_normal((60_000, 20)).astype(np.float32)
    y = (X @ rng.standard_normal((20, 10))).argmax(1)
    for batch_size in (128, 1024):
        model = TorchMLPClassifier(batch_size=batch_size, **settings)
        yield Case(f"MLP, batches of {batch_size:,}", model, X, y)


def ours(case: Case) -> Any:
    return case.estimator.fit(case.X, case.y)


def hand_written(case: Case) -> nn.Module:
    X, y = torch.from_numpy(case.X), torch.from_numpy(case.y).long()
    net = case.network()
    placement = place(net, torch.device("cpu"), "auto")
    if placement.channels_last:
        net = net.to(memory_format=torch.channels_last)
    scale = (float(case.X.mean()), float(case.X.std()))
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
    return ((images.float() - scale[0]) / scale[1])[:, None].to(memory_format=torch.channels_last)


def plain(case: Case) -> nn.Module:
    data = TensorDataset(torch.from_numpy(case.floats()), torch.from_numpy(case.y).long())
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
    return net.fit(case.floats(), case.y.astype(np.int64))


def plain_prediction(case: Case, net: nn.Module, placement: Placement) -> np.ndarray:
    X = torch.from_numpy(case.X)
    scale = (float(case.X.mean()), float(case.X.std()))
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
    parser.add_argument("--only", default="", choices=("", "mlp", "cnn"), help="a part only")
    parser.add_argument("--clock", default="wall", choices=CLOCKS, help="what to count")
    arguments = parser.parse_args()
    header = [
        "network", "weights", "format", "our fit [s]", "ours / hand", "skorch / ours",
        "plain / ours", "our prediction [s]", "prediction: ours / plain pass",
    ]  # fmt: skip
    print(
        machine(),
        f"{arguments.repeats} measured turns, {arguments.clock} time.",
        sep="; ",
        end="\n\n",
    )
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for case in cases(arguments.only):
        print(
            "| " + " | ".join(measure(case, arguments.repeats, CLOCKS[arguments.clock])) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
