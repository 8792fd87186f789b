"""Hyper-parameters, each declared once: legal values, default, search range and sentence.

A :class:`Domain` says which values are legal and which are worth searching. Our own estimators are
classes decorated with :func:`estimator`, whose fields are made by :func:`param`; the declaration
feeds the constructor, the docstring, the validation in ``fit``, the search space and the report.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import numbers
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

import numpy as np

T = TypeVar("T", bound=type)


@dataclass(frozen=True, kw_only=True)
class Domain(ABC):
    """The legal values of one hyper-parameter.

    Parameters
    ----------
    search : tuple or None, default=None
        What a search tries: ``(low, high)`` of a number, the options of anything else. ``None``
        leaves the parameter at its default.
    none : bool, default=False
        Whether ``None`` is legal too.
    """

    search: tuple[Any, ...] | None = None
    none: bool = False

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Tell whether ``value``, which is not None, is legal."""

    @abstractmethod
    def rule(self) -> str:
        """Return the law in words, as in "an integer >= 1"."""

    def searched(self) -> Domain | None:
        """Return the domain that a search goes through, None if it leaves the default alone."""
        return self if self.search is not None else None

    def check(self, value: Any, name: str, owner: str) -> None:
        """Raise a ValueError that names parameter, rule and value if ``value`` is not legal."""
        legal = self.none if value is None else self.contains(value)
        if not legal:
            rule = f"{self.rule()} or None" if self.none else self.rule()
            raise ValueError(f"{owner}: {name} must be {rule}, got {name}={value!r}.")


@dataclass(frozen=True)
class _Number(Domain):
    """A number between two bounds."""

    low: float = -math.inf
    high: float = math.inf
    log: bool = dataclasses.field(default=False, kw_only=True)
    open_low: bool = dataclasses.field(default=False, kw_only=True)
    open_high: bool = dataclasses.field(default=False, kw_only=True)

    def contains(self, value: Any) -> bool:
        if not self._is_kind(value):
            return False
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return bool(above and below)

    def rule(self) -> str:
        bounds = []
        if self.low > -math.inf:
            bounds.append(f"{'>' if self.open_low else '>='} {self.low:g}")
        if self.high < math.inf:
            bounds.append(f"{'<' if self.open_high else '<='} {self.high:g}")
        return " ".join([self._kind(), " and ".join(bounds)]).strip()

    @abstractmethod
    def _is_kind(self, value: Any) -> bool: ...

    @abstractmethod
    def _kind(self) -> str: ...


@dataclass(frozen=True)
class Int(_Number):
    """An integer between two bounds, both legal."""

    def _is_kind(self, value: Any) -> bool:
        return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))

    def _kind(self) -> str:
        return "an integer"


@dataclass(frozen=True)
class Float(_Number):
    """A finite real number between two bounds; ``open_low`` and ``open_high`` exclude a bound."""

    def _is_kind(self, value: Any) -> bool:
        is_real = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
        return is_real and math.isfinite(float(value))

    def _kind(self) -> str:
        return "a number"


@dataclass(frozen=True)
class Bool(Domain):
    """True or False."""

    def contains(self, value: Any) -> bool:
        return isinstance(value, (bool, np.bool_))

    def rule(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Choice(Domain):
    """One of a few named options."""

    options: tuple[Any, ...] = ()

    def contains(self, value: Any) -> bool:
        return any(type(value) is type(option) and value == option for option in self.options)

    def rule(self) -> str:
        return "one of " + ", ".join(map(repr, self.options))


@dataclass(frozen=True)
class Sequence(Domain):
    """A tuple or list whose items all lie in one domain, with at least ``min_length`` of them."""

    item: Domain = dataclasses.field(default_factory=Int)
    min_length: int = dataclasses.field(default=0, kw_only=True)
    length: int | None = dataclasses.field(default=None, kw_only=True)

    def contains(self, value: Any) -> bool:
        if not isinstance(value, (tuple, list)):
            return False
        fits = len(value) >= self.min_length if self.length is None else len(value) == self.length
        return fits and all(v is not None and self.item.contains(v) for v in value)

    def rule(self) -> str:
        count = f"{self.length} items" if self.length else f"{self.min_length} or more items"
        return f"a tuple of {count}, each {self.item.rule()}"


@dataclass(frozen=True)
class AnyOf(Domain):
    """A value of any of several domains, as in "an integer or 'auto'".

    Its own ``search`` lists options; without one, a search goes through the first of ``domains``
    that has a search range.
    """

    domains: tuple[Domain, ...] = ()

    def contains(self, value: Any) -> bool:
        return any(domain.contains(value) for domain in self.domains)

    def rule(self) -> str:
        return " or ".join(domain.rule() for domain in self.domains)

    def searched(self) -> Domain | None:
        if self.search is not None:
            return self
        return next((found for d in self.domains if (found := d.searched())), None)


@dataclass(frozen=True)
class Instance(Domain):
    """An object of one of the given types; ``words`` names them in messages."""

    types: tuple[type, ...] = (object,)
    words: str = "an object"

    def contains(self, value: Any) -> bool:
        return isinstance(value, self.types)

    def rule(self) -> str:
        return self.words


def seed() -> Domain:
    """Return the domain of ``random_state``: None, a non-negative integer or a RandomState."""
    generator = Instance((np.random.RandomState,), "a numpy RandomState")
    return AnyOf((Int(0, 2**32 - 1), generator), none=True)


def check_params(model: Any, domains: Mapping[str, Domain]) -> None:
    """Raise a ValueError for the first parameter of ``model`` outside its domain.

    Parameters
    ----------
    model : estimator
        Its attributes are compared with the domains of the same names.
    domains : mapping of str to Domain
        See :func:`domains_of`.
    """
    for name, domain in domains.items():
        domain.check(getattr(model, name), name, type(model).__name__)


def param(*, default: Any, domain: Domain, doc: str) -> Any:
    """Declare one constructor parameter of a class decorated with :func:`estimator`."""
    return dataclasses.field(default=default, metadata={"domain": domain, "doc": doc})


def domains_of(cls: type) -> dict[str, Domain]:
    """Return the domain of every parameter that ``cls`` declares with :func:`param`."""
    fields = dataclasses.fields(cls)
    return {f.name: f.metadata["domain"] for f in fields if "domain" in f.metadata}


@dataclass_transform(eq_default=False, kw_only_default=True, field_specifiers=(param,))
def estimator(cls: T) -> T:
    """Give ``cls`` the constructor of its :func:`param` fields, inherited ones included.

    Where the docstring holds a line ``{parameters}``, the numpydoc section of the fields stands,
    and instead of ``{attributes}`` that of the mappings ``ATTRIBUTES`` of the class and its bases:
    by name, the type and what it is. A subclass declares a field again to change its default, and
    describes an attribute again to change what is said.
    """
    dataclass(eq=False, repr=False, kw_only=True)(cls)
    if cls.__doc__:
        sections = {"parameters": _parameters_section(cls), "attributes": _attributes_section(cls)}
        for name, section in sections.items():
            cls.__doc__ = cls.__doc__.replace(f"{{{name}}}", section)
    return cls


def _parameters_section(cls: type) -> str:
    own = inspect.get_annotations(cls)
    fields = [f for f in dataclasses.fields(cls) if "domain" in f.metadata]
    fields.sort(key=lambda f: f.name not in own)
    return _section(
        "Parameters",
        {f.name: (f"{f.type}, default={f.default!r}", f.metadata["doc"]) for f in fields},
    )


def _attributes_section(cls: type) -> str:
    described: dict[str, tuple[str, str]] = {}
    for base in cls.__mro__:
        for name, entry in vars(base).get("ATTRIBUTES", {}).items():
            described.setdefault(name, entry)
    return _section("Attributes", described)


def _section(title: str, entries: Mapping[str, tuple[str, str]]) -> str:
    """Return a numpydoc section of the type and the description of every name."""
    lines = [title, "-" * len(title)]
    for name, (kind, text) in entries.items():
        lines.append(f"{name} : {kind}")
        lines += textwrap.wrap(text, 92, initial_indent="    ", subsequent_indent="    ")
    return "\n    ".join(lines)
