"""What sharing saves in a grid, and what a trial costs beside its fit.

Protocol. `OptunaSearchCV(sampler="grid")` runs against the plain loop over scikit-learn (clone, set
parameters, fit, score) on one validation split, one after the other in one process, once each. The
scores of all cells must be equal, or the script fails. Given are seconds by the clock and seconds
of processor time over all threads, which other work on the machine disturbs less.

* neighbours: PCA {5, 25, 50, 100, 784} x KNN {3, 10, 50, 100}, MNIST 48,000 / 12,000.
* forests: trees {10, 100, 200, 400, 600} x depth {10, 20} x max_features {100, "sqrt"} x
  min_samples_split {2, 4}, MNIST 1,000 / 500 (scaled down).
* svm: PCA {25, 50, 100} x C {1, 3, 10, 30} x gamma {0.01, 0.03}, MNIST 4,000 / 1,000 (scaled
  down), against the loop and against `GridSearchCV` as it comes.
* overhead: 100 trials of Gaussian naive Bayes on iris, 5 folds, 2 parameters: `OptunaSearchCV`
  against `study.optimize` with `cross_validate`, in memory and in an SQLite file.

Run `BAKEOFF_DATA=... python -m benchmarks.search [PART ...]`.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import sklearn
from optuna.distributions import FloatDistribution
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from pipelines import load_dataset
from search import OptunaSearchCV

Seconds = tuple[float, float]


def timed(function: Callable[[], Any]) -> tuple[Any, Seconds]:
    clock, processor = time.perf_counter(), time.process_time()
    result = function()
    return result, (time.perf_counter() - clock, time.process_time() - processor)


def mnist(n_train: int, n_valid: int) -> tuple[np.ndarray, np.ndarray, tuple[Any, Any]]:
    data = load_dataset("mnist")
    n = n_train + n_valid
    X = np.asarray(data.X_train[:n]).reshape(n, -1) / 255.0
    return X, np.asarray(data.y_train[:n]), (np.arange(n_train), np.arange(n_train, n))


def plain_loop(
    estimator: Any, grid: dict[str, list[Any]], X: Any, y: Any, split: Any
) -> list[float]:
    train, valid = split
    return [
        clone(estimator).set_params(**params).fit(X[train], y[train]).score(X[valid], y[valid])
        for params in ParameterGrid(grid)
    ]


def shared(estimator: Any, grid: dict[str, list[Any]], X: Any, y: Any, split: Any) -> list[float]:
    search = OptunaSearchCV(
        estimator, grid, sampler="grid", n_trials=None, cv=split, refit=False, random_state=0,
        error_score="raise",
    ).fit(X, y)  # fmt: skip
    found = dict(
        zip(
            map(repr_of, search.cv_results_["params"]),
            search.cv_results_["mean_test_score"],
            strict=True,
        )
    )
    return [float(found[repr_of(params)]) for params in ParameterGrid(grid)]


def repr_of(params: dict[str, Any]) -> str:
    return repr(sorted(params.items()))


def compare(name: str, estimator: Any, grid: dict[str, list[Any]], *data: Any) -> None:
    ours, seconds = timed(lambda: shared(estimator, grid, *data))
    plain, plain_seconds = timed(lambda: plain_loop(estimator, grid, *data))
    if ours != plain:
        raise SystemExit(f"{name}: scores differ: {ours} {plain}")
    line(name, f"{len(plain)} cells, scores equal", seconds, plain_seconds)


def line(name: str, what: str, ours: Seconds, theirs: Seconds) -> None:
    clock, processor = (b / a for a, b in zip(ours, theirs, strict=True))
    print(
        f"| {name} | {what} | {theirs[0]:.1f} / {theirs[1]:.1f} | {ours[0]:.1f} / {ours[1]:.1f} "
        f"| {clock:.2f} / {processor:.2f} |",
        flush=True,
    )


def neighbours() -> None:
    pipeline = Pipeline([("reduce", PCA()), ("model", KNeighborsClassifier())])
    grid = {"reduce__n_components": [5, 25, 50, 100, 784], "model__n_neighbors": [3, 10, 50, 100]}
    compare("neighbours", pipeline, grid, *mnist(48_000, 12_000))


def forests() -> None:
    grid = {
        "n_estimators": [10, 100, 200, 400, 600],
        "max_depth": [10, 20],
        "max_features": [100, "sqrt"],
        "min_samples_split": [2, 4],
    }
    compare("forests", RandomForestClassifier(random_state=0), grid, *mnist(1_000, 500))


def svm() -> None:
    pipeline = Pipeline([("reduce", PCA(random_state=0)), ("model", SVC())])
    grid = {
        "reduce__n_components": [25, 50, 100],
        "model__C": [1.0, 3.0, 10.0, 30.0],
        "model__gamma": [0.01, 0.03],
    }
    X, y, split = mnist(4_000, 1_000)
    compare("svm", pipeline, grid, X, y, split)
    _, ours = timed(lambda: shared(pipeline, grid, X, y, split))
    search = GridSearchCV(pipeline, grid, cv=[split], refit=False)
    _, theirs = timed(lambda: search.fit(X, y))
    line("svm", "24 cells, against GridSearchCV", ours, theirs)


def overhead() -> None:
    X, y = load_iris(return_X_y=True)
    space = {"var_smoothing": (1e-12, 1e-1), "other": (0.0, 1.0)}
    model = NaiveBayes()

    def objective(trial: optuna.Trial) -> float:
        params = {n: trial.suggest_float(n, *bounds) for n, bounds in space.items()}
        return cross_validate(clone(model).set_params(**params), X, y)["test_score"].mean()

    def study(storage: str | None) -> None:
        sampler = optuna.samplers.TPESampler(seed=0)
        optuna.create_study(storage=storage, sampler=sampler).optimize(objective, n_trials=100)

    def ours(storage: Path | None) -> None:
        distributions = {n: FloatDistribution(*bounds) for n, bounds in space.items()}
        OptunaSearchCV(
            model, distributions, n_trials=100, storage=storage, random_state=0, refit=False
        ).fit(X, y)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        ours(base / "warm.db")  # imports
        _, theirs = timed(lambda: study(None))
        _, mine = timed(lambda: ours(None))
        line("overhead", "100 trials in memory", mine, theirs)
        _, theirs = timed(lambda: study(f"sqlite:///{base / 'theirs.db'}"))
        _, mine = timed(lambda: ours(base / "ours.db"))
        line("overhead", "100 trials in SQLite", mine, theirs)


class NaiveBayes(GaussianNB):
    """A trivial model with a second parameter, which does nothing."""

    def __init__(self, *, priors: Any = None, var_smoothing: float = 1e-9, other: float = 0.0):
        super().__init__(priors=priors, var_smoothing=var_smoothing)
        self.other = other


PARTS = {part.__name__: part for part in (neighbours, forests, svm, overhead)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if none is given")
    parts = parser.parse_args().parts or list(PARTS)
    print(
        f"Python {platform.python_version()}, scikit-learn {sklearn.__version__}, optuna "
        f"{optuna.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}\n"
    )
    print("| part | what | plain, s (clock / cpu) | ours, s (clock / cpu) | times faster |")
    print("|---|---|---:|---:|---:|")
    for part in parts:
        PARTS[part]()


if __name__ == "__main__":
    main()
