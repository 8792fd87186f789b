"""What a model that knows what rows look like makes of them: given back, drawn, filled in."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.neural_network import BernoulliRBM

from pipelines.dataset import Dataset
from pipelines.detection import SeriesDetector
from pipelines.windows import SlidingWindows

_MOST_NUMBERS = 4_096  # of a row that is shown
_GIVEN_BACK = 8  # rows; half of them the worst, half of them middling
_DRAWN = 12
_STEPS = 8  # from one row to another
_FILLED = 6
_FILTERS = 24
_CHAIN = 300  # steps of a Gibbs chain
_CODE = 8  # numbers of a code that are shown


def samples_of(model: Any, rows: np.ndarray, data: Dataset) -> dict[str, Any] | None:
    """Return what a fitted model makes of rows, as far as it can.

    Parameters
    ----------
    model : estimator
        Fitted: an autoencoder, a detector over a reconstruction or a series, a Boltzmann machine,
        or a pipeline that holds one.
    rows : ndarray
        Test rows as they reach it; of a series, its values.
    data : Dataset
        Where they come from.

    Returns
    -------
    dict or None
        ``shape`` of a row where it is a grey image; ``back``, rows with their reconstruction, its
        error and the beginning of the code; ``drawn``, new rows; ``between``, the way from one
        row to another; ``filled``, rows whose lower half was taken away and guessed; ``filters``,
        what hidden units look for. Those that the model lacks are not there.
    """
    model, rows = _knower(model, rows)
    n_numbers = math.prod(np.shape(rows)[1:])
    if model is None or not 1 < n_numbers <= _MOST_NUMBERS or len(rows) < 2:
        return None
    found = {
        "back": _given_back(model, rows),
        "drawn": _drawn(model),
        "between": _between(model, rows),
        "filled": _filled(model, rows),
        "filters": _filters(model),
    }
    kept = {name: value for name, value in found.items() if value is not None}
    return {"shape": _shape(data, n_numbers), **kept} if kept else None


def _knower(model: Any, rows: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return the part of a model that can give rows back or draw them, and the rows it sees."""
    for _, step in getattr(model, "steps", [("model", model)]):
        if isinstance(step, SeriesDetector):
            if len(rows) < step.width:
                break
            windows = SlidingWindows(width=step.width)
            return _knower(step.model_, windows.fit_transform(step.scaler_.transform(rows)))
        found = getattr(step, "estimator_", step) if _is_ours(step) else step
        if _knows_rows(found):
            return found, rows
        if not hasattr(step, "transform"):
            break
        rows = np.asarray(step.transform(rows))
    return None, rows


def _knows_rows(step: Any) -> bool:
    """Tell a model of the rows from a mere change of units, which gives every row back."""
    gives_back = hasattr(step, "inverse_transform") and hasattr(step, "score_samples")
    return gives_back or _is_rbm(step) or (_is_ours(step) and hasattr(step, "sample"))


def _is_ours(step: Any) -> bool:
    """Tell whether its methods mean what ours do: ``sample`` of others returns other things."""
    return type(step).__module__.startswith("estimators.")


def _is_rbm(model: Any) -> bool:
    return isinstance(model, BernoulliRBM)


def _given_back(model: Any, rows: np.ndarray) -> list[dict[str, Any]] | None:
    """Return the rows of the greatest errors, and middling ones, beside their reconstructions."""
    if not hasattr(model, "inverse_transform"):
        return None
    codes = np.asarray(model.transform(rows))
    back = np.asarray(model.inverse_transform(codes)).reshape(len(rows), -1)
    flat = rows.reshape(len(rows), -1)
    errors = np.square(back - flat).mean(axis=1)
    order = np.argsort(-errors, kind="stable")
    half = _GIVEN_BACK // 2
    middle = max(half, len(order) // 2)
    chosen = np.concatenate([order[:half], order[middle : middle + half]])
    return [
        {
            "row": int(i),
            "error": float(errors[i]),
            "given": flat[i].astype(float).round(4),
            "back": back[i].astype(float).round(4),
            "code": codes[i].ravel()[:_CODE].astype(float).round(3),
        }
        for i in chosen
    ]


def _drawn(model: Any) -> np.ndarray | None:
    """Return new rows."""
    if _is_rbm(model):
        from estimators import rbm_sample

        found = rbm_sample(model, _DRAWN, n_steps=_CHAIN, random_state=0)
    elif _is_ours(model) and hasattr(model, "sample"):
        found = model.sample(_DRAWN, random_state=0)
    else:
        return None
    return _flat(found)


def _between(model: Any, rows: np.ndarray) -> np.ndarray | None:
    """Return the way from the first row to the one that lies farthest from it."""
    if not (_is_ours(model) and hasattr(model, "interpolate")):
        return None
    apart = np.square(rows - rows[0]).reshape(len(rows), -1).sum(axis=1)
    return _flat(model.interpolate(rows[0], rows[apart.argmax()], _STEPS))


def _filled(model: Any, rows: np.ndarray) -> list[dict[str, Any]] | None:
    """Return rows whose second half was hidden, and what the model puts there."""
    fill: Callable[..., np.ndarray]
    highest = None
    if _is_rbm(model):
        from estimators import rbm_inpaint

        fill, highest = partial(rbm_inpaint, model), 1.0
    elif _is_ours(model) and hasattr(model, "inpaint"):
        fill = model.inpaint
    else:
        return None
    some = np.clip(rows[:_FILLED], 0, highest)  # new rows may go beyond those of the training
    hidden = np.arange(some.shape[1]) >= some.shape[1] // 2
    found = _flat(fill(some, hidden, n_steps=_CHAIN, random_state=0))
    given = _flat(some)
    return [
        {"row": i, "given": before, "filled": after}
        for i, (before, after) in enumerate(zip(given, found, strict=True))
    ]


def _filters(model: Any) -> np.ndarray | None:
    """Return what the first hidden units look for."""
    layers = [model.components_] if _is_rbm(model) else getattr(model, "filters_", None) or None
    if layers is None:
        return None
    share = _FILTERS // len(layers)
    return _flat(np.concatenate([layer[:share] for layer in layers]))


def _flat(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows, dtype=float).reshape(len(rows), -1).round(4)


def _shape(data: Dataset, n_numbers: int) -> list[int] | None:
    """Return height and width of a row that is a grey image."""
    if data.image_shape is None or data.image_shape[2] != 1:
        return None
    height, width, _ = data.image_shape
    return [height, width] if height * width == n_numbers else None
