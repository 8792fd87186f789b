"""``make_pipeline``: everything that learns from data, in one estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imblearn.pipeline import Pipeline
from sklearn.base import clone, is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.decomposition import PCA
from sklearn.utils import get_tags

from estimators import registry
from estimators.params import AnyOf, Choice, Float, Int, seed
from estimators.spec import TASKS, Spec
from pipelines.dataset import Dataset
from pipelines.detection import SeriesDetector
from pipelines.forecasters import as_forecaster
from pipelines.latent import LatentWords
from pipelines.prepare import preparation
from pipelines.resample import Oversampler, Undersampler, check_enough_neighbors

_DOMAINS = {
    "task": Choice(options=TASKS),
    "reduce": AnyOf((Int(1), Float(0, 1, open_low=True, open_high=True)), none=True),
    "resample": Choice(options=("smote", "undersample"), none=True),
    "random_state": seed(),
}
_SERVES = {
    "classification": is_classifier,
    "regression": is_regressor,
    "anomaly": is_outlier_detector,
    "clustering": is_clusterer,
    "forecasting": is_regressor,
}


def make_pipeline(
    model: Any,
    data: Dataset,
    *,
    task: str | None = None,
    params: Mapping[str, Any] | None = None,
    reduce: int | float | None = None,
    resample: str | None = None,
    random_state: Any = None,
) -> Pipeline:
    """Return an unfitted pipeline from the rows of a data set to the model's predictions.

    Its steps are ``prepare``, ``reduce``, ``resample`` and ``model``; one that is not wanted is
    ``"passthrough"``. All that learns sits inside: nothing is fitted on what it is judged on.

    Parameters
    ----------
    model : str or estimator
        A name in the registry, or any scikit-learn estimator, which is cloned.
    data : Dataset
        Says what a row is; nothing is learnt from it here.
    task : str or None, default=None
        One of ``estimators.spec.TASKS``; None is the task of the data set.
    params : mapping or None, default=None
        Parameters of the model.
    reduce : int, float or None, default=None
        Number of principal components, or the share of the variance that they explain. Text is
        reduced by a latent semantic analysis, which takes a number only; a model of distances,
        called by its name, gets 200 of them where None is given.
    resample : {"smote", "undersample"} or None, default=None
        How the classes of the training rows are balanced.
    random_state : int, RandomState or None, default=None
        Given to every step that takes one and has none of its own.

    Returns
    -------
    imblearn.pipeline.Pipeline
        Takes rows of the form of ``data.X_train``.

    Raises
    ------
    ValueError
        If the model does not serve the task or take the kind of data, or a parameter is not legal.

    Examples
    --------
    >>> from pipelines import load_dataset, make_pipeline
    >>> data = load_dataset("iris")
    >>> pipeline = make_pipeline("knn", data, params={"n_neighbors": 3}, random_state=0)
    >>> pipeline.fit(data.X_train, data.y_train).score(data.X_test, data.y_test) > 0.9
    True
    """
    task = data.task if task is None else task
    given = {"task": task, "reduce": reduce, "resample": resample, "random_state": random_state}
    for name, domain in _DOMAINS.items():
        domain.check(given[name], name, "make_pipeline")
    spec = registry.get(model) if isinstance(model, str) else _registered(model)
    _check_serves(model, spec, task, data.kind)
    built = spec.build(task) if spec and isinstance(model, str) else clone(model)
    built.set_params(**(params or {}))
    if task == "forecasting":
        built = as_forecaster(built, spec, data)
    elif task == "anomaly" and data.kind == "series" and not isinstance(built, SeriesDetector):
        built = SeriesDetector(model=built)
    needs = _preparation_name(spec, built, data)
    _check_steps(needs, data, task, reduce, resample)
    allow_nan = get_tags(built).input_tags.allow_nan and reduce is None and resample != "smote"
    if reduce is None and data.kind == "text" and spec is not None and isinstance(model, str):
        reduce = spec.text_components
    pipeline = Pipeline(
        [
            ("prepare", preparation(needs, data, allow_nan=allow_nan)),
            ("reduce", _reducer(reduce, data)),
            ("resample", _resampler(resample)),
            ("model", built),
        ]
    )
    return _seeded(pipeline, random_state)


def _registered(model: Any) -> Spec | None:
    """Return the ``Spec`` whose class the estimator is, if there is one."""
    if not hasattr(model, "get_params") or isinstance(model, type):
        raise ValueError(
            "make_pipeline: model must be a name in the registry or an estimator object, "
            f"got {model!r}."
        )
    cls = type(model)
    for name, (_, *classes) in registry.MODELS.items():
        if cls.__name__ in classes and cls in (spec := registry.get(name)).tasks.values():
            return spec
    return None


def _check_serves(model: Any, spec: Spec | None, task: str, kind: str) -> None:
    """Raise a ValueError that lists the models which do, if this one does not serve the data."""
    by_name = isinstance(model, str)
    # an estimator object may go where its name does not: scikit-learn's own on counted words, say
    is_bound = by_name or (spec is not None and spec.prepare in ("image", "text"))
    if by_name and spec and task not in spec.tasks:
        lack = f"serves {', '.join(spec.tasks)}"
    elif not by_name and not _SERVES.get(task, lambda _: True)(model):
        lack = "is made for another task"
    elif is_bound and spec and kind not in spec.kinds:
        lack = f"takes {', '.join(sorted(spec.kinds))}"
    else:
        return
    name = model if by_name else type(model).__name__
    others = ", ".join(registry.names(task, kind)) or "none yet"
    raise ValueError(
        f"make_pipeline: model must serve {task} of {kind} data, but {name} {lack}; "
        f"models that do: {others}."
    )


def _preparation_name(spec: Spec | None, model: Any, data: Dataset) -> str:
    """Return which preparation the model needs; an estimator of the caller's own gets "none"."""
    if data.task == "forecasting" or isinstance(model, SeriesDetector):
        return "history"
    tags = get_tags(model)
    if data.kind == "text" and (tags.input_tags.string or tags.no_validation):
        return "text"
    if spec is not None:
        return spec.prepare
    takes_images = data.kind == "image" and tags.input_tags.three_d_array
    return "image" if takes_images else "none"


def _check_steps(
    needs: str, data: Dataset, task: str, reduce: int | float | None, resample: str | None
) -> None:
    """Raise a ValueError if a step cannot work on what the preparation hands on."""
    for parameter, value in (("reduce", reduce), ("resample", resample)):
        if needs in ("image", "text", "history") and value not in (None, "undersample"):
            raise ValueError(
                f"make_pipeline: {parameter} needs rows of numbers, but this model takes those of "
                f"{data.kind} data as they are; leave out {parameter}={value!r}."
            )
    if isinstance(reduce, float) and data.kind == "text":
        raise ValueError(f"make_pipeline: reduce must be an integer for text, got {reduce=}.")
    if resample is not None and task != "classification":
        raise ValueError(
            f"make_pipeline: resample balances classes and must be None for {task}, "
            f"got {resample=}."
        )
    if resample == "smote":
        check_enough_neighbors(data.y_train, Oversampler().k_neighbors)


def _reducer(reduce: int | float | None, data: Dataset) -> Any:
    """Return the step that reduces the number of columns."""
    if reduce is None:
        return "passthrough"
    # counts of words are sparse, and centring them would fill the memory
    return (
        LatentWords(n_components=int(reduce)) if data.kind == "text" else PCA(n_components=reduce)
    )


def _resampler(resample: str | None) -> Any:
    """Return the step that balances the classes."""
    if resample is None:
        return "passthrough"
    return Oversampler() if resample == "smote" else Undersampler()


def _seeded(pipeline: Pipeline, random_state: Any) -> Pipeline:
    """Give the seed to every step that has none of its own."""
    if random_state is None:
        return pipeline
    parameters = pipeline.get_params()
    unset = [
        name
        for name, value in parameters.items()
        if name.endswith("__random_state") and value is None
    ]
    return pipeline.set_params(**dict.fromkeys(unset, random_state))
