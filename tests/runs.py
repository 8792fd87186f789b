"""Run directories for tests: real fits and real searches on small data, with fixed clocks.

Predictions, validation scores and trials are what scikit-learn and Optuna give; seconds and bytes
are made up, so that a report of the same run is the same text on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from search.metrics import evaluate, metrics_for
from search.predictions import predictions
from search.run_directory import RunDirectory, make_row

Space = Callable[[optuna.Trial], dict[str, Any]]
TITLES = {
    "dummy": "dummy",
    "knn": "k nearest neighbours",
    "forest": "random forest",
    "ridge": "ridge regression",
    "cnn": "convolutional network",
}
CLASSIFIERS = {
    "dummy": DummyClassifier(),
    "knn": KNeighborsClassifier(),
    "forest": RandomForestClassifier(n_estimators=20, random_state=0),
}
REGRESSORS = {
    "dummy": DummyRegressor(),
    "ridge": Ridge(),
    "knn": KNeighborsRegressor(),
    "forest": RandomForestRegressor(n_estimators=20, random_state=0),
}
SPACES: dict[str, Space] = {
    "dummy": lambda trial: {},
    "knn": lambda trial: {
        "n_neighbors": trial.suggest_int("n_neighbors", 1, 30, log=True),
        "weights": trial.suggest_categorical("weights", ["uniform", "distance"]),
    },
    "forest": lambda trial: {
        "max_depth": trial.suggest_int("max_depth", 2, 16),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 20, log=True),
        "max_features": trial.suggest_float("max_features", 0.05, 1.0, log=True),
    },
    "ridge": lambda trial: {"alpha": trial.suggest_float("alpha", 1e-3, 1e3, log=True)},
}

HOSTILE = [
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "</title></style></svg><script>window.hacked = 1</script>",
    "a | b || `c` *d* _e_ [f](javascript:window.hacked=1) ![g](http://h/i.png) $x^2$",
    "\u202egnp.exe \u2066 \u200f",
    "line\nbreak\r\ttab \x00\x07 bell",
    "x" * 10_000,
    "x" * 10_000 + "y",
    "{{ 7 * 7 }} {% include 'page.html' %} ${1+1} &amp; &lt;",
    "שלום עולם, سلام, 名前, 😀",
]


def write_digits(path: Path, **changes: Any) -> Path:
    """Write a comparison of three classifiers on 600 digits."""
    X, y = (part[:600] for part in load_digits(return_X_y=True))
    shape = {"image_shape": [8, 8, 1]}
    return write_run(
        path, CLASSIFIERS, X, y, **{"name": "digits", "kind": "image", **shape} | changes
    )


def write_diabetes(path: Path, **changes: Any) -> Path:
    """Write a comparison of four regressors on the diabetes data."""
    X, y = load_diabetes(return_X_y=True)
    data = {"name": "diabetes-regression", "kind": "table", "task": "regression"}
    return write_run(path, REGRESSORS, X, y, **data | changes)


def write_run(
    path: Path,
    models: Mapping[str, Any],
    X: np.ndarray,
    y: np.ndarray,
    *,
    n_trials: int = 8,
    task: str = "classification",
    failed: Mapping[str, str] | None = None,
    histories: Mapping[str, list[dict[str, Any]]] | None = None,
    target_names: list[str] | None = None,
    titles: Mapping[str, str] | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
    **data: Any,
) -> Path:
    """Tune, fit and judge every model, and write what came out as ``compare`` does."""
    labels = y if task == "classification" else None
    rows = np.arange(len(X))
    train, test = train_test_split(rows, test_size=0.25, random_state=0, stratify=labels)
    parts = X[train], y[train], X[test], y[test]
    metrics = metrics_for(task, len(np.unique(y)))
    names = [*models, *(failed or {})]
    titles = {name: TITLES.get(name, name) for name in names} | dict(titles or {})
    about = {"name": "data", "kind": "table", "task": task, "target_names": target_names} | data
    run = RunDirectory.create(path, _manifest(parts, metrics, titles, n_trials, about))
    (path / "guards.json").write_text(json.dumps(list(findings)))
    shown = min(len(train), 2000)
    run.write_arrays(
        "data",
        {
            "train_X": parts[0][:shown], "train_y": parts[1][:shown], "train_rows": rows[:shown],
            "test_X": parts[2], "test_y": parts[3], "test_rows": np.arange(len(test)),
        },
    )  # fmt: skip
    for position, (name, model) in enumerate(models.items()):
        _write_model(run, name, model, parts, metrics, n_trials, 1.0 + position)
    for name, error in (failed or {}).items():
        run.append([make_row(name, "refit", seconds=3.0, status="failed", error=error)])
    for name, epochs in (histories or {}).items():
        run.write_history(name, epochs)
    return path


def write_answers(
    path: Path,
    y_test: np.ndarray,
    answers: Mapping[str, Mapping[str, np.ndarray]],
    *,
    X_test: np.ndarray | None = None,
    costs: Mapping[str, tuple[float, float]] | None = None,
    failed: Mapping[str, str] | None = None,
    task: str = "classification",
    target_names: list[str] | None = None,
    titles: Mapping[str, str] | None = None,
    **data: Any,
) -> Path:
    """Write a comparison of models that answer what they are told, with no search."""
    X = np.zeros((len(y_test), 3)) if X_test is None else X_test
    metrics = metrics_for(task, len(np.unique(y_test)))
    names = [*answers, *(failed or {})]
    titles = {name: TITLES.get(name, name) for name in names} | dict(titles or {})
    about = {"name": "data", "kind": "table", "task": task, "target_names": target_names} | data
    run = RunDirectory.create(path, _manifest((X, y_test, X, y_test), metrics, titles, 0, about))
    rows = np.arange(len(y_test))
    parts = {"X": X, "y": y_test, "rows": rows}
    run.write_arrays("data", {f"{p}_{k}": v for p in ("train", "test") for k, v in parts.items()})
    for name, answer in answers.items():
        fit, predict = (costs or {}).get(name, (1.0, 0.1))
        run.append([make_row(name, "refit", seconds=fit)])
        _judge(run, name, metrics, y_test, answer, [predict] * 3)
    for name, error in (failed or {}).items():
        run.append([make_row(name, "refit", seconds=3.0, status="failed", error=error)])
    return path


def write_hostile(path: Path) -> Path:
    """Write a run in which every name that can come from outside is hostile."""
    rng = np.random.default_rng(0)
    names = np.array([name.replace("\x00", "") for name in HOSTILE])
    truth = np.repeat(names, 8)
    X = np.tile(names[:, None], (8, 3))
    models = {"dummy": np.full(len(truth), names[0]), "first": truth.copy(), "second": truth.copy()}
    for name, share in (("first", 0.1), ("second", 0.4)):
        at = rng.random(len(truth)) < share
        models[name][at] = rng.choice(names, at.sum())
    return write_answers(
        path,
        truth,
        {name: {"y_pred": answer, "classes": np.unique(names)} for name, answer in models.items()},
        X_test=X,
        failed={"third": HOSTILE[1] + HOSTILE[6]},
        titles={"first": HOSTILE[2], "second": HOSTILE[4], "third": HOSTILE[6]},
        name=HOSTILE[0],
        feature_names=[HOSTILE[3], HOSTILE[6], HOSTILE[7]],
        description=HOSTILE[5] + HOSTILE[6],
        source=HOSTILE[1],
        notes=[HOSTILE[2]],
    )


def epochs(n: int) -> list[dict[str, Any]]:
    """Return the epochs of a net that learns and then overfits a little."""
    t = np.arange(1, n + 1)
    train, valid = 2.2 * np.exp(-t / 6), 2.2 * np.exp(-t / 5) + 0.1 + 0.004 * t
    return [
        {
            "epoch": i, "train_loss": train[i - 1], "valid_loss": valid[i - 1],
            "train_score": 1 - train[i - 1] / 3, "valid_score": 1 - valid[i - 1] / 3,
            "lr": 0.01, "seconds": 0.25,
        }
        for i in range(1, n + 1)
    ]  # fmt: skip


def _write_model(
    run: RunDirectory,
    name: str,
    model: Any,
    parts: tuple[np.ndarray, ...],
    metrics: tuple[str, ...],
    n_trials: int,
    cost: float,
) -> None:
    X_train, y_train, X_test, y_test = parts
    params = _search(run, name, model, (X_train, y_train), metrics[0], n_trials, cost)
    best = clone(model).set_params(**params).fit(X_train, y_train)
    shown = {f"model__{key}": value for key, value in params.items()}
    sizes = {"peak_memory": 2e8 * cost, "model_bytes": 10_000 * cost**3, "warnings": []}
    extra = {"n_parameters": None, "n_epochs": None, **sizes}
    run.append([make_row(name, "refit", seconds=0.05 * cost**2, params=shown, extra=extra)])
    repeats = [0.01 * cost, 0.011 * cost, 0.0105 * cost]
    _judge(run, name, metrics, y_test, predictions(best, X_test), repeats)


def _judge(
    run: RunDirectory,
    name: str,
    metrics: tuple[str, ...],
    y_test: np.ndarray,
    answers: Mapping[str, np.ndarray],
    repeats: list[float],
) -> None:
    run.write_arrays(
        f"predictions/{name}", {"rows": np.arange(len(y_test)), "y_true": y_test, **answers}
    )
    extra = {"repeats": repeats}
    run.append(
        make_row(name, "test", metric=m, value=v, seconds=min(repeats), extra=extra)
        for m, v in evaluate(metrics, y_test, **answers).items()
    )


def _search(
    run: RunDirectory,
    name: str,
    model: Any,
    train: tuple[np.ndarray, np.ndarray],
    metric: str,
    n_trials: int,
    cost: float,
) -> dict[str, Any]:
    X, y = train
    cv = (StratifiedKFold if hasattr(model, "predict_proba") else KFold)(3)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(sampler=sampler, direction="maximize")

    def objective(trial: optuna.Trial) -> float:
        params = SPACES[name](trial)
        shown = {f"model__{key}": value for key, value in params.items()}
        scores = []
        for fold, (inner, valid) in enumerate(cv.split(X, y)):
            fitted = clone(model).set_params(**params).fit(X[inner], y[inner])
            answers = predictions(fitted, X[valid], {"label"})
            scores.append(evaluate([metric], y[valid], **answers)[metric])
            row = {"trial": trial.number, "fold": fold, "metric": metric, "value": scores[-1]}
            run.append([make_row(name, "search", **row, seconds=0.02 * cost, params=shown)])
        return float(np.mean(scores))

    study.optimize(objective, n_trials=n_trials if SPACES[name](_Asker()) else 1)
    kept = optuna.create_study(storage=run.storage, study_name=name, direction="maximize")
    for trial in study.trials:
        trial.datetime_start = datetime(2026, 11, 21, 10, trial.number)
        trial.datetime_complete = trial.datetime_start + timedelta(seconds=0.06 * cost)
        kept.add_trial(trial)
    return dict(study.best_params)


class _Asker:
    """Answers a space with its lower bounds, to see whether it asks anything."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda parameter, *bounds, **options: bounds[0]


def _manifest(
    parts: tuple[np.ndarray, ...],
    metrics: tuple[str, ...],
    titles: Mapping[str, str],
    n_trials: int,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    X_train, y_train, X_test, y_test = parts
    counts = {
        part: dict(zip(*(a.tolist() for a in np.unique(y, return_counts=True)), strict=True))
        for part, y in (("train", y_train), ("test", y_test))
    }
    return {
        "format": 1,
        "created": "2026-11-21T10:00:00+00:00",
        "command": f"bakeoff compare {data['name']} --models {' '.join(titles)}",
        "question": {
            "models": list(titles), "n_trials": n_trials, "timeout": None, "cv": "3-fold",
            "metrics": list(metrics), "refit": metrics[0], "evaluation": "holdout",
            "random_state": 0,
        },
        "data": {
            "fingerprint": sha256(data["name"].encode()).hexdigest(),
            "n_train": len(X_train), "n_test": len(X_test),
            "n_features": int(np.prod(X_train.shape[1:])), "image_shape": None,
            "feature_names": None, "description": "Data for tests.", "source": "scikit-learn",
            "licence": "BSD", "notes": [],
            "class_counts": counts if data["task"] == "classification" else None, **data,
        },
        "models": {
            name: {"title": title, "summary": f"What {name} does.", "reference": "", "class": name}
            for name, title in titles.items()
        },
        "versions": {"bakeoff": "0.1.0", "python": "3.11.7", "numpy": "2.4.6"},
        "machine": {
            "system": "Linux", "processor": "test", "cores": 2, "memory_gib": 16.0, "device": "cpu"
        },
    }  # fmt: skip
