"""One searched parameter: a domain, a distribution or a list, as Optuna suggests from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import BaseTrial

from estimators.params import Domain, Float, Int


@dataclass(frozen=True)
class Dimension:
    """What one parameter may be: a distribution of numbers, or labelled options.

    Parameters
    ----------
    distribution : optuna.distributions.BaseDistribution
        What Optuna draws from; options by their labels.
    options : mapping or None, default=None
        The value behind each label.
    domain : Domain or None, default=None
        Where it came from; its legal values may serve as defaults beside the searched ones.
    """

    distribution: BaseDistribution
    options: Mapping[Any, Any] | None = None
    domain: Domain | None = None

    def suggest(self, trial: BaseTrial, name: str) -> Any:
        """Return the value that Optuna chooses."""
        match self.distribution:
            case IntDistribution(low=low, high=high, step=step, log=log):
                return trial.suggest_int(name, low, high, step=step, log=log)
            case FloatDistribution(low=low, high=high, step=step, log=log):
                return trial.suggest_float(name, low, high, step=step, log=log)
            case CategoricalDistribution(choices=choices):
                label = trial.suggest_categorical(name, choices)
                return label if self.options is None else self.options[label]
        raise TypeError(f"space: {name} must be an optuna distribution, got {self.distribution!r}.")

    def encode(self, value: Any) -> Any:
        """Return what Optuna stores for ``value``; a ValueError if it lies outside."""
        if self.options is not None:
            for label, option in self.options.items():
                if option is value or (type(option) is type(value) and _equal(option, value)):
                    return label
            raise ValueError(f"{value!r} is none of {list(self.options)}")
        internal = self.distribution.to_internal_repr(value)
        if not self.distribution._contains(internal):  # Optuna has no public way to ask
            raise ValueError(f"{value!r} lies outside {self.distribution}")
        return self.distribution.to_external_repr(internal)

    def nearest(self, value: Any) -> Any:
        """Return the point of the space that stands for a legal value outside it.

        ``None`` means "no limit", so it goes to the top of a range; a word goes to the middle.
        """
        if isinstance(self.distribution, CategoricalDistribution):
            return self.distribution.choices[0]
        low, high = self.distribution.low, self.distribution.high  # type: ignore[attr-defined]  # both kinds of number have them
        if value is None:
            return high
        if isinstance(value, (int, float)):
            return type(low)(min(max(value, low), high))
        log = self.distribution.log  # type: ignore[attr-defined]  # as above
        return type(low)(np.sqrt(low * high) if log else (low + high) / 2)

    def largest(self) -> int | None:
        """Return the largest integer that may come, None where there is no such thing."""
        if isinstance(self.distribution, IntDistribution):
            return self.distribution.high
        if self.options is None:
            return None
        numbers = [v for v in self.options.values() if type(v) is int]
        return max(numbers, default=None)


def as_dimension(name: str, entry: Any) -> Dimension:
    """Return the dimension of what a user gives for one parameter."""
    if isinstance(entry, Dimension):
        return entry
    if isinstance(entry, BaseDistribution):
        return Dimension(entry)
    if isinstance(entry, Domain):
        if (searched := entry.searched()) is None:
            raise ValueError(f"space: {name} must have a search range, got {entry!r}.")
        return of_domain(searched, entry)
    if isinstance(entry, (list, tuple, range, np.ndarray)) and len(entry):
        return Dimension(*_labelled(entry))
    raise ValueError(
        f"space: {name} must be a domain, an optuna distribution or a list of values, "
        f"got {entry!r}."
    )


def of_domain(searched: Domain, legal: Domain) -> Dimension:
    """Return the dimension of the part of a domain that is searched."""
    options = searched.search or ()
    if isinstance(searched, Int):
        low, high = options
        return Dimension(IntDistribution(low, high, log=searched.log), domain=legal)
    if isinstance(searched, Float):
        low, high = options
        return Dimension(FloatDistribution(low, high, log=searched.log), domain=legal)
    return Dimension(*_labelled(options), domain=legal)


def _labelled(values: Iterable[Any]) -> tuple[CategoricalDistribution, dict[Any, Any]]:
    """Return options under labels that Optuna can store, and the values behind the labels."""
    options: dict[Any, Any] = {}
    for value in values:
        value = value.item() if isinstance(value, np.generic) else value
        label = value if value is None or isinstance(value, (str, int, float)) else text_of(value)
        if label in options:  # 1, True and 1.0 are one key
            label = f"{text_of(value)} ({type(value).__name__} {len(options)})"
        options[label] = value
    return CategoricalDistribution(tuple(options)), options


def text_of(value: Any) -> str:
    """Return an object on one line, without its address."""
    return re.sub(r" at 0x[0-9a-f]+", "", " ".join(repr(value).split()))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return text_of(one) == text_of(other) if hasattr(one, "get_params") else bool(one == other)
