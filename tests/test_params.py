"""Domains, the declaration of parameters, and the messages that they make."""

from __future__ import annotations

import math
import pickle
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone

from estimators.params import (
    AnyOf,
    Bool,
    Choice,
    Float,
    Instance,
    Int,
    Sequence,
    check_params,
    domains_of,
    estimator,
    param,
    seed,
)

NOTHING = (None, "x", b"", [], (), {}, object(), 1j, math.nan, math.inf, np.array([1, 2]))


@pytest.mark.parametrize(
    ("domain", "legal", "illegal", "rule"),
    [
        (Int(1), [1, 7, np.int64(3)], [0, 1.0, True, np.float64(2), *NOTHING], "an integer >= 1"),
        (Int(0, 9), [0, 9], [-1, 10], "an integer >= 0 and <= 9"),
        (Int(), [-(10**30), 0], [0.5, *NOTHING], "an integer"),
        (Float(0), [0, 0.0, 1e300, np.float32(2)], [-1e-9, True, *NOTHING], "a number >= 0"),
        (Float(0, 1, open_low=True), [1e-9, 1], [0, 1.1], "a number > 0 and <= 1"),
        (Float(0, 1, open_high=True), [0, 0.999], [1, 1.0], "a number >= 0 and < 1"),
        (Bool(), [True, False, np.True_], [0, 1, *NOTHING], "True or False"),
        (Choice(("a", 1)), ["a", 1], ["b", True, 1.0, *NOTHING], "one of 'a', 1"),
        (
            Sequence(Int(1)),
            [(), (1,), [2, 3]],
            [1, (0,), (1.5,), "11"],
            "a tuple of 0 or more items",
        ),
        (Sequence(Int(1), min_length=1), [(1,)], [()], "a tuple of 1 or more items"),
        (Sequence(Float(0), length=2), [(0, 0.5)], [(1,), (1, 2, 3)], "a tuple of 2 items"),
        (AnyOf((Int(1), Choice(("auto",)))), [1, "auto"], [0, "all"], "an integer >= 1 or one of"),
        (Instance((dict,), "a mapping"), [{}], [None, []], "a mapping"),
        (seed(), [None, 0, 2**32 - 1, np.random.RandomState(0)], [-1, 2**32, 0.5], "RandomState"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_domain_takes_what_is_legal_and_names_the_rule_otherwise(domain, legal, illegal, rule):
    for value in legal:
        domain.check(value, "size", "Model")
    for value in illegal:
        with pytest.raises(ValueError, match=r"^Model: size must be ") as caught:
            domain.check(value, "size", "Model")
        assert rule in str(caught.value)
        assert str(caught.value).endswith(f"got size={value!r}.")


def test_none_is_legal_where_the_domain_says_so():
    Int(1, none=True).check(None, "depth", "Model")
    with pytest.raises(ValueError, match="depth must be an integer >= 1 or None, got depth=0"):
        Int(1, none=True).check(0, "depth", "Model")


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(low=numbers, high=numbers, value=st.one_of(numbers, st.integers()))
def test_a_number_is_legal_just_between_its_bounds(low, high, value):
    closed, opened = Float(low, high), Float(low, high, open_low=True, open_high=True)
    assert closed.contains(value) == (low <= value <= high)
    assert opened.contains(value) == (low < value < high)


@given(value=st.one_of(st.integers(), st.floats(), st.booleans(), st.text(), st.none()))
def test_a_check_raises_just_where_the_value_is_not_contained(value):
    for domain in (Int(0, 5), Float(-1, 1), Bool(), Choice(("", "a", 1))):
        if value is not None and domain.contains(value):
            domain.check(value, "p", "M")
        else:
            with pytest.raises(ValueError, match="M: p must be"):
                domain.check(value, "p", "M")


def test_a_search_goes_through_the_domain_that_has_a_range():
    inner = Float(0, search=(0.1, 1.0))
    assert Int(1).searched() is None
    assert inner.searched() is inner
    assert AnyOf((Choice(("auto",)), inner)).searched() is inner
    assert AnyOf((Choice(("auto",)), Int(1))).searched() is None
    own = AnyOf((Int(1), inner), search=(1, 0.5))
    assert own.searched() is own


@estimator
class _Base(BaseEstimator):
    """A model.

    {parameters}

    Notes
    -----
    Nothing.
    """

    size: int = param(default=3, domain=Int(1, search=(1, 9)), doc="How large it is.")
    rate: float | None = param(default=None, domain=Float(0, none=True), doc="How fast " * 20)


@estimator
class _Child(_Base):
    """A model with one more parameter, and another default.

    {parameters}
    """

    kind: str = param(default="a", domain=Choice(("a", "b")), doc="Which one.")
    size: int = param(default=5, domain=Int(2), doc="How large it is, at least 2.")


def test_the_declaration_is_the_constructor():
    assert _Base().get_params() == {"size": 3, "rate": None}
    assert _Child(kind="b").get_params() == {"size": 5, "rate": None, "kind": "b"}
    with pytest.raises(TypeError, match="colour"):
        _Base(colour="red")
    with pytest.raises(TypeError, match="positional"):
        _Base(3)


def test_models_with_equal_parameters_are_still_two_models():
    assert _Base() != _Base()
    assert len({_Base(), _Base()}) == 2
    assert repr(_Child(kind="b")) == "_Child(kind='b')"


def test_a_declared_model_clones_and_pickles():
    model = _Child(size=7, kind="b")
    assert clone(model).get_params() == model.get_params()
    assert pickle.loads(pickle.dumps(model)).get_params() == model.get_params()


def test_a_child_keeps_the_domains_of_its_parent_and_overrides_its_own():
    assert domains_of(_Base)["size"] == Int(1, search=(1, 9))
    assert list(domains_of(_Child)) == ["size", "rate", "kind"]
    assert domains_of(_Child)["size"] == Int(2)


def test_check_params_names_class_parameter_rule_and_value():
    check_params(_Child(), domains_of(_Child))
    with pytest.raises(ValueError, match=r"_Child: size must be an integer >= 2, got size=1\."):
        check_params(_Child(size=1), domains_of(_Child))


def test_the_docstring_lists_own_parameters_first_and_wraps():
    lines = _Child.__doc__.splitlines()
    listed = [line.strip() for line in lines if "default=" in line]
    assert listed == [
        "size : int, default=5",
        "kind : str, default='a'",
        "rate : float | None, default=None",
    ]
    assert "{parameters}" not in _Base.__doc__
    assert all(len(line) <= 100 for line in _Base.__doc__.splitlines())
    assert (
        "    Parameters\n    ----------\n    size : int, default=3\n        How large"
        in _Base.__doc__
    )


class _Grown:
    ATTRIBUTES: ClassVar = {"leaves_": ("int", "Number of leaves."), "age_": ("float", "In years.")}


@estimator
class _Tree(_Grown, BaseEstimator):
    """A tree.

    {attributes}
    """

    ATTRIBUTES: ClassVar = {"roots_": ("int", "Number of roots."), "age_": ("int", "In days.")}


def test_the_docstring_lists_own_attributes_first_and_those_of_the_bases():
    assert _Tree.__doc__.splitlines()[2:] == [
        "    Attributes",
        "    ----------",
        "    roots_ : int",
        "        Number of roots.",
        "    age_ : int",
        "        In days.",
        "    leaves_ : int",
        "        Number of leaves.",
        "    ",
    ]
