"""Folds in worker processes, while the study stays in this one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
from joblib.externals.loky import BrokenProcessPool, get_reusable_executor

from search.evaluation import Evaluator, Fold

_TRIES = 3  # of a fold whose worker died; it may have died of another one's hunger for memory


class WorkerError(RuntimeError):
    """A worker process died while it fitted."""


class Workers:
    """Evaluates folds in other processes; a trial's thread waits for its fold.

    Parameters
    ----------
    path : Path
        File with the pickled evaluator.
    n_jobs : int
        Number of processes.
    estimator : estimator
        What the parameters are set on.
    """

    def __init__(self, path: Path, n_jobs: int, estimator: Any) -> None:
        self.path = path
        self.estimator = estimator
        self.n_jobs = n_jobs

    def __call__(self, params: Mapping[str, Any], fold: int) -> Fold:
        for _ in range(_TRIES):
            executor = get_reusable_executor(max_workers=self.n_jobs)
            try:
                return executor.submit(_evaluate, str(self.path), dict(params), fold).result()
            except BrokenProcessPool:
                continue
        raise WorkerError(f"a worker process died {_TRIES} times (killed, or out of memory)")


@contextmanager
def workers(evaluator: Evaluator, n_jobs: int | None) -> Iterator[Evaluator | Workers]:
    """Yield what evaluates folds: ``evaluator`` here, or in ``n_jobs`` processes.

    Arrays are written to a file once, which all processes map into memory.
    """
    n_jobs = joblib.effective_n_jobs(n_jobs)
    if n_jobs == 1:
        yield evaluator
        return
    with tempfile.TemporaryDirectory(prefix="bakeoff-") as folder:
        path = Path(folder) / "evaluator"
        arrays = {name: getattr(evaluator, name) for name in ("X", "y", "splits")}
        joblib.dump(arrays, path)
        path.with_suffix(".rest").write_bytes(cloudpickle.dumps(evaluator.without_rows()))
        yield Workers(path, n_jobs, evaluator.estimator)


def _evaluate(path: str, params: Mapping[str, Any], fold: int) -> Fold:
    return _load(path)(params, fold)


@lru_cache(maxsize=1)
def _load(path: str) -> Evaluator:
    evaluator: Evaluator = cloudpickle.loads(Path(path).with_suffix(".rest").read_bytes())
    for name, value in joblib.load(path, mmap_mode="r").items():
        setattr(evaluator, name, value)
    return evaluator
