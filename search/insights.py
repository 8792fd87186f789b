"""What a fitted model shows of itself: its weights, where it looks, what it made of the classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines.dataset import Dataset
from search.disk import write_at_once
from search.forecasts import errors_by_horizon
from search.insight_maps import map_of
from search.insight_samples import samples_of
from search.run_directory import RunDirectory, plain
from search.validation import take

_MOST_WEIGHTS = 5_000
_MOST_ROWS = 2_000  # of the test part that are given back
_MOST_TOKENS = 120
_TEXTS = 2  # of the surest wrong answers, and of the surest right ones


def write_insights(run: RunDirectory, model: str, found: Mapping[str, Any]) -> None:
    """Write ``insights/<model>.json``; nothing where there is nothing to show."""
    if not found:
        return
    text = json.dumps(plain(found), ensure_ascii=False)
    write_at_once(run.file(f"insights/{model}.json"), lambda file: file.write(text.encode()))


def read_insights(run: RunDirectory, model: str) -> dict[str, Any]:
    """Return what :func:`write_insights` wrote; empty where there is nothing."""
    path = run.path / "insights" / f"{model}.json"
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def insights(pipeline: Any, data: Dataset, answers: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what a fitted pipeline shows of itself.

    Parameters
    ----------
    pipeline : fitted Pipeline
        As ``make_pipeline`` makes them.
    data : Dataset
        What it was fitted on.
    answers : mapping of str to ndarray
        What it says of the test part, see :func:`search.metrics.predictions`.

    Returns
    -------
    dict
        ``weights``, ``attention``, ``balance``, ``horizon``, ``map`` and ``samples``, as far as the
        model has them; see ``docs/architecture.md``.
    """
    found = {
        "weights": _weights(pipeline, data),
        "attention": _attention(pipeline, data, answers),
        "balance": _balance(pipeline, data),
        "horizon": errors_by_horizon(pipeline, data),
        "map": _map(pipeline, data),
        "samples": _samples(pipeline, data),
    }
    return {name: value for name, value in found.items() if value}


def _map(pipeline: Any, data: Dataset) -> dict[str, Any] | None:
    """Return the self-organising map that the model is, or holds."""
    som = getattr(pipeline[-1], "som_", pipeline[-1])
    if not hasattr(som, "u_matrix_"):
        return None
    rows = _reaching(pipeline, data.X_train)
    return map_of(som, rows, data, _feature_names(pipeline, data, som.weights_.shape[-1]))


def _samples(pipeline: Any, data: Dataset) -> dict[str, Any] | None:
    """Return what a model that knows what rows look like makes of the first test rows."""
    if data.kind == "text" or data.task == "forecasting":
        return None
    rows = _reaching(pipeline, take(data.X_test, np.arange(min(len(data.y_test), _MOST_ROWS))))
    return samples_of(pipeline[-1], rows, data) if isinstance(rows, np.ndarray) else None


def _weights(pipeline: Any, data: Dataset) -> dict[str, Any] | None:
    """Return the coefficients of a linear model of a table, one row a class where there are."""
    coef = getattr(pipeline[-1], "coef_", None)
    if coef is None or data.kind != "table":
        return None
    values = np.atleast_2d(np.asarray(coef, dtype=float))
    classes = [str(label) for label in getattr(pipeline[-1], "classes_", ())]
    if values.size > _MOST_WEIGHTS or len(values) not in (1, len(classes)):
        return None  # as those of pairs of classes, which name no class
    names = _feature_names(pipeline, data, values.shape[1])
    return {"names": names, "classes": classes, "values": values}


def _reaching(pipeline: Any, X: Any) -> Any:
    """Return rows as they reach the model when it predicts: no step that balances has a part."""
    for _, step in pipeline.steps[:-1]:
        X = step.transform(X) if hasattr(step, "transform") else X
    return X


def _feature_names(pipeline: Any, data: Dataset, n_columns: int) -> list[str]:
    """Return the names of the columns that reach the model."""
    n_given = int(np.prod(np.shape(data.X_train)[1:]))
    given = data.feature_names or [f"column {i + 1}" for i in range(n_given)]
    names: Any = np.asarray(given, dtype=object)
    for _, step in pipeline.steps[:-1]:
        if hasattr(step, "get_feature_names_out"):
            own = getattr(step, "feature_names_in_", names)
            names = step.get_feature_names_out(own)
    if len(names) != n_columns:
        names = [f"column {i + 1}" for i in range(n_columns)]
    return [str(name) for name in names]


def _attention(
    pipeline: Any, data: Dataset, answers: Mapping[str, np.ndarray]
) -> list[dict[str, Any]] | None:
    """Return the tokens of a few test texts, and how much all tokens look at each of them."""
    if data.kind != "text" or not hasattr(pipeline[-1], "attention") or "y_proba" not in answers:
        return None
    rows = _surest(answers["y_proba"].max(axis=1), answers["y_pred"] == data.y_test)
    found = []
    for row, text in zip(rows, _reaching(pipeline, take(data.X_test, rows)), strict=True):
        tokens, weights = pipeline[-1].attention(text)
        looked_at = weights[-1].mean(axis=(0, 1))  # of the last block: over heads and lookers
        found.append(
            {
                "row": int(row),
                "tokens": list(tokens)[:_MOST_TOKENS],
                "weights": looked_at[:_MOST_TOKENS].round(6),
                "n_tokens": len(tokens),
            }
        )
    return found


def _surest(confidence: np.ndarray, is_right: np.ndarray) -> np.ndarray:
    """Return the rows of the surest wrong answers, then those of the surest right ones."""
    order = np.argsort(-confidence, kind="stable")
    return np.concatenate([order[~is_right[order]][:_TEXTS], order[is_right[order]][:_TEXTS]])


def _balance(pipeline: Any, data: Dataset) -> dict[str, Any] | None:
    """Return the rows of each class before and after the step that balances them."""
    step = pipeline.named_steps.get("resample")
    if not hasattr(step, "fit_resample"):
        return None
    rows = pipeline[: list(pipeline.named_steps).index("resample")].transform(data.X_train)
    classes, before = np.unique(data.y_train, return_counts=True)
    balanced = np.asarray(step.fit_resample(rows, data.y_train)[1])
    after = [int(np.sum(balanced == label)) for label in classes]
    return {"classes": [str(label) for label in classes], "before": before, "after": after}
