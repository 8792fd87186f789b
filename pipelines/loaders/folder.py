"""A user's folder of images, one sub-folder a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.dataset import Dataset

from .assemble import Rows, assemble
from .columns import listed
from .pictures import Pictures

_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
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
        Of uint8 images, grey where all files are. What takes more than a quarter of the free
        memory is decoded into a file in the user's cache, and mapped from there.

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
    pictures = Pictures.of(folder, paths)
    return assemble(
        Rows(
            name=folder.resolve().name,
            source=f"folder {folder.resolve().name}",
            task="classification",
            kind="image",
            X=pictures.parts,
            y=labels,
            n_train=len(found[0]) if is_split else None,
            notes=[
                f"{len(paths):,} images of {len(set(labels))} classes, the sub-folders.",
                *_empty(roots, set(labels)),
                *pictures.notes(),
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


def _empty(roots: list[Path], classes: set[str]) -> list[str]:
    """Return a note on the sub-folders without images, if there are any."""
    folders = {path.name for root in roots for path in root.iterdir() if path.is_dir()}
    empty = sorted(name for name in folders - classes if not name.startswith("."))
    return [f"Sub-folders without images, left out: {listed(empty)}."] if empty else []
