"""Who takes part in a comparison: models by name, with what is searched of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from estimators import registry
from estimators.spec import TASKS
from pipelines import make_pipeline
from pipelines.dataset import Dataset
from search.pipeline_space import pipeline_space
from search.space import Space, as_space, space_of_estimator

# What a person would try first, as far as it serves the data: cheap ones, and a net where nets
# are at home. Words are counted; a net that reads them takes an hour where these take seconds.
_USUAL = {
    "table": ("logistic", "linear", "knn", "forest", "mlp"),
    "image": ("logistic", "linear", "knn", "forest", "cnn"),
    "text": ("logistic", "naive-bayes", "linear-svm", "knn", "svm"),
    "series": ("seasonal-naive", "climatology", "linear", "knn", "forest", "mlp"),
}
_UNLABELLED = ("isolation", "lof", "pca", "som")  # what is usual where no class is told
_ENOUGH = 3  # of a kind that many models serve
_DUMMY = "dummy"


@dataclass(frozen=True)
class Entry:
    """One model of a comparison.

    Parameters
    ----------
    name : str
        Its name in the run.
    model : str or estimator
        Its name in the registry, or itself.
    space : Space
        What is searched; empty where there is nothing.
    is_given : bool
        Whether the space was given by the user.
    """

    name: str
    model: Any
    space: Space
    is_given: bool

    @property
    def is_searched(self) -> bool:
        """Whether there is anything to search."""
        return not self.space.is_empty


def entries(
    models: Sequence[Any] | Mapping[str, Any] | None,
    data: Dataset,
    spaces: Mapping[str, Any] | None,
) -> list[Entry]:
    """Return the models of a comparison, a dummy first.

    Parameters
    ----------
    models : sequence, mapping or None
        See ``search.compare``.
    data : Dataset
        What they must serve.
    spaces : mapping or None
        Search spaces by model. Their names are parameters of the model, or of a step of the
        pipeline, as in ``"reduce__n_components"``.

    Raises
    ------
    ValueError
        If a model is unknown or does not serve the data, or a name cannot be one.
    """
    named = _with_dummy(_named(models, data), data)
    spaces = dict(spaces or {})
    if unknown := spaces.keys() - named.keys():
        raise ValueError(
            f"compare: spaces must be of models that take part ({', '.join(named)}), "
            f"got {sorted(unknown)}."
        )
    return [
        Entry(name, model, _space(model, data, spaces.get(name)), name in spaces)
        for name, model in named.items()
    ]


def _named(models: Sequence[Any] | Mapping[str, Any] | None, data: Dataset) -> dict[str, Any]:
    if models is None:
        return _usual(data)
    if isinstance(models, str) or not isinstance(models, (Sequence, Mapping)) or not models:
        raise ValueError(
            f"compare: models must be a list of names or estimators, or a dictionary, "
            f"got {models!r}."
        )
    if isinstance(models, Mapping):
        named = dict(models)
    else:
        names = [m if isinstance(m, str) else type(m).__name__ for m in models]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"compare: models must differ in their names, got {', '.join(twice)} more than "
                "once; give them names by a dictionary."
            )
        named = dict(zip(names, models, strict=True))
    for name in named:
        if not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", str(name)):
            raise ValueError(
                "compare: models must have names of letters, digits, '_', '-' and '.', as files "
                f"are called after them; got {name!r}."
            )
    return named


def _usual(data: Dataset) -> dict[str, Any]:
    """Return what is tried where the user names no model, or say that there is nothing to try."""
    serving = [name for name in registry.names(data.task, data.kind) if name != _DUMMY]
    if not serving:
        others = [task for task in TASKS if set(registry.names(task, data.kind)) - {_DUMMY}]
        raise ValueError(
            f"compare: no model of the registry serves {data.task} of {data.kind} data; of such "
            f"data there are models for {', '.join(others) or 'no task'}. Ask for one of these "
            "(task, --task), or give estimators of your own as models."
        )
    usual = [name for name in (*_USUAL[data.kind], *_UNLABELLED) if name in serving]
    return {name: name for name in usual or serving[:_ENOUGH]}


def _with_dummy(named: dict[str, Any], data: Dataset) -> dict[str, Any]:
    serves = data.task in registry.get(_DUMMY).tasks
    return {_DUMMY: _DUMMY, **named} if serves and _DUMMY not in named else named


def _space(model: Any, data: Dataset, space: Any) -> Space:
    pipeline = make_pipeline(model, data)
    if isinstance(space, Mapping):
        steps = tuple(pipeline.named_steps)
        space = {n if n.split("__")[0] in steps else f"model__{n}": s for n, s in space.items()}
    if space is not None:
        return as_space(space)
    if isinstance(model, str):
        return pipeline_space(model, data)
    try:
        return space_of_estimator(pipeline)
    except ValueError:  # the registry does not know it: it is judged as it comes
        return Space()
