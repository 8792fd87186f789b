"""A user's folder of images, one sub-folder a class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pipelines.dataset import Dataset

from .assemble import Rows, assemble

_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_LARGEST = 128  # pixels: larger photographs are made this small, or no memory would do
_PARTS = ("train", "test")


def from_folder(folder: Path) -> Dataset:
    """Return the images of a folder.

    Parameters
    ----------
    folder : Path
        Holds a folder for each class, or ``train`` and ``test`` with a folder for each class.

    Returns
    -------
    Dataset
        Of uint8 images, grey where all files are.

    Raises
    ------
    ValueError
        If there are fewer than two classes or a file cannot be read.
    """
    is_split = all((folder / part).is_dir() for part in _PARTS)
    roots = [folder / part for part in _PARTS] if is_split else [folder]
    found = [_images(root) for root in roots]
    paths = [path for part in found for path in part]
    labels = np.array([path.parent.name for path in paths])
    if len(set(labels)) < 2:
        raise ValueError(
            f"a folder of images must hold two or more sub-folders with images, one a class; "
            f"{folder} has {len(set(labels))}."
        )
    X, notes = _read(paths)
    return assemble(
        Rows(
            name=folder.resolve().name,
            source=f"folder {folder.resolve().name}",
            task="classification",
            kind="image",
            X=X,
            y=labels,
            n_train=len(found[0]) if is_split else None,
            notes=[
                f"{len(paths):,} images of {len(set(labels))} classes, the sub-folders.",
                *notes,
            ],
        )
    )


def _images(root: Path) -> list[Path]:
    """Return the image files of all sub-folders, hidden ones left out."""
    return sorted(
        path
        for path in root.glob("*/*")
        if path.suffix.lower() in _SUFFIXES
        and not path.name.startswith(".")
        and not path.parent.name.startswith(".")
    )


def _read(paths: list[Path]) -> tuple[np.ndarray, list[str]]:
    """Return all images in one array, and what had to be done to them."""
    modes, sizes = zip(*map(_mode_and_size, paths), strict=True)
    is_grey = set(modes) <= {"1", "L", "I;16"}
    widths, heights = zip(*sizes, strict=True)
    size = sizes[0]
    if len(set(sizes)) > 1 or max(size) > _LARGEST:
        size = (min(int(np.median(widths)), _LARGEST), min(int(np.median(heights)), _LARGEST))
    images = np.stack([_pixels(path, "L" if is_grey else "RGB", size) for path in paths])
    changed = sum(count for found, count in Counter(sizes).items() if found != size)
    if not changed:
        return images, []
    return images, [
        f"Images of another size, resized to {size[0]} x {size[1]} pixels without keeping their "
        f"aspect ratio: {changed:,}."
    ]


def _mode_and_size(path: Path) -> tuple[str, tuple[int, int]]:
    """Return what the head of an image file says."""
    try:
        with Image.open(path) as image:
            return image.mode, image.size
    except OSError as error:
        raise ValueError(f"{path} must be an image, but cannot be read: {error}.") from error


def _pixels(path: Path, mode: str, size: tuple[int, int]) -> np.ndarray:
    """Return one image upright, in this mode and size."""
    try:
        with Image.open(path) as file:
            upright = ImageOps.exif_transpose(file)
    except OSError as error:
        raise ValueError(f"{path} must be an image, but cannot be read: {error}.") from error
    if upright.mode == "I;16":  # Pillow would cut off what is above 255
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    image = upright.convert(mode)
    return np.asarray(image if image.size == size else image.resize(size))
