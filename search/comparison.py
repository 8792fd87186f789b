"""What came out of a comparison, read from its run directory."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

import pandas as pd

import estimators
from search.disk import RunError
from search.finding import Finding
from search.guards import found_in
from search.metrics import get
from search.run_directory import RunDirectory


class Comparison:
    """The result of ``compare``: a light view of the run directory.

    Parameters
    ----------
    run_dir : path-like
        Folder of a run, finished or not.

    Attributes
    ----------
    run_dir : Path
        The folder.
    rows : list of dict
        All that was measured, see ``docs/architecture.md``.
    findings : list of Finding
        What the guards found in the data before anything was trained, warnings first.
    best_ : str or None
        Name of the model with the best validation score among those that were tested: the test
        part judges it, and so has no say in choosing it. None while there is none.

    Raises
    ------
    RunError
        If there is no run in the folder.

    Examples
    --------
    >>> import tempfile
    >>> from search.run_directory import RunDirectory, make_row
    >>> question = {"models": ["knn"], "metrics": ["accuracy"], "refit": "accuracy"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = RunDirectory.create(folder, {"format": 1, "question": question})
    ...     run.append([make_row("knn", "test", metric="accuracy", value=0.75)])
    ...     Comparison(folder).table()["accuracy"].to_dict()
    {'knn': 0.75}
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self._run = RunDirectory(run_dir)
        self.run_dir = self._run.path

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All rows."""
        return self._run.rows()

    @property
    def findings(self) -> list[Finding]:
        """What was found in the data; nothing where they were not looked at."""
        return found_in(self.run_dir) or []

    @property
    def best_(self) -> str | None:
        """Name of the model that validation found best."""
        table = self.table()
        scores = table.loc[table["status"] == "complete", "validation"].dropna()
        if scores.empty:
            return None
        losses = not get(self._run.manifest["question"]["refit"]).greater_is_better
        return str(scores.idxmin() if losses else scores.idxmax())

    def table(self) -> pd.DataFrame:
        """Return one row per model, the best test score first.

        Returns
        -------
        DataFrame
            Indexed by model. ``status``; the test score of each metric (losses positive, as
            usual); ``validation``, the mean score of the best trial in the metric that was
            optimised; ``trials``; ``fit_seconds`` and ``predict_seconds`` (whole training and test
            part); ``model_bytes`` on disk; ``peak_memory``, the most bytes that were resident in
            the model's process, interpreter, libraries and data included; ``params``; ``error``.
        """
        question = self._run.manifest["question"]
        table = pd.DataFrame([self._line(name) for name in question["models"]])
        metric = get(question["refit"])
        return table.set_index("model").sort_values(
            metric.name, ascending=not metric.greater_is_better, kind="stable"
        )

    def load_model(self, name: str, *, trusted: Iterable[str] = ()) -> Any:
        """Return the fitted pipeline of a model.

        Parameters
        ----------
        name : str
            Its name in the run.
        trusted : iterable of str, default=()
            Classes of your own in the pipeline, see ``estimators.load``.

        Returns
        -------
        Pipeline
            Fitted on the whole training part.

        Raises
        ------
        ValueError
            If no such model takes part, or it holds classes that are not trusted.
        RunError
            If it was not fitted, or could not be saved.
        """
        names = self._run.manifest["question"]["models"]
        if name not in names:
            raise ValueError(f"load_model: name must be one of {', '.join(names)}, got {name!r}.")
        path = self._run.model_path(name)
        if not path.exists():
            raise RunError(f"{self.run_dir} holds no fitted model {name!r}.")
        return estimators.load(path, trusted=trusted)

    def _line(self, name: str) -> dict[str, Any]:
        rows = [row for row in self.rows if row["model"] == name]
        tests = [row for row in rows if row["stage"] == "test" and row["metric"]]
        refit = next((r for r in rows if (r["stage"], r["status"]) == ("refit", "complete")), {})
        status, error = self._run.status(name) or ("unfinished", None)
        scores = {row["metric"]: _raw(row["metric"], row["value"]) for row in tests}
        extras = [row["extra"] for row in rows]
        return {
            "model": name,
            "status": status,
            **{metric: scores.get(metric) for metric in self._run.manifest["question"]["metrics"]},
            "validation": self._validation(rows),
            "trials": len({r["trial"] for r in rows} - {None}),
            "fit_seconds": refit.get("seconds"),
            "predict_seconds": tests[0]["seconds"] if tests else None,
            "model_bytes": refit.get("extra", {}).get("model_bytes"),
            "peak_memory": max(
                (e["peak_memory"] for e in extras if "peak_memory" in e), default=None
            ),
            "params": refit.get("params", {}),
            "error": error,
        }

    def _validation(self, rows: list[dict[str, Any]]) -> float | None:
        """Return the mean score of the best complete trial."""
        metric = self._run.manifest["question"]["refit"]
        scores: dict[int, list[float | None]] = defaultdict(list)
        for row in rows:
            if row["stage"] == "search" and row["metric"] == metric:
                scores[row["trial"]].append(row["value"] if row["status"] == "complete" else None)
        means = [
            fmean(v for v in values if v is not None)
            for values in scores.values()
            if None not in values
        ]
        return _raw(metric, max(means)) if means else None

    def __repr__(self) -> str:
        return f"Comparison({str(self.run_dir)!r})\n{self.table().iloc[:, :4].to_string()}"

    def _repr_html_(self) -> str:
        return str(self.table().to_html())


def _raw(metric: str, value: float | None) -> float | None:
    """Return a score as its metric defines it: losses positive."""
    return None if value is None else get(metric).sign * value
