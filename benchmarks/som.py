"""How fast is the batch map, and how good? Ours beside MiniSom and XPySom on MNIST.

Protocol. Two tasks: all 60,000 training images on 10 x 10 units, and the first 10,000 on 30 x 30;
784 pixels in [0, 1], float32, rectangular grid, Gaussian neighbourhood.

* speed    ours and XPySom: rows times passes by the seconds of a whole fit (start, passes and, for
           ours, labels and errors at the end), a median of `--repeats` fits that take turns, after
           one unmeasured. MiniSom: steps by the seconds of `--steps` steps of `train`, for each
           step costs the same; its start and errors are not counted.
* quality  quantization and topographic error on the training rows, by one function for all, and the
           seconds of the whole training: mean and range over `--seeds`. All learn the rows of the
           task, or some of them (`--rows`); MiniSom makes `--minisom-passes` passes from its own
           PCA start, the others `--converged-passes`.

Ours stands there twice: with its defaults, where all rows move the units at once, and in
minibatches of half as many rows as units with a rate that falls from 0.2 to zero. Its last width
and its passes were chosen on rows 10,000 to 20,000, beside MiniSom's errors there (`--rows
10000 20000`); MiniSom's settings and the batches by a look at seed 0 on the first rows. Widths fall
from half a side: ours exponentially to 0.8 and a fortieth of the side, XPySom's exponentially to
one, MiniSom's linearly to one, with its learning rate to zero (its best of those tried). XPySom's
`std_coeff` is 1: its default halves every width.

XPySom is no dependency: without it, its rows are left out. With it,
`pip install --no-deps --target FOLDER xpysom` and
`PYTHONPATH=FOLDER python -m benchmarks.som --part speed` on an idle machine: five minutes on two
cores. `--part quality --units 10 --contestants MiniSom --seeds 1` is one slice of the other part.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import io
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from minisom import MiniSom

from estimators import SelfOrganizingMap
from estimators.classical._som_step import errors
from pipelines import load_dataset

HAS_XPYSOM = importlib.util.find_spec("xpysom") is not None


@dataclass(frozen=True)
class Task:
    """A grid, and the rows that it is spread over."""

    shape: tuple[int, int]
    X: np.ndarray
    n_passes: int

    @property
    def name(self) -> str:
        rows, columns = self.shape
        return f"{len(self.X):,} x {self.X.shape[1]} on {rows} x {columns}"


def ours(task: Task, seed: int = 0, **params: Any) -> np.ndarray:
    som = SelfOrganizingMap(shape=task.shape, n_iter=task.n_passes, random_state=seed, **params)
    return som.fit(task.X).weights_


def ours_in_minibatches(task: Task, seed: int = 0) -> np.ndarray:
    half = task.shape[0] * task.shape[1] // 2
    return ours(task, seed, batch_size=half, lr=0.2, lr_decay="linear")


def xpysom(task: Task, seed: int = 0) -> np.ndarray:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints that there is no CuPy
        from xpysom import XPySom  # here: it may not be installed
    som = XPySom(*task.shape, task.X.shape[1], std_coeff=1.0, random_seed=seed)
    som.pca_weights_init(task.X[:5_000])
    som.train(task.X, task.n_passes)
    return som.get_weights()


def minisom(task: Task, seed: int = 0) -> MiniSom:
    som = MiniSom(
        *task.shape,
        task.X.shape[1],
        sigma=max(task.shape) / 2,
        sigma_decay_function="linear_decay_to_one",
        decay_function="linear_decay_to_zero",
        random_seed=seed,
    )
    som.pca_weights_init(task.X[:5_000])
    return som


BATCHES = {
    "ours": ours,
    "ours, minibatches": ours_in_minibatches,
    **({"XPySom": xpysom} if HAS_XPYSOM else {}),
}
CONTESTANTS = (*BATCHES, "MiniSom")


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def speeds(task: Task, options: argparse.Namespace) -> Iterator[list[str]]:
    """Yield rows a second of every contestant: they take turns."""
    found: dict[str, list[float]] = {name: [] for name in options.contestants}
    for turn in range(options.repeats + 1):
        for name in found:
            speed = _speed(name, task, options.steps)
            if turn > 0:
                found[name].append(speed)
    for name, measured in found.items():
        spread = f"{statistics.median(measured):,.0f} ({min(measured):,.0f}-{max(measured):,.0f})"
        ratios = [a / b for a, b in zip(found.get("ours", measured), measured, strict=True)]
        yield [task.name, name, spread, f"{statistics.median(ratios):.2f}"]


def _speed(name: str, task: Task, steps: int) -> float:
    """Return rows a second of one fit, or of some of MiniSom's steps."""
    if name in BATCHES:
        return len(task.X) * task.n_passes / seconds(lambda: BATCHES[name](task))
    som = minisom(task)
    return steps / seconds(lambda: som.train(task.X, steps, random_order=True))


def quality(
    shape: tuple[int, int], X: np.ndarray, options: argparse.Namespace
) -> Iterator[list[str]]:
    """Yield errors and seconds of every contestant on the same rows."""
    first, end = options.rows or (0, 60_000 if shape == (10, 10) else 10_000)
    rows = Task(shape, X[first:end], options.converged_passes)
    judge = SimpleNamespace(shape=shape, topology="rectangular", distance="euclidean")
    for name in options.contestants:
        found = []
        for seed in options.seeds:
            start = time.perf_counter()
            weights = _weights(name, rows, seed, options.minisom_passes)
            taken = time.perf_counter() - start
            flat = weights.reshape(-1, rows.X.shape[1]).astype(np.float32)
            found.append((*errors(rows.X, flat, judge)[1:], taken))
        cells = [
            f"{statistics.mean(values):{shown}} ({min(values):{shown}}-{max(values):{shown}})"
            for values, shown in zip(zip(*found, strict=True), (".4f", ".4f", ".1f"), strict=True)
        ]
        yield [f"{rows.name}, from row {first}", name, *cells]


def _weights(name: str, task: Task, seed: int, minisom_passes: int) -> np.ndarray:
    if name in BATCHES:
        return BATCHES[name](task, seed)
    som = minisom(task, seed)
    som.train(task.X, minisom_passes * len(task.X), random_order=True)
    return som.get_weights()


def machine() -> str:
    """Return processor, cores and versions in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    packages = ("numpy", "minisom", *(("xpysom",) if HAS_XPYSOM else ()))
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    processor = names[0] if names else platform.processor()
    return f"{processor}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}"


def tell(header: list[str], lines: Iterable[list[str]]) -> None:
    print(f"\n| {' | '.join(header)} |\n{'|---' * len(header)}|")
    for cells in lines:
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("speed", "quality"), help="one of them")
    parser.add_argument("--units", type=int, choices=(10, 30), help="of a side: one of the tasks")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    parser.add_argument("--repeats", type=int, default=3, help="measured turns")
    parser.add_argument("--passes", type=int, default=20, help="of batch maps, for the speed")
    parser.add_argument("--converged-passes", type=int, default=100, help="for the quality")
    parser.add_argument("--rows", type=int, nargs=2, help="first and end, for the quality")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="for the quality")
    parser.add_argument("--minisom-passes", type=int, default=10, help="for its quality")
    parser.add_argument("--steps", type=int, default=2_000, help="of MiniSom, for its speed")
    options = parser.parse_args()
    images = load_dataset("mnist").X_train
    X = (images.reshape(len(images), -1) / 255).astype(np.float32)
    tasks = [Task((10, 10), X, options.passes), Task((30, 30), X[:10_000], options.passes)]
    tasks = [task for task in tasks if options.units in (None, task.shape[0])]
    print(f"{machine()}; {options.repeats} measured turns, seeds {options.seeds}.")
    if options.part != "quality":
        header = ["task", "contestant", "rows/s (lowest-highest)", "ours is faster by"]
        tell(header, (cells for task in tasks for cells in speeds(task, options)))
    if options.part != "speed":
        header = ["rows", "contestant", "quantization error", "topographic error", "seconds"]
        tell(header, (cells for task in tasks for cells in quality(task.shape, X, options)))


if __name__ == "__main__":
    main()
