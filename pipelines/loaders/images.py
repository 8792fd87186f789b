"""Data sets of images: uint8 stays uint8, labels become integers with their names beside them."""

from __future__ import annotations

import gzip
import io
import tarfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_svmlight_file
from sklearn.model_selection import GroupShuffleSplit

from .home import cached_array
from .split import TEST_SIZE, stratified_fifth

Files = dict[str, Path]

_CIFAR10 = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
_RECORD = 1 + 3 * 32 * 32  # bytes of a CIFAR-10 image: its label, then a plane for each colour


def idx(files: Files, class_names: list[str]) -> dict[str, Any]:
    """Return a data set in the four files of MNIST."""
    return {
        "X_train": _read_idx(files["train-images-idx3-ubyte.gz"]),
        "y_train": _read_idx(files["train-labels-idx1-ubyte.gz"]).astype(np.int64),
        "X_test": _read_idx(files["t10k-images-idx3-ubyte.gz"]),
        "y_test": _read_idx(files["t10k-labels-idx1-ubyte.gz"]).astype(np.int64),
        "target_names": tuple(class_names),
    }


def npz(files: Files) -> dict[str, Any]:
    """Return a data set of one ``.npz`` with both parts and the names of the classes."""
    (path,) = files.values()
    with np.load(path, allow_pickle=False) as archive:
        return {
            "X_train": archive["x_train"],
            "y_train": archive["y_train"].astype(np.int64),
            "X_test": archive["x_test"],
            "y_test": archive["y_test"].astype(np.int64),
            "target_names": tuple(map(str, archive["class_names"])),
        }


def usps(files: Files) -> dict[str, Any]:
    """Return USPS from the data home's ``.npz`` or from LIBSVM's text files."""
    if "usps_16x16.npz" in files:
        with np.load(files["usps_16x16.npz"], allow_pickle=False) as archive:
            parts = {name: archive[name] for name in archive.files}
    else:
        parts = {
            **_read_libsvm(files["usps.bz2"], "train"),
            **_read_libsvm(files["usps.t.bz2"], "test"),
        }
    return {
        "X_train": parts["x_train"],
        "y_train": parts["y_train"].astype(np.int64),
        "X_test": parts["x_test"],
        "y_test": parts["y_test"].astype(np.int64),
        "target_names": tuple("0123456789"),
    }


def cifar10(files: Files) -> dict[str, Any]:
    """Return CIFAR-10 from the original archive or from re-encoded JPEGs, and say which."""
    if "cifar-10-binary.tar.gz" in files:
        return {**_read_binary(files["cifar-10-binary.tar.gz"]), "target_names": _CIFAR10}
    X_train, y_train = _read_jpegs(files["cifar10_train_jpeg.npz"])
    X_test, y_test = _read_jpegs(files["cifar10_test_jpeg.npz"])
    return {
        "X_train": X_train,
        "y_train": y_train,
        "X_test": X_test,
        "y_test": y_test,
        "target_names": _CIFAR10,
        "notes": (
            "This is CIFAR-10 (JPEG re-encoding): pixel values differ a little from the original, "
            "so published figures are not strictly comparable.",
        ),
    }


def spectrograms(files: Files, groups: str, member: str = "0") -> dict[str, Any]:
    """Return log-mel spectrograms: normal ones to train on, other persons' of both kinds to judge.

    Persons with an abnormal recording all judge, and a fifth of the others. ``member`` is the seed.
    """
    (path,) = files.values()
    with np.load(path, allow_pickle=False) as archive:
        X, y, group = archive["x"].astype(np.float32), archive["y"], archive[groups]
    healthy = np.flatnonzero(~np.isin(group, group[y == 1]))
    splitter = GroupShuffleSplit(n_splits=1, test_size=TEST_SIZE, random_state=_seed(member))
    seen, _ = next(splitter.split(healthy, groups=group[healthy]))
    train = healthy[seen]
    test = np.setdiff1d(np.arange(len(y)), train)
    return {
        **_normal_against_abnormal(X, y, train, test),
        "groups": np.concatenate([group[train], group[test]]),
        "notes": (
            f"No {groups} is in both parts: the test part holds every {groups} with an abnormal "
            "recording and a fifth of the others.",
        ),
    }


def machine_sound(files: Files) -> dict[str, Any]:
    """Return the clips of one machine; the single abnormal one is in the test part."""
    (path,) = files.values()
    with np.load(path, allow_pickle=False) as archive:
        X, y = archive["x"].astype(np.float32), archive["y"]
    normal = np.flatnonzero(y == 0)
    train, judged = stratified_fifth(y[normal])
    test = np.concatenate([normal[judged], np.flatnonzero(y == 1)])
    return _normal_against_abnormal(X, y, normal[train], test)


def _normal_against_abnormal(
    X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> dict[str, Any]:
    """Return the four parts of an anomaly data set."""
    return {
        "X_train": X[train],
        "y_train": y[train].astype(np.int64),
        "X_test": X[test],
        "y_test": y[test].astype(np.int64),
        "target_names": ("normal", "abnormal"),
    }


def _seed(member: str) -> int:
    """Return the number of a further split, as in ``load_dataset("heart-sounds/3")``."""
    if not member.isdecimal():
        raise ValueError(f"the part of a name after its slash must be a number, got {member!r}.")
    return int(member)


def _read_idx(path: Path) -> np.ndarray:
    """Return the array of an idx file: two zeros, type 8 (uint8), dimensions, sizes, content."""
    with gzip.open(path, "rb") as stream:
        content = stream.read()
    n_dimensions = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=n_dimensions, offset=4)
    # a copy: what a buffer of bytes gives is read-only, and torch warns of that
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_dimensions).reshape(shape).copy()


def _read_libsvm(path: Path, part: str) -> dict[str, np.ndarray]:
    """Return LIBSVM's USPS, classes from 1 and levels in [-1, 1], as the others have it."""
    X, y = load_svmlight_file(str(path), n_features=256, dtype=np.float32)
    images = (X.toarray().reshape(-1, 16, 16) + 1) / 2
    return {f"x_{part}": images, f"y_{part}": y - 1}


def _read_binary(path: Path) -> dict[str, Any]:
    """Return the parts of CIFAR-10's own binary archive."""
    with tarfile.open(path, "r:gz") as archive:
        batches = {
            Path(member.name).stem: np.frombuffer(stream.read(), np.uint8).reshape(-1, _RECORD)
            for member in archive
            if member.name.endswith(".bin") and (stream := archive.extractfile(member))
        }
    train = np.concatenate([batches[f"data_batch_{i}"] for i in range(1, 6)])
    return {**_from_records(train, "train"), **_from_records(batches["test_batch"], "test")}


def _from_records(records: np.ndarray, part: str) -> dict[str, np.ndarray]:
    """Return images with channels last and labels."""
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return {f"X_{part}": np.ascontiguousarray(images), f"y_{part}": records[:, 0].astype(np.int64)}


def _read_jpegs(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels; decoding takes seconds, so its outcome is kept."""
    with np.load(path, allow_pickle=False) as archive:
        labels = archive["labels"].astype(np.int64)
        # the file is verified, so its length and the number of images name its content
        key = f"{path.stem}-{len(labels)}-{path.stat().st_size}"
        images = cached_array(key, lambda: _decode(archive["jpeg"], archive["offsets"]))
    return images, labels


def _decode(jpeg: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the images of JPEG streams that lie end to end."""
    streams = (jpeg[start:end].tobytes() for start, end in pairwise(offsets))
    return np.stack([np.asarray(Image.open(io.BytesIO(stream))) for stream in streams])
