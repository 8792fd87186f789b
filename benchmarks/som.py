"""How fast is the batch map, and how good? Ours beside MiniSom and XPySom on MNIST.

Protocol. Two tasks: all 60,000 training images on 10 x 10 units, and the first 10,000 on 30 x 30;
784 pixels in [0, 1], float32, rectangular grid, Gaussian neighbourhood.

* speed    ours and XPySom: rows times passes by the seconds of a whole fit (start, passes and, for
           ours, labels and errors at the end), a median of `--repeats` fits that take turns, after
           one unmeasured. MiniSom: steps by the seconds of `--steps` steps of `train`, for each
           step costs the same; its start and errors are not counted.
* quality  quantization and topographic error on the training rows, by one function for all.
           MiniSom makes `--minisom-passes` passes over the first 10,000 rows from its own PCA start
           (all 60,000 would take an hour), so the other two make theirs over the same rows.

Widths fall from half a side to one in all three: ours and XPySom's exponentially, MiniSom's
linearly with its learning rate to zero (its best of those tried). XPySom's `std_coeff` is 1: its
default halves every width.

XPySom is no dependency: without it, its rows are left out. With it,
`pip install --no-deps --target FOLDER xpysom` and
`PYTHONPATH=FOLDER python -m benchmarks.som` on an idle machine.
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from minisom import MiniSom

from estimators import SelfOrganizingMap
from estimators.classical._som_step import errors
from pipelines import load_dataset

QUALITY_ROWS = 10_000
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


def ours(task: Task) -> np.ndarray:
    som = SelfOrganizingMap(shape=task.shape, n_iter=task.n_passes, random_state=0)
    return som.fit(task.X).weights_


def xpysom(task: Task) -> np.ndarray:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints that there is no CuPy
        from xpysom import XPySom  # here: it may not be installed
    som = XPySom(*task.shape, task.X.shape[1], std_coeff=1.0, random_seed=0)
    som.pca_weights_init(task.X[:5_000])
    som.train(task.X, task.n_passes)
    return som.get_weights()


def minisom(task: Task) -> MiniSom:
    som = MiniSom(
        *task.shape,
        task.X.shape[1],
        sigma=max(task.shape) / 2,
        sigma_decay_function="linear_decay_to_one",
        decay_function="linear_decay_to_zero",
        random_seed=0,
    )
    som.pca_weights_init(task.X[:5_000])
    return som


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def speeds(task: Task, repeats: int, steps: int) -> dict[str, list[float]]:
    """Return rows a second of every contestant, once a turn."""
    fits = {"ours": ours, **({"XPySom": xpysom} if HAS_XPYSOM else {})}
    found: dict[str, list[float]] = {name: [] for name in (*fits, "MiniSom")}
    for turn in range(repeats + 1):
        once = {
            name: len(task.X) * task.n_passes / seconds(lambda fit=fit: fit(task))
            for name, fit in fits.items()
        }
        som = minisom(task)
        once["MiniSom"] = steps / seconds(
            lambda som=som: som.train(task.X, steps, random_order=True)
        )
        if turn > 0:
            for name, speed in once.items():
                found[name].append(speed)
    return found


def quality(task: Task, minisom_passes: int) -> dict[str, tuple[float, float]]:
    """Return quantization and topographic error of every contestant on the same rows."""
    rows = Task(task.shape, task.X[:QUALITY_ROWS], task.n_passes)
    som = minisom(rows)
    som.train(rows.X, minisom_passes * len(rows.X), random_order=True)
    weights = {"ours": ours(rows), **({"XPySom": xpysom(rows)} if HAS_XPYSOM else {})}
    weights["MiniSom"] = som.get_weights()
    judge = SimpleNamespace(shape=task.shape, topology="rectangular", distance="euclidean")
    return {
        name: errors(rows.X, w.reshape(-1, rows.X.shape[1]).astype(np.float32), judge)[1:]
        for name, w in weights.items()
    }


def machine() -> str:
    """Return processor, cores and versions in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    packages = ("numpy", "minisom", *(("xpysom",) if HAS_XPYSOM else ()))
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    processor = names[0] if names else platform.processor()
    return f"{processor}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="measured turns")
    parser.add_argument("--passes", type=int, default=20, help="passes of ours and XPySom")
    parser.add_argument("--minisom-passes", type=int, default=10, help="for its quality")
    parser.add_argument("--steps", type=int, default=2_000, help="of MiniSom, for its speed")
    options = parser.parse_args()
    images = load_dataset("mnist").X_train
    X = (images.reshape(len(images), -1) / 255).astype(np.float32)
    tasks = [Task((10, 10), X, options.passes), Task((30, 30), X[:10_000], options.passes)]
    header = [
        "task", "contestant", "rows/s (lowest-highest)", "ours is faster by",
        f"quantization error on {QUALITY_ROWS:,} rows", "topographic error",
    ]  # fmt: skip
    print(f"{machine()}; {options.repeats} measured turns.\n\n| {' | '.join(header)} |")
    print("|" + "---|" * len(header))
    for task in tasks:
        fast, good = (
            speeds(task, options.repeats, options.steps),
            quality(task, options.minisom_passes),
        )
        for name, found in fast.items():
            spread = f"{statistics.median(found):,.0f} ({min(found):,.0f}-{max(found):,.0f})"
            ratios = [a / b for a, b in zip(fast["ours"], found, strict=True)]
            qe, te = good[name]
            cells = [
                task.name,
                name,
                spread,
                f"{statistics.median(ratios):.2f}",
                f"{qe:.3f}",
                f"{te:.3f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
