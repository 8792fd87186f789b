"""What all reports have in common: one summary, and every form in which it is handed on."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any

from reports import render
from reports.blocks import Summary
from reports.summarize import plain


class BaseReport(ABC):
    """A summary, computed once, and rendered as HTML, Markdown, CSV or JSON.

    As all of them show the same summary, they cannot disagree.
    """

    @abstractmethod
    def _summarize(self) -> Summary:
        """Return all that the report says."""

    @cached_property
    def _summary(self) -> Summary:
        return self._summarize()

    @property
    def summary(self) -> dict[str, Any]:
        """All that the report says, as plain data that ``json.dumps`` takes."""
        return dict(plain(self._summary))

    @property
    def verdict(self) -> str:
        """The answer in words."""
        verdict = self._summary.verdict
        return " ".join([verdict.headline, *verdict.sentences])

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one HTML file that fetches nothing.

        Parameters
        ----------
        path : path-like
            The file; folders on the way to it are made.

        Returns
        -------
        Path
            The file.
        """
        return render.write(Path(path), render.to_html(self._summary))

    def to_markdown(self, folder: str | os.PathLike[str]) -> Path:
        """Write the report as ``README.md`` with its pictures beside it.

        Parameters
        ----------
        folder : path-like
            The folder, made if absent.

        Returns
        -------
        Path
            The Markdown file.
        """
        text, pictures = render.to_markdown(self._summary)
        for name, content in pictures.items():
            render.write(Path(folder) / name, content)
        return render.write(Path(folder) / "README.md", text)

    def to_csv(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write every table of the report, and the data behind every plot, as a CSV file each.

        Parameters
        ----------
        folder : path-like
            The folder, made if absent.

        Returns
        -------
        list of Path
            The files.
        """
        tables = render.tables(self._summary)
        return [
            render.write(Path(folder) / f"{table.name}.csv", render.to_csv(table))
            for table in tables
        ]

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write all that the report says as one JSON file.

        Parameters
        ----------
        path : path-like
            The file; folders on the way to it are made.

        Returns
        -------
        Path
            The file.
        """
        text = json.dumps(self.summary, indent=1, ensure_ascii=False, allow_nan=False)
        return render.write(Path(path), f"{text}\n")

    def _repr_html_(self) -> str:
        return render.to_notebook(self._summary)
