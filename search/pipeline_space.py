"""The search space of a whole pipeline: the model's own, and the steps before it where they pay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

from estimators import registry
from pipelines.build import make_pipeline
from pipelines.dataset import Dataset
from pipelines.forecasters import forecasting_domains
from pipelines.forecasting import LagForecaster
from pipelines.latent import LatentWords
from pipelines.resample import Oversampler
from search.dimensions import Dimension, as_dimension
from search.space import Space, space_of

# Distances over many pixels are slow and noisy; the first components of images keep the shapes.
_GAINS_BY_COMPONENTS = ("knn", "svm")
_N_COMPONENTS = (25, 50, 100)
_TEXT_COMPONENTS = (100, 200, 400)
# Of so many columns a share at every split is too many: a tree of photographs took minutes.
_WIDE = 2_000
_FEW_FEATURES = ("sqrt", "log2")
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
        or none) for models of distances on images of more than twice as many pixels; the features
        of a split that a forest of wide rows can pay for; what of a text is counted, and to how
        many numbers the counts are reduced; the lags and the calendar that a forecaster sees;
        ``resample``.

    Examples
    --------
    >>> from pipelines import load_dataset
    >>> sorted(pipeline_space("knn", load_dataset("digits")).dimensions)
    ['model__n_neighbors', 'model__p', 'model__weights', 'reduce']
    """
    if data.task == "forecasting":
        return _forecasting_space(model, data)
    watches = data.task == "anomaly" and data.kind == "series"  # its windows, see SeriesDetector
    own = space_of(registry.get(model), "model__model__" if watches else "model__")
    steps: dict[str, Dimension] = {}
    numbers = [n for n in _N_COMPONENTS if 2 * n < _n_columns(data)]
    if model in _GAINS_BY_COMPONENTS and data.kind == "image" and numbers:
        analyses = [PCA(number, random_state=0) for number in numbers]
        steps["reduce"] = as_dimension("reduce", ["passthrough", *analyses])
    if model == "forest" and _n_columns(data) > _WIDE:
        steps["model__max_features"] = as_dimension("model__max_features", _FEW_FEATURES)
    if data.kind == "text":
        steps |= _text_steps(model, data)
    if resample and _is_imbalanced(data):
        steps["resample"] = as_dimension("resample", ["passthrough", Oversampler(random_state=0)])
    return Space({**own.dimensions, **steps}, own.function)


def _forecasting_space(model: str, data: Dataset) -> Space:
    """Return what to search of a regressor, the lags and the calendar that it sees."""
    built = make_pipeline(model, data)["model"]
    is_wrapped = isinstance(built, LagForecaster)
    own = space_of(registry.get(model), "model__regressor__" if is_wrapped else "model__")
    domains = forecasting_domains(built, data)
    seen = {f"model__{n}": as_dimension(f"model__{n}", domain) for n, domain in domains.items()}
    return Space({**own.dimensions, **seen}, own.function)


def _text_steps(model: str, data: Dataset) -> dict[str, Dimension]:
    """Return what to count of a text, and how, where the model takes counts."""
    pipeline = make_pipeline(model, data)
    if not isinstance(pipeline["prepare"], TfidfVectorizer):
        return {}
    options: dict[str, list[Any]] = {
        "prepare__ngram_range": [(1, 2), (1, 1)],
        "prepare__min_df": [2, 1, 5],
        "prepare__sublinear_tf": [True, False],
    }
    if isinstance(pipeline["reduce"], LatentWords):
        options["reduce__n_components"] = list(_TEXT_COMPONENTS)
    return {name: as_dimension(name, values) for name, values in options.items()}


def _n_columns(data: Dataset) -> int:
    return math.prod(np.shape(data.X_train)[1:])


def _is_imbalanced(data: Dataset) -> bool:
    if data.task != "classification" or data.kind != "table":
        return False
    _, counts = np.unique(data.y_train, return_counts=True)
    return min(counts) >= _ENOUGH_ROWS and min(counts) < _IMBALANCE * max(counts)
