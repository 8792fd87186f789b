"""The end of a command that compares: report, table, and who did not end well."""

from __future__ import annotations

import sys
from pathlib import Path

from reports.terminal import print_report


def write_report(run: Path, html: Path, markdown: Path | None = None) -> int:
    """Write the report of ``run`` and print its table; return 1 if a model failed, else 0."""
    # Lazy: `bakeoff --help` must not wait for matplotlib.
    from reports import Report
    from search.run_directory import RunDirectory

    written = Report(run)
    written.to_html(html)
    if markdown:
        written.to_markdown(markdown)
    print_report(written)
    for path in filter(None, (html, markdown)):
        print(f"Report: {path}")
    directory = RunDirectory(run)
    ends = {name: directory.status(name) for name in directory.manifest["question"]["models"]}
    failed = [name for name, end in ends.items() if end is not None and end[0] != "complete"]
    if failed:
        print(f"Not all went well, the report says why: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0
