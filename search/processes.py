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
_PATIENCE = 10  # seconds that the scheduler of a cluster may take to answer


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


class ClusterWorkers:
    """Evaluates folds on a Dask cluster; a fold whose worker died is done by another one.

    Parameters
    ----------
    client : distributed.Client
        Connected to the scheduler.
    evaluator : Evaluator
        Sent to every worker once.
    """

    def __init__(self, client: Any, evaluator: Evaluator) -> None:
        self.client = client
        self.estimator = evaluator.estimator
        self._evaluator = client.scatter(cloudpickle.dumps(evaluator), broadcast=True, hash=False)

    def __call__(self, params: Mapping[str, Any], fold: int) -> Fold:
        task = self.client.submit(
            _evaluate_sent, self._evaluator, dict(params), fold, pure=False, retries=_TRIES
        )
        found: Fold = task.result()
        return found


@contextmanager
def workers(
    evaluator: Evaluator, n_jobs: int | None, backend: str | None = None
) -> Iterator[Evaluator | Workers | ClusterWorkers]:
    """Yield what evaluates folds: ``evaluator`` here, in ``n_jobs`` processes, or on a cluster.

    Arrays are written to a file once, which all processes map into memory.
    """
    if backend is not None:
        with _cluster(backend) as client:
            yield ClusterWorkers(client, evaluator)
        return
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


@contextmanager
def _cluster(backend: str) -> Iterator[Any]:
    """Yield a client of the Dask scheduler at "dask://HOST:PORT"."""
    try:
        from distributed import Client  # lazy: an extra, and slow to import
    except ModuleNotFoundError:
        raise WorkerError(
            f"{backend}: Dask is not installed; it comes with bakeoff[dask]."
        ) from None
    try:
        client: Any = Client(  # type: ignore[no-untyped-call]  # Dask leaves it without types
            backend.replace("dask://", "tcp://", 1), timeout=_PATIENCE
        )
    except (OSError, TimeoutError):
        raise WorkerError(f"{backend}: no Dask scheduler answers there; start one.") from None
    with client:
        yield client


def n_workers(n_jobs: int | None, evaluate: Any) -> int:
    """Return how many trials run side by side: one for each thread of a cluster by default."""
    if isinstance(evaluate, ClusterWorkers) and n_jobs is None:
        return max(1, sum(evaluate.client.nthreads().values()))
    return int(joblib.effective_n_jobs(n_jobs))


def _evaluate_sent(evaluator: bytes, params: Mapping[str, Any], fold: int) -> Fold:
    return _unpacked(evaluator)(params, fold)


@lru_cache(maxsize=1)
def _unpacked(evaluator: bytes) -> Evaluator:
    found: Evaluator = cloudpickle.loads(evaluator)
    return found


def _evaluate(path: str, params: Mapping[str, Any], fold: int) -> Fold:
    return _load(path)(params, fold)


@lru_cache(maxsize=1)
def _load(path: str) -> Evaluator:
    evaluator: Evaluator = cloudpickle.loads(Path(path).with_suffix(".rest").read_bytes())
    for name, value in joblib.load(path, mmap_mode="r").items():
        setattr(evaluator, name, value)
    return evaluator
