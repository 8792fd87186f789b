"""Perceptrons with their defaults on thirteen tables: ours, scikit-learn's, and RealMLP-TD.

Protocol. At most 1,000 rows of a table (or `--rows`), drawn by class with seed 0, classes of fewer
than 10 of them left out; stratified cross-validation, five folds, twice (seeds 0 and 1). Every
model gets the same rows: numbers scaled, categories as columns of their own, all fitted on the rows
of the fold.
Nothing is tuned, and no default was chosen on these scores. Seconds are of the processor, one
thread: of the fit, without preparation and prediction.

RealMLP-TD (D. Holzmüller et al., Better by default, NeurIPS 2024) takes part where pytabkit can be
imported; it sets a fifth of its rows apart to choose its epoch.

    python -m benchmarks.tables                  all models, all tables; goes on where it stopped
    python -m benchmarks.tables --models ours    some of them
    python -m benchmarks.tables --minutes 3      stop after so much processor time
    python -m benchmarks.tables --rows 5000 --tables adult credit-default --out runs/more.jsonl
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import platform
import time
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import sklearn
import torch
from scipy.stats import rankdata
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier

from estimators import TorchMLPClassifier
from pipelines import load_dataset, make_pipeline
from pipelines.dataset import Dataset
from search.disk import append_lines, read_lines

TABLES = (
    "ionosphere", "pima", "yeast", "wine-quality", "adult", "credit-default", "shuttle",
    "glass", "satimage", "iris", "wine", "breast-cancer", "moons",
)  # fmt: skip
FIELDS = ("accuracy", "seconds")
FEWEST_OF_A_CLASS, FOLDS, REPEATS = 10, 5, 2


def table(name: str, most_rows: int) -> tuple[Dataset, Any, np.ndarray]:
    """Return a data set, and rows and classes drawn from all of it."""
    data = load_dataset(name)
    n_train = len(data.y_train)
    y = np.concatenate([data.y_train, data.y_test])
    rows = np.arange(len(y))
    if len(y) > most_rows:
        rows, _ = train_test_split(rows, train_size=most_rows, stratify=y, random_state=0)
    classes, counts = np.unique(y[rows], return_counts=True)
    rows = rows[np.isin(y[rows], classes[counts >= FEWEST_OF_A_CLASS])]
    parts = (data.X_train, rows[rows < n_train]), (data.X_test, rows[rows >= n_train] - n_train)
    taken = [X.iloc[i] if hasattr(X, "iloc") else X[i] for X, i in parts]
    rows = np.concatenate([rows[rows < n_train], rows[rows >= n_train]])
    if hasattr(taken[0], "iloc"):
        return data, pd.concat(taken, ignore_index=True), y[rows]
    return data, np.concatenate(taken), y[rows]


def models(names: list[str]) -> dict[str, Any]:
    """Return what makes a model from a seed, by its name."""
    known = {
        "ours": lambda seed: TorchMLPClassifier(random_state=seed),
        "scikit-learn": lambda seed: MLPClassifier(random_state=seed),
    }
    if importlib.util.find_spec("pytabkit"):
        from pytabkit import RealMLP_TD_Classifier

        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)  # four lines a fit
        known["realmlp"] = lambda seed: RealMLP_TD_Classifier(
            device="cpu", random_state=seed, n_threads=1
        )
    return {name: make for name, make in known.items() if not names or name in names}


def folds(name: str, most_rows: int) -> Iterator[tuple[list[int], list[Any]]]:
    """Yield the number of every repeat and fold, and rows and classes of both parts, prepared."""
    data, X, y = table(name, most_rows)
    for repeat in range(REPEATS):
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat)
        for fold, (train, test) in enumerate(splitter.split(np.zeros(len(y)), y)):
            rows = [X.iloc[i] if hasattr(X, "iloc") else X[i] for i in (train, test)]
            prepare = make_pipeline("mlp", data)["prepare"]
            prepared = [prepare.fit_transform(rows[0]), prepare.transform(rows[1])]
            X_train, X_test = (np.asarray(part, dtype=np.float32) for part in prepared)
            yield [repeat, fold], [X_train, y[train], X_test, y[test]]


def missing(
    file: Path, made: dict[str, Any], names: list[str], most_rows: int
) -> Iterator[tuple[tuple, list[Any]]]:
    """Yield the key and the rows of every fit that the file does not know."""
    known = {tuple(line["key"]) for line in read_lines(file)}
    for name in names:
        wanted = set(product(made, [name], range(REPEATS), range(FOLDS))) - known
        for where, parts in folds(name, most_rows) if wanted else ():
            yield from (((m, name, *where), parts) for m in made if (m, name, *where) in wanted)


def measure(
    file: Path, made: dict[str, Any], names: list[str], most_rows: int, deadline: float
) -> bool:
    """Fit what is not known yet; return whether all is known."""
    for key, parts in missing(file, made, names, most_rows):
        if time.process_time() > deadline:
            return False
        append_lines(file, [{"key": key, **judged(made[key[0]](0), *parts)}])
    return True


def judged(model: Any, *parts: Any) -> dict[str, float]:
    """Return accuracy, and seconds of the fit."""
    X_train, y_train, X_test, y_test = parts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its default is 200 epochs
        warnings.filterwarnings("ignore", module=r"(pytorch_lightning|pytabkit|torch)\.")
        start = time.process_time()
        model.fit(X_train, y_train)
        seconds = time.process_time() - start
    accuracy = float(np.mean(np.asarray(model.predict(X_test)) == y_test))
    return {"accuracy": accuracy, "seconds": seconds}


def tell(file: Path, wanted: list[str], names: list[str]) -> None:
    """Print means by table, mean ranks and pairs of what is known of every table."""
    lines = [line for line in read_lines(file) if line["key"][0] in wanted]
    names = [
        n for n in names
        if all(sum(ln["key"][:2] == [m, n] for ln in lines) == FOLDS * REPEATS for m in wanted)
    ]  # fmt: skip
    if not names:
        return
    found = {
        (m, n): [[ln[what] for ln in lines if ln["key"][:2] == [m, n]] for what in FIELDS]
        for m in wanted
        for n in names
    }
    accuracy = np.array([[np.mean(found[m, n][0]) for m in wanted] for n in names])
    seconds = np.array([[np.mean(found[m, n][1]) for m in wanted] for n in names])
    print(f"\n| table | {' | '.join(wanted)} |\n|---|{'---:|' * len(wanted)}")
    for name, row in zip(names, accuracy, strict=True):
        print(f"| {name} | {' | '.join(f'{value:.4f}' for value in row)} |")
    ranks = rankdata(-accuracy.round(9), axis=1)
    print(f"| mean | {' | '.join(f'{value:.4f}' for value in accuracy.mean(axis=0))} |")
    print(f"| mean rank | {' | '.join(map(with_interval, ranks.T))} |")
    ratio = np.exp(np.log(seconds / seconds[:, :1]).mean(axis=0))
    times = " | ".join(f"{value:.2f}" for value in ratio)
    print(f"| processor time of a fit, in those of {wanted[0]} | {times} |")
    for i, name in enumerate(wanted[1:], start=1):
        more = with_interval(accuracy[:, 0] - accuracy[:, i])
        print(f"accuracy, {wanted[0]} less {name}: {more}")


def with_interval(values: np.ndarray) -> str:
    """Return a mean over tables with its 95 % interval, by a bootstrap of the tables."""
    draws = np.random.default_rng(0).integers(len(values), size=(10_000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return f"{values.mean():.4f} ({low:.4f} to {high:.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--tables", nargs="+", default=list(TABLES))
    parser.add_argument("--rows", type=int, default=1_000, help="take another --out with others")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path("runs/tables.jsonl"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    made = models(options.models)
    deadline = time.process_time() + 60 * options.minutes
    print(f"{platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}, "
          f"scikit-learn {sklearn.__version__}")  # fmt: skip
    if not measure(options.out, made, options.tables, options.rows, deadline):
        print("Not finished: run it again to go on.")
    tell(options.out, list(made), options.tables)


if __name__ == "__main__":
    main()
