"""Image files as arrays: decoded once, by several threads, and on disk where they are many."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import joblib
import numpy as np
import psutil
from PIL import Image, ImageOps

from .home import mapped_array

_LARGEST = 128  # pixels: larger photographs are made this small, or no disk would do
_SHARE = 0.25  # of the free memory: images that take more stay on disk
_DECODING = 1  # to be counted up when the pixels of a file become others than they were
_CHUNK = 64  # images that a thread takes at once
_GREY = frozenset({"1", "L", "I", "I;16", "I;16B", "I;16L"})
_UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Pictures:
    """Image files of any size and colour, to be read in one form.

    Parameters
    ----------
    folder : Path
        What they are called after where they are kept.
    paths : list of Path
        The files.
    size : tuple of int
        Width and height of all.
    is_grey : bool
        Whether none of them has colours.
    n_resized : int
        How many have another size.
    is_large : bool
        Whether they stay on disk.
    """

    folder: Path
    paths: list[Path]
    size: tuple[int, int]
    is_grey: bool
    n_resized: int
    is_large: bool

    @classmethod
    def of(cls, folder: Path, paths: list[Path]) -> Pictures:
        """Look at the head of every file, and choose the form that suits them."""
        modes, sizes = zip(*_by_threads(_mode_and_size, paths), strict=True)
        size = sizes[0]
        if len(set(sizes)) > 1 or max(size) > _LARGEST:
            width, height = (int(np.median(lengths)) for lengths in zip(*sizes, strict=True))
            size = (min(width, _LARGEST), min(height, _LARGEST))
        is_grey = set(modes) <= _GREY
        n_bytes = len(paths) * math.prod(size) * (1 if is_grey else 3)
        is_large = n_bytes > _SHARE * psutil.virtual_memory().available
        return cls(folder, paths, size, is_grey, len(paths) - Counter(sizes)[size], is_large)

    def notes(self) -> list[str]:
        """Return what has to be said of the form."""
        found = []
        if self.n_resized:
            found.append(
                f"Images of another size, resized to {self.size[0]} x {self.size[1]} pixels "
                f"without keeping their aspect ratio: {self.n_resized:,}."
            )
        if self.is_large:
            found.append(
                "The images take more than a quarter of the free memory: their pixels are kept in "
                "the user's cache, and read from there batch by batch."
            )
        return found

    def parts(self, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the images ``train`` and the images ``test``, uint8 of (n, h, w) or (n, h, w, 3).

        Raises
        ------
        ValueError
            If a file cannot be read, or there is no room for all.
        """
        return self._read("train", train), self._read("test", test)

    def _read(self, part: str, rows: np.ndarray) -> np.ndarray:
        paths = [self.paths[row] for row in rows]
        width, height = self.size
        shape = (len(paths), height, width, *(() if self.is_grey else (3,)))
        if self.is_large:
            folder = self.folder.resolve()
            name = f"{folder.name[:50]}-{_digest([str(folder)])[:8]}-{part}"
            version = _digest([f"{_DECODING} {shape}", *map(_state, paths)])[:16]
            return mapped_array(name, version, shape, partial(self._decode, paths))
        images = np.empty(shape, np.uint8)
        self._decode(paths, images)
        return images

    def _decode(self, paths: list[Path], images: np.ndarray) -> None:
        """Write the pixels of every file into ``images``."""

        def decode(row: int) -> None:
            images[row] = _pixels(paths[row], "L" if self.is_grey else "RGB", self.size)

        _by_threads(decode, range(len(paths)))


def _by_threads(function: Callable[..., Found], items: Iterable) -> list[Found]:
    """Return ``function`` of every item, in order; Pillow lets other threads run as it decodes."""
    items = list(items)
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        found = pool.map(lambda chunk: [function(item) for item in chunk], chunks)
        return [value for values in found for value in values]


def _mode_and_size(path: Path) -> tuple[str, tuple[int, int]]:
    """Return what the head of an image file says."""
    try:
        with Image.open(path) as image:
            mode, size = image.mode, image.size
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    if mode == "F":
        raise ValueError(
            f"{path} must hold whole numbers, of 8 or 16 bits, but holds fractions, whose range "
            "nobody knows; save it as PNG."
        )
    return mode, size


def _pixels(path: Path, mode: str, size: tuple[int, int]) -> np.ndarray:
    """Return one image upright, in this mode and size."""
    try:
        with Image.open(path) as file:
            # a JPEG that is made much smaller need not be decoded in full
            file.draft(None, (2 * size[0], 2 * size[1]))
            upright = ImageOps.exif_transpose(file)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    if upright.mode.startswith("I"):  # 16 bits, of which Pillow would cut off what is above 255
        levels = np.asarray(upright).clip(0, 2**16 - 1) >> 8
        upright = Image.fromarray(levels.astype(np.uint8))
    image = upright.convert(mode)
    return np.asarray(image if image.size == size else image.resize(size))


def _unreadable(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{path} must be an image, but cannot be read: {error}; mend the file, or remove it."
    )


def _state(path: Path) -> str:
    """Return what changes when a file does."""
    known = path.stat()
    return f"{path.resolve()} {known.st_size} {known.st_mtime_ns}"


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
