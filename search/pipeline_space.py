"""The search space of a whole pipeline: the model's own, and the steps before it where they pay."""

from __future__ import annotations

import math

import numpy as np
from sklearn.decomposition import PCA

from estimators import registry
from pipelines.dataset import Dataset
from pipelines.resample import Oversampler
from search.dimensions import Dimension, as_dimension
from search.space import Space, space_of

# Distances over many pixels are slow and noisy; the first components of images keep the shapes.
_GAINS_BY_COMPONENTS = ("knn", "svm")
_N_COMPONENTS = (25, 50, 100)
_IMBALANCE = 0.2
_ENOUGH_ROWS = 20  # of the smallest class, so that every fold has neighbours to draw between


def pipeline_space(model: str, data: Dataset, *, resample: bool = False) -> Space:
    """Return what to search in ``make_pipeline(model, data)``.

    Parameters
    ----------
    model : str
        A name in the registry.
    data : Dataset
        Says whether the steps before the model are worth searching.
    resample : bool, default=False
        Whether balancing the classes is tried where they are imbalanced (1 to 5 or worse) and the
        rows are tables; no use where accuracy is optimised.

    Returns
    -------
    Space
        The model's own parameters as ``model__*``; ``reduce`` (25, 50 or 100 principal components
        or none) for models of distances on images of more than twice as many pixels; ``resample``.

    Examples
    --------
    >>> from pipelines import load_dataset
    >>> sorted(pipeline_space("knn", load_dataset("digits")).dimensions)
    ['model__n_neighbors', 'model__p', 'model__weights', 'reduce']
    """
    own = space_of(registry.get(model), "model__")
    steps: dict[str, Dimension] = {}
    numbers = [n for n in _N_COMPONENTS if 2 * n < _n_columns(data)]
    if model in _GAINS_BY_COMPONENTS and data.kind == "image" and numbers:
        analyses = [PCA(number, random_state=0) for number in numbers]
        steps["reduce"] = as_dimension("reduce", ["passthrough", *analyses])
    if resample and _is_imbalanced(data):
        steps["resample"] = as_dimension("resample", ["passthrough", Oversampler(random_state=0)])
    return Space({**own.dimensions, **steps}, own.function)


def _n_columns(data: Dataset) -> int:
    return math.prod(np.shape(data.X_train)[1:])


def _is_imbalanced(data: Dataset) -> bool:
    if data.task != "classification" or data.kind != "table":
        return False
    _, counts = np.unique(data.y_train, return_counts=True)
    return min(counts) >= _ENOUGH_ROWS and min(counts) < _IMBALANCE * max(counts)
