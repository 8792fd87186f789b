"""``Report``: what a run directory says, for people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports import render
from reports.base import BaseReport
from reports.blocks import Summary, Table
from reports.run import Run
from reports.summarize import summarize

if TYPE_CHECKING:
    import pandas as pd


class Report(BaseReport):
    """The report of a comparison.

    One summary is computed from the run directory, and rendered as HTML, as Markdown or as
    tables; so they cannot disagree. Nothing else is read, and no model is loaded.

    Parameters
    ----------
    run_dir : path-like
        The run directory that ``compare`` wrote.

    Raises
    ------
    search.run_directory.RunError
        If there is no run in it, or a file of it is damaged.

    Examples
    --------
    >>> report = Report("runs/digits")  # doctest: +SKIP
    >>> report.to_html("digits.html")  # doctest: +SKIP
    PosixPath('digits.html')
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.run_dir = Path(run_dir)
        self._run = Run(run_dir)

    def _summarize(self) -> Summary:
        return summarize(self._run)

    def table(self) -> pd.DataFrame:
        """Return the comparison table, one row a model, the best test score first.

        Returns
        -------
        DataFrame
            Raw numbers: the test score and the ends of its interval, its spread over the seeds
            (standard deviation, least, greatest, how many), the validation score, seconds,
            bytes, the tuned parameters and the status.
        """
        import pandas as pd  # a second to import, and only needed here

        tables: list[Table] = render.tables(self._summary)
        comparison = next(table for table in tables if table.name == "comparison")
        return pd.DataFrame([_flat(row) for row in comparison.rows]).set_index("model")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the comparison with one number in a cell."""
    score, low, high = row["test"] or (None, None, None)
    middle, fastest, slowest = row["predict"] or (None, None, None)
    deviation, least, greatest, n_seeds = row.get("seeds") or (None, None, None, 1)
    return {
        "model": row["model"],
        "test": score,
        "test_low": low,
        "test_high": high,
        "seeds_std": deviation,
        "seeds_min": least,
        "seeds_max": greatest,
        "n_seeds": n_seeds,
        "validation": row["validation"],
        "fit_seconds": row["fit"],
        "predict_seconds": middle,
        "predict_seconds_min": fastest,
        "predict_seconds_max": slowest,
        "model_bytes": row["size"],
        "peak_memory": row["memory"],
        "efficient": row["efficient"],
        "params": row["params"],
        "status": row["status"],
    }
