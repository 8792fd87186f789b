"""What a run directory says of itself: question, data, models, versions, machine."""

from __future__ import annotations

import inspect
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from estimators import registry
from pipelines.dataset import Dataset
from search.disk import RunError
from search.run_directory import RunDirectory, plain
from search.validation import is_ordered, sample_rows, take

FORMAT = 1
_PACKAGES = (
    "bakeoff", "numpy", "scipy", "pandas", "scikit-learn", "imbalanced-learn", "torch", "skorch",
    "optuna", "skops",
)  # fmt: skip
_SHOWN = {"train": 2_000, "test": 10_000}  # rows that the report may show
_SHOWN_IN_TIME = 200_000  # values of the test rows, where rows follow each other in time
_LONGEST_TEXT = 1_000  # characters kept of a text that the report may show
_WORDS = {"refit": "the metric that is optimised", "cv": "the validation"}
_ONCE = {"repeats": 1}  # what was asked before there was a key for it


def describe(
    data: Dataset, models: Mapping[str, Any], question: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the manifest of a new run.

    Parameters
    ----------
    data : Dataset
        What is asked about.
    models : mapping of str to str or estimator
        Name in the run -> name in the registry, or an estimator.
    question : mapping
        All that the answer depends on, besides the data.
    """
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "question": dict(question),
        "data": _describe_data(data),
        "models": {name: _describe_model(model, data.task) for name, model in models.items()},
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": _describe_machine(),
    }


def refuse_another_question(run: RunDirectory, data: Dataset, question: Mapping[str, Any]) -> None:
    """Raise a RunError unless the run is about this data and this question."""
    known = run.manifest["data"]
    if known["fingerprint"] != data.fingerprint:
        raise RunError(
            f"{run.path} is about other data ({known['name']!r}, {known['n_train']} training "
            f"rows) than {data.name!r} as it is now ({len(data.y_train)} training rows); choose "
            "another folder."
        )
    asked = run.manifest["question"]
    for name, value in plain(question).items():
        known_value = asked.get(name, _ONCE.get(name))
        if known_value != value:
            raise RunError(
                f"{run.path} asks another question: {_WORDS.get(name, name)} is "
                f"{known_value!r} there and {value!r} here; ask the same, or choose another "
                "folder."
            )


def write_sample(run: RunDirectory, data: Dataset, random_state: int) -> None:
    """Write ``data.npz``: the rows that the report may show."""
    arrays: dict[str, Any] = {}
    for part, most in _SHOWN.items():
        y = np.asarray(getattr(data, f"y_{part}"))
        rows = sample_rows(y, most, random_state, data.task)
        if is_ordered(data):  # what lies around the end of the training part, without gaps
            if part == "test":
                most = max(most, _SHOWN_IN_TIME // int(np.prod(np.shape(data.X_test)[1:])))
            rows = np.arange(len(y))[-most:] if part == "train" else np.arange(len(y))[:most]
        arrays[f"{part}_X"] = _shown(take(getattr(data, f"X_{part}"), rows))
        arrays[f"{part}_y"] = y[rows]
        arrays[f"{part}_rows"] = rows
    run.write_arrays("data", arrays)


def _shown(X: Any) -> np.ndarray:
    """Return rows as an array of numbers or of strings that are not too long."""
    array = np.asarray(X)
    if array.dtype.kind in "OUT":
        return np.array([str(value)[:_LONGEST_TEXT] for value in array.ravel()]).reshape(
            array.shape
        )
    return array


def _describe_data(data: Dataset) -> dict[str, Any]:
    shape = np.shape(data.X_train)
    counted = data.task in ("classification", "anomaly")
    return {
        "name": data.name,
        "task": data.task,
        "kind": data.kind,
        "fingerprint": data.fingerprint,
        "n_train": len(data.y_train),
        "n_test": len(data.y_test),
        "n_features": int(np.prod(shape[1:])) if len(shape) > 1 else None,
        "image_shape": data.image_shape,
        "feature_names": data.feature_names,
        "target_names": data.target_names,
        "class_counts": {
            part: _counts(getattr(data, f"y_{part}")) for part in ("train", "test") if counted
        },
        "description": data.description,
        "source": data.source,
        "licence": data.licence,
        "notes": data.notes,
    }


def _counts(y: np.ndarray) -> dict[str, int]:
    labels, counts = np.unique(y, return_counts=True)
    return {str(label): int(count) for label, count in zip(labels, counts, strict=True)}


def _describe_model(model: Any, task: str) -> dict[str, Any]:
    if isinstance(model, str):
        spec = registry.get(model)
        return {
            "title": spec.title,
            "summary": spec.summary,
            "reference": spec.reference,
            "class": spec.tasks[task].__name__,
        }
    name = type(model).__name__
    summary = (inspect.getdoc(type(model)) or "").split("\n")[0]
    return {"title": name, "summary": summary, "reference": "", "class": name}


def _versions() -> dict[str, str]:
    installed = {}
    for name in _PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a source tree that is not installed, say
            continue
    return installed


def _describe_machine() -> dict[str, Any]:
    torch = sys.modules.get("torch")  # loaded where a net is among the models
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "device": "cuda" if torch is not None and torch.cuda.is_available() else "cpu",
    }


def _processor() -> str:
    """Return the processor's name; ``platform`` knows only its family on Linux."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
