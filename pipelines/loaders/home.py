"""The files of a data set: found in the data home, or downloaded, and always verified."""

from __future__ import annotations

import glob
import gzip
import hashlib
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import platformdirs

from pipelines.mapped import mapped

from .catalogue import Entry, File

_CHUNK = 1 << 20


class DataNotFoundError(FileNotFoundError):
    """A data set's files are neither on this machine nor to be had from their source."""


class DamagedFileError(OSError):
    """A file of a data set does not have the content that it should have."""


def cache_folder() -> Path:
    """Return bakeoff's folder in the user's cache; it need not exist."""
    return platformdirs.user_cache_path("bakeoff", appauthor=False)


def locate(name: str, entry: Entry) -> dict[str, Path]:
    """Return where the files of a data set lie, after verifying, or else downloading, them.

    Parameters
    ----------
    name : str
        Name of the data set, for messages.
    entry : Entry
        Its entry in the catalogue.

    Returns
    -------
    dict of str to Path
        By the name of the file, without its folder.

    Raises
    ------
    DataNotFoundError
        If files are missing and cannot be downloaded.
    DamagedFileError
        If a checksum is wrong.
    """
    variants = [
        [file for file in entry.files if file.variant == variant]
        for variant in dict.fromkeys(file.variant for file in entry.files)
    ]
    for files in variants:
        found = {file: path for file in files if (path := _find(file))}
        if len(found) == len(files):
            for file, path in found.items():
                _verify(file, path, entry.source)
            return {path.name: path for path in found.values()}
    for files in variants:
        if all(file.url for file in files):
            return _download(name, entry, files)
    raise _not_found(name, entry, variants[0])


def cached_array(key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return ``make()``, or what an earlier call with this key has left in the user's cache.

    Parameters
    ----------
    key : str
        Names the content; it must change when the content does.
    make : callable
        Returns the array.

    Returns
    -------
    ndarray
        Of any type but object.
    """
    path = cache_folder() / "decoded" / f"{key}.npy"
    try:
        cached: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):  # absent, or a write that did not end
        cached = make()
        _keep(path, cached)
    return cached


def mapped_array(
    name: str, version: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]
) -> np.ndarray:
    """Return a uint8 array that lies in the user's cache, filled now if it is not there yet.

    Parameters
    ----------
    name : str
        Names the array; what an earlier version of it has left in the cache is removed.
    version : str
        Must change when the content does.
    shape : tuple of int
        Of the array.
    fill : callable
        Writes the content into the array that it is given.

    Returns
    -------
    ndarray
        See :func:`pipelines.mapped.mapped`.

    Raises
    ------
    ValueError
        If the disk has no room for it.
    """
    path = cache_folder() / "decoded" / f"{name}-{version}.npy"
    if not path.exists():
        _write_mapped(path, shape, fill)
        for other in path.parent.glob(f"{glob.escape(name)}-*.npy"):
            if other != path:
                other.unlink(missing_ok=True)
    return mapped(path)


def _write_mapped(path: Path, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> None:
    partial = _new_file(path.parent, math.prod(shape))
    try:
        array = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        fill(array)
        array.flush()
        os.replace(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)


def _new_file(folder: Path, n_bytes: int) -> str:
    """Return an empty file in ``folder``, whose disk has room for so many bytes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    except OSError as error:
        raise ValueError(
            f"{folder} must be a folder to write to, for the images take more than a quarter of "
            f"the free memory, but: {error.strerror}; set XDG_CACHE_HOME to another one."
        ) from error
    os.close(handle)
    free = shutil.disk_usage(folder).free
    if n_bytes > free:  # to write on would end the process, without a word
        os.unlink(name)
        raise ValueError(
            f"the disk of {folder} must have room for {n_bytes / 1e9:.1f} GB of pixels, but "
            f"{free / 1e9:.1f} GB are free; set XDG_CACHE_HOME to a folder on a larger one."
        )
    return name


def _keep(path: Path, array: np.ndarray) -> None:
    """Write an array to the cache; a full or read-only disk only costs the time next time."""
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.save(file, array, allow_pickle=False)
        os.replace(partial, path)
    except OSError:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def _folders() -> list[Path]:
    """Return where data sets are looked for, the first one first."""
    home = os.environ.get("BAKEOFF_DATA")
    return [*([Path(home)] if home else []), cache_folder()]


def _find(file: File) -> Path | None:
    """Return where a file lies, if it does."""
    name = Path(file.path).name
    candidates = [
        *(folder / file.path for folder in _folders()),
        *(Path(place) / name for place in file.places),
    ]
    return next((path for path in candidates if path.is_file()), None)


def _verify(file: File, path: Path, source: str) -> None:
    """Raise a DamagedFileError if no checksum of the catalogue fits the file."""
    expected = file.content_md5 or file.sha256 or file.md5
    if expected is None:
        return
    try:
        found = _checksum(file, path)
    except (gzip.BadGzipFile, zlib.error, EOFError):
        found = "none, for it cannot be unpacked"
    if found != expected:
        raise DamagedFileError(
            f"{path} is damaged or is another file: its checksum must be {expected} and is "
            f"{found}; remove it and get it again from: {source}"
        )


def _checksum(file: File, path: Path) -> str:
    """Return the checksum of the kind that the catalogue gives."""
    if file.content_md5:
        with gzip.open(path, "rb") as stream:
            return _digest("md5", iter(lambda: stream.read(_CHUNK), b""))
    with open(path, "rb") as stream:
        algorithm = "sha256" if file.sha256 else "md5"
        return _digest(algorithm, iter(lambda: stream.read(_CHUNK), b""))


def _digest(algorithm: str, chunks: Iterable[bytes]) -> str:
    """Return the hexadecimal digest of a stream."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _download(name: str, entry: Entry, files: list[File]) -> dict[str, Path]:
    """Return the files by name, the missing ones downloaded; pooch verifies the checksums."""
    # imported here: pooch and its requests take a while, and few calls download anything
    import pooch

    for file in files:
        checksum = f"sha256:{file.sha256}" if file.sha256 else f"md5:{file.md5}"
        target = cache_folder() / file.path
        try:
            if _find(file) is None:
                pooch.retrieve(file.url, checksum, path=target.parent, fname=target.name)
        except OSError as error:  # no network, no room, no permission
            # the message says it all; the five errors below it would only hide that
            raise _not_found(name, entry, files, error) from None
        except ValueError as error:  # pooch's word for a wrong checksum
            raise DamagedFileError(
                f"{file.url} gave another file than expected: {error}"
            ) from error
    return locate(name, entry)


def _not_found(
    name: str, entry: Entry, files: list[File], reason: OSError | None = None
) -> DataNotFoundError:
    """Return the error that says what is missing, where to put it and where it comes from."""
    folders = " and ".join(map(str, _folders()))
    wanted = ", ".join(file.path for file in files if _find(file) is None)
    sites = {file.url.rpartition("/")[0] for file in files if file.url}
    failed = ""
    if reason is not None:
        why = reason.strerror or type(reason).__name__
        failed = f" The download from {', '.join(sorted(sites))} failed ({why})."
    return DataNotFoundError(
        f"data set {name!r} is not on this machine: looked in {folders} for {wanted}.{failed} "
        f"Put the files there, or set BAKEOFF_DATA to the folder that holds them. "
        f"Source: {entry.source}"
    )
