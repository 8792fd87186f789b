"""The end of a command that compares: reports, table, and who did not end well."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reports.terminal import print_report
from search.disk import RunError

if TYPE_CHECKING:
    from reports.base import BaseReport


def write_report(run: Path, places: Mapping[str, Path | None]) -> int:
    """Write the report of a run and print its table; return 1 if a model failed, else 0.

    Parameters
    ----------
    run : Path
        The run directory.
    places : mapping of str to Path or None
        Where what is wanted goes: "html", "markdown", "csv" or "json" to a file or folder.

    Returns
    -------
    int
        The exit status.
    """
    # Lazy: `bakeoff --help` must not wait for matplotlib.
    from reports import Report
    from search.run_directory import RunDirectory

    written = Report(run)
    _write(written, places)
    print_report(written)
    _name(places)
    directory = RunDirectory(run)
    ends = {name: directory.status(name) for name in directory.manifest["question"]["models"]}
    failed = [name for name, end in ends.items() if end is not None and end[0] != "complete"]
    if failed:
        print(f"Not all went well, the report says why: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def write_reports(folders: Sequence[Path], places: Mapping[str, Path | None]) -> int:
    """Write a report in every folder and the joint one; return 1 if a model failed, else 0.

    Parameters
    ----------
    folders : sequence of Path
        Run directories of different data.
    places : mapping of str to Path or None
        Where the joint report goes, as in :func:`write_report`.

    Returns
    -------
    int
        The exit status.
    """
    # Lazy: `bakeoff --help` must not wait for matplotlib.
    from reports import SeveralReport

    joint = SeveralReport(folders)
    status = max(write_report(folder, {"html": folder / "report.html"}) for folder in folders)
    _write(joint, places)
    print(f"\n{joint.verdict}")
    _name(places)
    return status


def runs_in(folder: Path) -> list[Path]:
    """Return the folder if it is a run directory or empty of them, else those that lie in it.

    Raises
    ------
    search.RunError
        If there is only one in it, so that nothing can be said jointly.
    """
    within = sorted(path.parent for path in folder.glob("*/manifest.json"))
    if (folder / "manifest.json").exists() or not within:
        return [folder]
    if len(within) == 1:
        raise RunError(
            f"{folder} holds no run itself, but {within[0]} is one: `bakeoff report {within[0]}`."
        )
    return within


def _write(report: BaseReport, places: Mapping[str, Path | None]) -> None:
    writers = {
        "html": report.to_html,
        "markdown": report.to_markdown,
        "csv": report.to_csv,
        "json": report.to_json,
    }
    for form, path in places.items():
        if path:
            writers[form](path)


def _name(places: Mapping[str, Path | None]) -> None:
    for path in filter(None, places.values()):
        print(f"Report: {path}")
