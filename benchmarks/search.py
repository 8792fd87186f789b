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
* throughput: 40 trials of an SVC on MNIST 4,000 / 1,000, four processes against one;
  the processes are started before.
* cnn: the search of `CNNClassifier` with Hyperband on 12,000 rows of MNIST until a trial validates
  at 99.2 %, against the whole of 20 unpruned trials.
* noise: 200 rows of noise, 30 trials of nearest neighbours: what the inner search claims, and what
  five outer folds find, with Wilson's interval.

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
from sklearn.model_selection import (
    GridSearchCV,
    ParameterGrid,
    StratifiedKFold,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from statsmodels.stats.proportion import proportion_confint

from estimators import CNNClassifier
from pipelines import load_dataset
from search import OptunaSearchCV

_GOOD = 0.992  # validation accuracy that ends the search of the net
Seconds = tuple[float, float]
QUICK = False  # a twentieth of the rows, and few trials: shows that it runs, and no more


def timed(function: Callable[[], Any]) -> tuple[Any, Seconds]:
    clock, processor = time.perf_counter(), time.process_time()
    result = function()
    return result, (time.perf_counter() - clock, time.process_time() - processor)


def mnist(n_train: int, n_valid: int) -> tuple[np.ndarray, np.ndarray, tuple[Any, Any]]:
    data = load_dataset("mnist")
    if QUICK:
        n_train, n_valid = n_train // 20, n_valid // 20
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
    pipeline = Pipeline([("reduce", PCA(random_state=0)), ("model", KNeighborsClassifier())])
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


def throughput() -> None:
    X, y, split = mnist(4_000, 1_000)
    space = {"C": FloatDistribution(0.1, 30, log=True), "gamma": FloatDistribution(0.005, 0.05)}
    n_trials = 4 if QUICK else 40

    def run(n_jobs: int) -> None:
        OptunaSearchCV(
            SVC(), space, n_trials=n_trials, sampler="random", cv=split, refit=False,
            n_jobs=n_jobs, random_state=0,
        ).fit(X, y)  # fmt: skip

    OptunaSearchCV(
        SVC(), space, n_trials=8, sampler="random", cv=0.5, refit=False, n_jobs=4, random_state=0
    ).fit(X[:100], y[:100])  # starts the processes, which stay
    _, one = timed(lambda: run(1))
    _, four = timed(lambda: run(4))
    line("throughput", f"{n_trials} trials, four processes against one", four, one)


def cnn() -> None:
    data = load_dataset("mnist")
    n_trials = 2 if QUICK else 20

    def until_good(pruner: str | None) -> tuple[Seconds, float]:
        rows = 600 if QUICK else 12_000

        def stop(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
            if trial.value is not None and trial.value >= _GOOD and pruner is not None:
                study.stop()

        search = OptunaSearchCV(
            CNNClassifier(max_epochs=1 if QUICK else 10, random_state=0), n_trials=n_trials,
            cv=0.2, pruner=pruner, refit=False, callbacks=[stop], random_state=0,
        )  # fmt: skip
        _, seconds = timed(lambda: search.fit(data.X_train[:rows], data.y_train[:rows]))
        return seconds, float(np.nanmax(search.cv_results_["mean_test_score"]))

    ours, best = until_good("hyperband")
    theirs, plain = until_good(None)
    line("cnn", f"best {best:.4f} against {plain:.4f} of {n_trials} unpruned trials", ours, theirs)


def noise() -> None:
    """Print what the inner search claims on pure noise, and what nested folds find."""
    seeds = range(2 if QUICK else 20)
    space = {"n_neighbors": list(range(1, 40, 2)), "weights": ["uniform", "distance"]}
    print("| noise: seed | inner score | nested score | 95 % interval |\n|---:|---:|---:|---:|")
    for seed in seeds:
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(200, 10)), rng.permutation(np.arange(200) % 2)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        search = OptunaSearchCV(KNeighborsClassifier(), space, n_trials=30, cv=5, random_state=seed)
        found = cross_validate(search, X, y, cv=folds, return_estimator=True)
        inner = float(np.mean([one.best_score_ for one in found["estimator"]]))
        right = round(float(np.mean(found["test_score"])) * len(y))
        low, high = proportion_confint(right, len(y), method="wilson")
        print(f"| {seed} | {inner:.3f} | {right / len(y):.3f} | {low:.3f} to {high:.3f} |")


class NaiveBayes(GaussianNB):
    """A trivial model with a second parameter, which does nothing."""

    def __init__(self, *, priors: Any = None, var_smoothing: float = 1e-9, other: float = 0.0):
        super().__init__(priors=priors, var_smoothing=var_smoothing)
        self.other = other


PARTS = {
    part.__name__: part for part in (neighbours, forests, svm, overhead, throughput, cnn, noise)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if none is given")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    given = parser.parse_args()
    global QUICK
    QUICK = given.quick
    parts = given.parts or list(PARTS)
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
