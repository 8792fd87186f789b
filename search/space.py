"""Search spaces: what the registry knows of a model, or what a user gives."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import CategoricalDistribution, distribution_to_json
from optuna.trial import BaseTrial

from estimators import registry
from estimators.params import Domain
from estimators.spec import Spec
from search.dimensions import Dimension, as_dimension, of_domain, text_of

Function = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Space:
    """All points that a search may try: independent dimensions, and a function for the rest.

    Parameters
    ----------
    dimensions : mapping of str to Dimension, default={}
        Parameters that are always there.
    function : callable or None, default=None
        ``function(trial) -> params``: further parameters, define-by-run.
    """

    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    function: Function | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        return not self.dimensions and self.function is None

    def suggest(self, trial: BaseTrial) -> dict[str, Any]:
        """Return the parameters to set, as ``trial`` chooses them."""
        params = {name: d.suggest(trial, name) for name, d in self.dimensions.items()}
        if self.function is not None:
            params.update(self.function(trial))
        return params

    def check_names(self, estimator: Any) -> Space:
        """Return the space, or raise a ValueError for a parameter that the estimator lacks."""
        known = estimator.get_params(deep=True)
        for name in self.dimensions:
            # A step that is searched itself may bring the parameter with it.
            steps = [name.rsplit("__", n)[0] for n in range(name.count("__") + 1)]
            if name not in known and not any(step in self.dimensions for step in steps[1:]):
                near = difflib.get_close_matches(name, known, n=1)
                raise ValueError(
                    f"space: {name} must be a parameter of {type(estimator).__name__}"
                    f"{f', did you mean {near[0]!r}?' if near else '.'}"
                )
        return self

    def encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what Optuna stores for the point ``params``.

        Raises
        ------
        ValueError
            If a value lies outside the space.
        """
        point = dict(params)
        for name in params.keys() & self.dimensions.keys():
            try:
                point[name] = self.dimensions[name].encode(params[name])
            except ValueError as error:
                raise ValueError(
                    f"enqueue: {name} must lie in the search space: {error}."
                ) from None
        return point

    def defaults(self, current: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]] | None:
        """Return the point of the default values, and the names whose default only stands near it.

        None if a default is no legal value of its dimension, or if the space is a function.
        """
        point, beside = {}, []
        for name, dimension in self.dimensions.items():
            try:
                point[name] = dimension.encode(current.get(name, _Missing))
            except (ValueError, TypeError):
                if not _is_legal(dimension.domain, current.get(name, _Missing)):
                    return None
                point[name] = dimension.nearest(current[name])
                beside.append(name)
        return None if self.function is not None else (point, beside)

    def options(self) -> dict[str, list[Any]]:
        """Return the labels of every dimension, for a grid."""
        grid = {}
        for name, dimension in self.dimensions.items():
            if not isinstance(dimension.distribution, CategoricalDistribution):
                raise ValueError(
                    f'sampler="grid" needs a list of values for every parameter, got '
                    f"{dimension.distribution} for {name}."
                )
            grid[name] = list(dimension.distribution.choices)
        if self.function is not None:
            raise ValueError('sampler="grid" needs a space that is a dictionary of lists.')
        return grid

    def place_in_grid(self, params: Mapping[str, Any]) -> tuple[float, ...]:
        """Return where a point of a grid stands in scikit-learn's order; unknown parts last."""
        return tuple(
            dimension.distribution.to_internal_repr(params[name]) if name in params else math.inf
            for name, dimension in sorted(self.dimensions.items())
        )

    def largest(self) -> dict[str, int]:
        """Return the largest integer that each parameter may take, where that is known."""
        found = {name: dimension.largest() for name, dimension in self.dimensions.items()}
        return {name: number for name, number in found.items() if number is not None}

    def describe(self) -> str:
        """Return a text that changes when the space does."""
        lines = [f"{n}: {distribution_to_json(d.distribution)}" for n, d in self.dimensions.items()]
        if self.function is not None:
            lines.append(f"function {_digest_of(self.function)}")
        return "\n".join(lines)


class _Missing:
    """Stands for a parameter that the estimator does not have."""


def as_space(space: Any, owner: str = "space") -> Space:
    """Return a :class:`Space` for whatever a user may give.

    Parameters
    ----------
    space : Space, mapping or callable
        A mapping of parameter names to domains (``estimators.params``), Optuna distributions or
        lists of values, empty where nothing is searched; or ``function(trial) -> params``.
    owner : str, default="space"
        What the messages call it.

    Returns
    -------
    Space

    Examples
    --------
    >>> space = as_space({"hidden_layer_sizes": [(64,), (64, 32)], "alpha": [0.1, 1.0]})
    >>> space.dimensions["hidden_layer_sizes"].distribution
    CategoricalDistribution(choices=('(64,)', '(64, 32)'))
    """
    if isinstance(space, Space):
        return space
    if callable(space):
        return Space(function=space)
    if not isinstance(space, Mapping):
        raise ValueError(
            f"{owner} must be a dictionary of parameter names, a function of a trial or None, "
            f"got {space!r}."
        )
    return Space({name: as_dimension(name, entry) for name, entry in space.items()})


def space_of(spec: Spec, prefix: str = "") -> Space:
    """Return the search space that a model declares.

    Parameters
    ----------
    spec : Spec
        As ``estimators.registry.get(name)`` returns it.
    prefix : str, default=""
        Goes before every name, as in ``"model__"``.

    Returns
    -------
    Space
        Empty if the model declares nothing to search.

    Examples
    --------
    >>> from estimators import registry
    >>> sorted(space_of(registry.get("knn"), "model__").dimensions)
    ['model__n_neighbors', 'model__p', 'model__weights']
    """
    if spec.space is not None:
        return Space(function=_Prefixed(spec.space, prefix))
    found = {name: domain.searched() for name, domain in spec.params.items()}
    return Space(
        {
            prefix + name: of_domain(domain, spec.params[name])
            for name, domain in found.items()
            if domain is not None
        }
    )


def space_of_estimator(estimator: Any) -> Space:
    """Return the search space of a model of the registry, alone or at the end of a pipeline.

    Raises
    ------
    ValueError
        If the registry does not know it, or has nothing to search.
    """
    steps = getattr(estimator, "steps", None)
    name, model = steps[-1] if steps else ("", estimator)
    spec = _spec_of(type(model))
    space = Space() if spec is None else space_of(spec, f"{name}__" if name else "")
    if space.is_empty:
        raise ValueError(
            f"space must be given for {type(model).__name__}: the registry has nothing to search."
        )
    return space


def _spec_of(cls: type) -> Spec | None:
    """Return the ``Spec`` that a class belongs to, importing no other model."""
    for name, (_module, *classes) in registry.MODELS.items():
        if cls.__name__ in classes and cls in (spec := registry.get(name)).tasks.values():
            return spec
    return None


@dataclass(frozen=True)
class _Prefixed:
    """A model's own ``space(trial)``, with a prefix before all names."""

    function: Function
    prefix: str

    def __call__(self, trial: BaseTrial) -> dict[str, Any]:
        params = self.function(_PrefixedTrial(trial, self.prefix))
        return {self.prefix + name: value for name, value in params.items()}


@dataclass(frozen=True)
class _PrefixedTrial:
    """A trial that puts a prefix before the names it is asked for."""

    trial: BaseTrial
    prefix: str

    def suggest_int(self, name: str, *args: Any, **kwargs: Any) -> int:
        return self.trial.suggest_int(self.prefix + name, *args, **kwargs)

    def suggest_float(self, name: str, *args: Any, **kwargs: Any) -> float:
        return self.trial.suggest_float(self.prefix + name, *args, **kwargs)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self.trial.suggest_categorical(self.prefix + name, choices)


def _is_legal(domain: Domain | None, value: Any) -> bool:
    if domain is None or value is _Missing:
        return False
    return domain.none if value is None else domain.contains(value)


def _digest_of(function: Any) -> str:
    """Return a name for a function that changes with its code and what it closes over."""
    inner = getattr(function, "function", function)  # of a _Prefixed
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    content = repr((code.co_code, code.co_names, _constants(code))) if code else repr(inner)
    closed = [text_of(cell.cell_contents) for cell in getattr(inner, "__closure__", None) or ()]
    state = text_of((content, closed, getattr(function, "prefix", "")))
    return hashlib.sha256(state.encode()).hexdigest()


def _constants(code: Any) -> list[Any]:
    """Return the constants of code, those of inner functions by their own code."""
    nested = [c for c in code.co_consts if hasattr(c, "co_code")]
    plain = [c for c in code.co_consts if not hasattr(c, "co_code")]
    return [*plain, *((c.co_code, _constants(c)) for c in nested)]
