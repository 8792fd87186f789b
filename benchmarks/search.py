"""What sharing saves in a search, and what a trial costs beside its fit.

Protocol. Two ways to the same answer run one after the other in one process, on the same rows,
candidates and seed. Where both are to find the same scores, they must be equal in every cell, or
the script fails. Given are seconds by the clock and seconds of processor time over all threads,
which other work on the machine disturbs less. A grid runs as `OptunaSearchCV(sampler="grid")`
against the plain loop over scikit-learn (clone, set parameters, fit, score), once each.

* neighbours: PCA {5, 25, 50, 100, 784} x KNN {3, 10, 50, 100}, MNIST 48,000 / 12,000. 5 to 10 min.
* forests: trees {10, 100, 200, 400, 600} x depth {10, 20} x max_features {100, "sqrt"} x
  min_samples_split {2, 4}, MNIST 1,000 / 500 (scaled down). 3 min.
* svm: PCA {25, 50, 100} x C {1, 3, 10, 30} x gamma {0.01, 0.03}, MNIST 4,000 / 1,000 (scaled
  down), against `GridSearchCV` as it comes; with PCA's own choice of solver, which is a randomized
  one at this size (each number of components is fitted once), and with the full one (one fit is
  the beginning of all). 3 min.
* overhead: 100 trials of Gaussian naive Bayes on iris, 5 folds, 2 parameters: `OptunaSearchCV`
  against `study.optimize` with `cross_validate`, in memory and in an SQLite file; in turns, the
  median of 5. 2 min.
* throughput: 40 trials of an SVC on MNIST 4,000 / 1,000, in 784 columns (bound by memory) and in 25
  components, four processes against one, same scores; the processes are started before. 3 min.
* noise: 200 rows of noise, 30 trials of nearest neighbours: what the inner search claims, and what
  five outer folds find, with Wilson's interval; 20 seeds. 5 min.

The minutes are estimates for two idle cores. Each part alone, and nothing else on the machine:

    BAKEOFF_DATA=... OMP_NUM_THREADS=1 python -m benchmarks.search overhead throughput noise
    BAKEOFF_DATA=... python -m benchmarks.search neighbours forests svm

`--quick` shows in a minute that it runs, with a twentieth of the rows, and no more. What pruning
saves is measured by `benchmarks.pruning`.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from functools import partial
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

from pipelines import load_dataset
from search import OptunaSearchCV

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
    check_equal(name, ours, plain)
    line(name, f"{len(plain)} cells, scores equal", seconds, plain_seconds)


def check_equal(name: str, ours: list[float], theirs: list[float]) -> None:
    if ours != theirs:
        raise SystemExit(f"{name}: scores differ: {ours} {theirs}")


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
    grid = {
        "reduce__n_components": [25, 50, 100],
        "model__C": [1.0, 3.0, 10.0, 30.0],
        "model__gamma": [0.01, 0.03],
    }
    X, y, split = mnist(4_000, 1_000)
    for solver in ("auto", "full"):
        reduce = PCA(random_state=0, svd_solver=solver)
        pipeline = Pipeline([("reduce", reduce), ("model", SVC())])
        ours, seconds = timed(partial(shared, pipeline, grid, X, y, split))
        search = GridSearchCV(pipeline, grid, cv=[split], refit=False)
        theirs = timed(partial(search.fit, X, y))[1]
        check_equal("svm", ours, list(search.cv_results_["mean_test_score"]))
        line("svm", f'{len(ours)} cells, svd_solver="{solver}", scores equal', seconds, theirs)


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
        in_turns("100 trials in memory", lambda _: ours(None), lambda _: study(None))
        in_turns(
            "100 trials in SQLite",
            lambda turn: ours(base / f"ours-{turn}.db"),
            lambda turn: study(f"sqlite:///{base / f'theirs-{turn}.db'}"),
        )


def in_turns(what: str, ours: Callable[[int], None], theirs: Callable[[int], None]) -> None:
    """Print the medians of five turns."""
    seconds: dict[str, list[Seconds]] = {"ours": [], "theirs": []}
    for turn in range(1 if QUICK else 5):
        seconds["theirs"].append(timed(partial(theirs, turn))[1])
        seconds["ours"].append(timed(partial(ours, turn))[1])
    middle = {name: tuple(np.median(found, axis=0)) for name, found in seconds.items()}
    line("overhead", what, middle["ours"], middle["theirs"])


def throughput() -> None:
    X, y, split = mnist(4_000, 1_000)
    space = {"C": FloatDistribution(0.1, 30, log=True), "gamma": FloatDistribution(0.005, 0.05)}
    n_trials = 4 if QUICK else 40

    def run(X: np.ndarray, n_jobs: int) -> list[float]:
        search = OptunaSearchCV(
            SVC(), space, n_trials=n_trials, sampler="random", cv=split, refit=False,
            n_jobs=n_jobs, random_state=0,
        ).fit(X, y)  # fmt: skip
        return list(search.cv_results_["mean_test_score"])

    OptunaSearchCV(
        SVC(), space, n_trials=8, sampler="random", cv=0.5, refit=False, n_jobs=4, random_state=0
    ).fit(X[:100], y[:100])  # starts the processes, which stay
    for rows in (X, PCA(25, random_state=0).fit_transform(X)):
        scores, one = timed(partial(run, rows, 1))
        same, four = timed(partial(run, rows, 4))
        check_equal("throughput", same, scores)
        what = f"{n_trials} trials in {rows.shape[1]} columns, four processes against one"
        line("throughput", what, four, one)


def noise() -> None:
    """Print what the inner search claims on pure noise, and what nested folds find."""
    seeds = range(2 if QUICK else 20)
    space = {"n_neighbors": list(range(1, 40, 2)), "weights": ["uniform", "distance"]}
    inside = 0
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
        inside += low <= 0.5 <= high
        print(f"| {seed} | {inner:.3f} | {right / len(y):.3f} | {low:.3f} to {high:.3f} |")
    print(f"\nChance (0.5) lies in {inside} of {len(seeds)} intervals of 95 %.")


class NaiveBayes(GaussianNB):
    """A trivial model with a second parameter, which does nothing."""

    def __init__(self, *, priors: Any = None, var_smoothing: float = 1e-9, other: float = 0.0):
        super().__init__(priors=priors, var_smoothing=var_smoothing)
        self.other = other


PARTS = {part.__name__: part for part in (neighbours, forests, svm, overhead, throughput, noise)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if none is given")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    given = parser.parse_args()
    global QUICK
    QUICK = given.quick
    begin()
    for part in given.parts or PARTS:
        PARTS[part]()


def begin() -> None:
    """Print the machine, and the head of the table."""
    print(
        f"Python {platform.python_version()}, scikit-learn {sklearn.__version__}, optuna "
        f"{optuna.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}\n"
    )
    print("| part | what | plain, s (clock / cpu) | ours, s (clock / cpu) | times faster |")
    print("|---|---|---:|---:|---:|")


if __name__ == "__main__":
    main()
