"""``load_dataset``: a public data set by its name, with a test part that never changes."""

from __future__ import annotations

import difflib
import importlib
import inspect
from typing import Any

from pipelines.dataset import Dataset, image_shape

from .catalogue import CATALOGUE, Entry, dataset_names
from .home import DamagedFileError, DataNotFoundError, locate

__all__ = ["CATALOGUE", "DamagedFileError", "DataNotFoundError", "dataset_names", "load_dataset"]


def load_dataset(name: str) -> Dataset:
    """Return a public data set by name.

    Files are looked for in the folder that the environment variable ``BAKEOFF_DATA`` names, then
    in the user's cache folder, then downloaded from their public source; checksums are verified.

    Parameters
    ----------
    name : str
        One of :func:`dataset_names`. ``"nab"`` takes a series too, as in
        ``"nab/realKnownCause/nyc_taxi"``.

    Returns
    -------
    Dataset
        Its test part is the published one where there is one, else a stratified fifth with a fixed
        seed (the last fifth of a series).

    Raises
    ------
    ValueError
        If there is no such data set; the message suggests the nearest name.
    DataNotFoundError
        If a file is neither on disk nor to be had: the message names folder, files and source.
    DamagedFileError
        If a file is not what it should be.

    Examples
    --------
    >>> load_dataset("iris")
    Dataset('iris', classification of table rows: 120 for training, 30 for the test)
    """
    base, _, member = str(name).partition("/")
    if base not in CATALOGUE:
        near = difflib.get_close_matches(str(name), CATALOGUE, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(CATALOGUE)}."
        raise ValueError(f"name must be the name of a data set, got {name!r}; {hint}")
    entry = CATALOGUE[base]
    loaded = _load(base, entry, member)
    if entry.kind == "image":
        loaded["image_shape"] = image_shape(loaded["X_train"])
    return Dataset(
        name=name,
        task=entry.task,
        kind=entry.kind,
        description=entry.description,
        source=entry.source,
        licence=entry.licence,
        notes=(*entry.notes, *loaded.pop("notes", ())),
        **loaded,
    )


def _load(name: str, entry: Entry, member: str) -> dict[str, Any]:
    """Call the entry's loader, whose module is imported only now."""
    module, function = entry.loader.split(":")
    load = getattr(importlib.import_module(f"pipelines.loaders.{module}"), function)
    options: dict[str, Any] = dict(entry.options)
    if member:
        if "member" not in inspect.signature(load).parameters:
            raise ValueError(f"name must be {name!r}: it has no parts, got {name}/{member}.")
        options["member"] = member
    if entry.files:
        options["files"] = locate(name, entry)
    parts: dict[str, Any] = load(**options)
    return parts
