"""What a self-organising map shows of itself: ridges, where rows fall, what units hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from estimators.classical.som_grid import adjacency, positions
from pipelines.dataset import Dataset

_MOST_UNITS = 900
_MOST_PLANES = 9
_MOST_CLASSES = 30
_MOST_PIXELS = 60_000  # of all units together
_MOST_ROWS = 400  # of the data that the units lie among


def map_of(som: Any, rows: Any, data: Dataset, names: list[str]) -> dict[str, Any] | None:
    """Return a fitted map as plain arrays, None if it is too large to be shown.

    Parameters
    ----------
    som : SelfOrganizingMap
        Fitted.
    rows : array-like of shape (n_rows, n_features)
        The training rows as they reach it.
    data : Dataset
        What it was fitted on.
    names : list of str
        Names of the columns that reach it.

    Returns
    -------
    dict or None
        ``topology``, ``u_matrix``, ``hits``, ``places`` of the units, down and right, and the two
        errors; ``labels``, the position in
        ``classes`` of the commonest class of every unit (-1 where no row falls); of tables
        ``planes``, the columns that vary most over the map; of images ``units`` themselves;
        ``view``, units among rows in the plane of two columns or principal components.
    """
    if som.hit_map_.size > _MOST_UNITS:
        return None
    return {
        "topology": som.topology,
        "places": positions(som.hit_map_.shape, som.topology).round(4),
        "u_matrix": som.u_matrix_.round(6),
        "hits": som.hit_map_,
        "quantization_error": som.quantization_error_,
        "topographic_error": som.topographic_error_,
        **_labels(som, data),
        **(_units(som, data) or _planes(som, names)),
        "view": _view(som, np.asarray(rows), names),
    }


def _labels(som: Any, data: Dataset) -> dict[str, Any]:
    """Return the commonest class of every unit, where rows have classes."""
    classes, codes = np.unique(data.y_train, return_inverse=True)
    if len(codes) != len(som.labels_) or len(classes) > _MOST_CLASSES:
        return {}  # as of rows that were drawn to balance the classes
    counts = np.zeros((som.hit_map_.size, len(classes)), dtype=int)
    np.add.at(counts, (som.labels_, codes), 1)
    commonest = np.where(counts.any(axis=1), counts.argmax(axis=1), -1)
    return {
        "labels": commonest.reshape(som.hit_map_.shape),
        "classes": [str(label) for label in classes],
    }


def _units(som: Any, data: Dataset) -> dict[str, Any]:
    """Return the units as images between 0 and 1, where they are such and not too many."""
    n_pixels = som.weights_.shape[-1]
    if data.image_shape is None or data.image_shape[2] != 1 or som.weights_.size > _MOST_PIXELS:
        return {}
    height, width, _ = data.image_shape
    if n_pixels != height * width:
        return {}
    low, high = som.weights_.min(), som.weights_.max()
    images = (som.weights_ - low) / max(high - low, 1e-12)
    return {"units": images.reshape(*som.hit_map_.shape, height, width).round(2)}


def _planes(som: Any, names: list[str]) -> dict[str, Any]:
    """Return the columns that vary most over the map, in the order of the data."""
    planes = som.component_planes_
    spread = planes.std(axis=(1, 2))
    chosen = np.sort(np.argsort(-spread, kind="stable")[:_MOST_PLANES])
    return {"planes": planes[chosen].round(4), "names": [names[i] for i in chosen]}


def _view(som: Any, rows: np.ndarray, names: list[str]) -> dict[str, Any] | None:
    """Return some rows and all units in a plane, with the unit of every row."""
    if rows.shape[1] < 2:
        return None
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(int)
    kept, units = rows[chosen], som.weights_.reshape(-1, rows.shape[1])
    found: dict[str, Any] = {"axes": names, "rows": kept, "units": units}
    if rows.shape[1] != 2:
        plane = PCA(n_components=min(2, *kept.shape), random_state=0).fit(kept)
        shares = plane.explained_variance_ratio_
        found = {
            "axes": [f"component {i} ({share:.0%})" for i, share in enumerate(shares, 1)],
            "rows": plane.transform(kept),
            "units": plane.transform(units),
        }
    return {
        "axes": found["axes"],
        "rows": np.round(found["rows"], 3),
        "units": np.round(found["units"], 3),
        "unit_of": som.predict(kept),
        "edges": np.argwhere(np.triu(adjacency(som.hit_map_.shape, som.topology))),
    }
