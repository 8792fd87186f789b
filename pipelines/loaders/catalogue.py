"""The data sets that bakeoff knows by name: what they are, where their files come from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a data set and how to know that it is the right one.

    Parameters
    ----------
    path : str
        Where it lies below the data home.
    sha256, md5 : str or None, default=None
        Checksum of the file itself.
    content_md5 : str or None, default=None
        Checksum of what a ``.gz`` file unpacks to: packing again changes the file, not the content.
    url : str or None, default=None
        Public source of this very file.
    places : tuple of str, default=()
        Further folders where an operating system's package may have put it.
    variant : str, default=""
        Files of one variant belong together; the first complete variant is read.
    """

    path: str
    sha256: str | None = None
    md5: str | None = None
    content_md5: str | None = None
    url: str | None = None
    places: tuple[str, ...] = ()
    variant: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of a data set before it is loaded.

    Parameters
    ----------
    title, description, source, licence : str
        For people.
    task : str
        One of ``estimators.spec.TASKS``.
    kind : str
        One of ``estimators.spec.KINDS``.
    loader : str
        ``"file:function"`` in ``pipelines.loaders``.
    options : mapping, default={}
        Keyword arguments of the loader.
    files : tuple of File, default=()
        What is looked for in the data home; none for data that ships with scikit-learn.
    notes : tuple of str, default=()
        What must be said beside any figure.
    """

    title: str
    task: str
    kind: str
    loader: str
    description: str
    source: str
    licence: str = "not stated"
    options: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Where the data come from: "scikit-learn", "download", or the "data home" only."""
        if not self.files:
            return "scikit-learn"
        variants = {file.variant: True for file in self.files}
        for file in self.files:
            variants[file.variant] &= file.url is not None
        return "download" if any(variants.values()) else "data home"


def _read() -> dict[str, Entry]:
    """Return the entries of ``catalogue.toml`` in their order there."""
    text = (files("pipelines.loaders") / "catalogue.toml").read_text(encoding="utf-8")
    return {name: _entry(**fields) for name, fields in tomllib.loads(text).items()}


def _entry(**fields: Any) -> Entry:
    """Return an entry whose lists are tuples, as frozen things should be."""
    found = [{**file, "places": tuple(file.get("places", ()))} for file in fields.pop("files", ())]
    return Entry(
        **{**fields, "notes": tuple(fields.get("notes", ()))},
        files=tuple(File(**file) for file in found),
    )


CATALOGUE: dict[str, Entry] = _read()


def dataset_names(kind: str | None = None, task: str | None = None) -> list[str]:
    """Return the names of all data sets, or of those of one kind and one task.

    Parameters
    ----------
    kind : str or None, default=None
        One of ``estimators.spec.KINDS``.
    task : str or None, default=None
        One of ``estimators.spec.TASKS``.

    Returns
    -------
    list of str
        In the order of the catalogue: what ships with scikit-learn first.

    Examples
    --------
    >>> dataset_names()[:2]
    ['digits', 'iris']
    """
    return [
        name
        for name, entry in CATALOGUE.items()
        if kind in (None, entry.kind) and task in (None, entry.task)
    ]
