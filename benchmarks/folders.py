"""How fast folders of images are decoded, and what it costs to train from the disk.

Protocol. Photographs of 1,280 x 960 pixels and small images of 64 x 64, smooth colours with noise,
are written as JPEG of quality 90, and read as `read_data` does by one thread and by two. The small
ones, --images of them, are then decoded into a file; one epoch of a small CNN on the mapped file
takes turns with one on the same array in memory: one unmeasured turn, then --repeats measured ones,
of which the ratio is taken. "cold" means that the system has forgotten the file before the epoch
(`posix_fadvise`), and reads it from the disk.

Run `python -m benchmarks.folders` on an idle machine; `--images N`, `--repeats N`, `--folder F`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from estimators import CNNClassifier
from pipelines.loaders import pictures
from pipelines.mapped import mapped

SIZES = {"photographs": (1280, 960), "small images": (64, 64)}
N_FILES = {"photographs": 200, "small images": 4_000}


def write_images(folder: Path, n: int, size: tuple[int, int]) -> list[Path]:
    """Write ``n`` files."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    x, y = np.meshgrid(*(np.linspace(0, 1, length) for length in size))
    paths = [folder / f"{i}.jpg" for i in range(n)]
    for path in paths:
        a, b, c = rng.uniform(1, 9, (3, 1, 1))
        waves = np.stack([np.sin(a * x), np.cos(b * y), np.sin(c * (x + y))], axis=2)
        noise = rng.integers(-20, 20, waves.shape)
        Image.fromarray((120 + 90 * waves + noise).astype(np.uint8)).save(path, quality=90)
    return paths


def decoding(name: str, folder: Path) -> None:
    """Print images per second by one thread and by two, decoded in full and as we do."""
    paths = write_images(folder / name, N_FILES[name], SIZES[name])
    every = np.arange(len(paths))
    for threads in (1, 2):
        with mock.patch("joblib.cpu_count", return_value=threads):
            started = time.perf_counter()
            pictures.Pictures.of(folder, paths).parts(every, every[:0])
            rate = len(paths) / (time.perf_counter() - started)
        print(f"{name}, {threads} thread(s): {rate:,.0f} images/s", flush=True)
    full = paths[:100]
    started = time.perf_counter()
    for path in full:
        Image.open(path).convert("RGB").resize((128, 96))
    print(f"{name}, all pixels: {len(full) / (time.perf_counter() - started):,.0f} images/s")


def seconds_of(function: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def forget(path: Path) -> None:
    """Make the system drop its copy of a file."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def epochs(folder: Path, n_images: int, repeats: int) -> None:
    """Print the epoch from a file by that from memory."""
    path = folder / "images.npy"
    in_memory = np.random.default_rng(0).integers(0, 256, (n_images, 64, 64, 3), dtype=np.uint8)
    np.save(path, in_memory)
    y = np.arange(n_images) % 10
    net = CNNClassifier(channels=(16, 32), max_epochs=1, batch_size=128, random_state=0)
    ratios: dict[str, list[float]] = {"cold": [], "warm": []}
    for turn in range(repeats + 1):
        base = seconds_of(lambda: net.fit(in_memory, y))
        forget(path)
        for found in ratios.values():
            seconds = seconds_of(lambda: net.fit(mapped(path), y))
            if turn:
                found.append(seconds / base)
        print(f"turn {turn}: {base:.2f} s in memory", flush=True)
    for state, found in ratios.items():
        low, middle, high = min(found), statistics.median(found), max(found)
        size = in_memory.nbytes / 1e9
        print(f"an epoch from a {state} file of {size:.1f} GB by one from memory: "
              f"{middle:.2f} [{low:.2f}, {high:.2f}]")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk that is asked about")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name in SIZES:
            decoding(name, Path(folder))
        epochs(Path(folder), options.images, options.repeats)


if __name__ == "__main__":
    main()
