"""bakeoff's own promises, held by every model of the registry, and checks that can fail."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from estimators import registry
from estimators.params import Int
from estimators.spec import Spec
from tests import checks

CASES = [
    pytest.param(name, task, check, id=f"{name}-{task}-{check.__name__}")
    for name in registry.names()
    for task in checks.distinct_tasks(name)
    for check in checks.checks_of(name, task)
]


@pytest.mark.parametrize(("name", "task", "check"), CASES)
def test_a_model_keeps_the_promise(name, task, check):
    check(name, task)


class Restless(KNeighborsClassifier):
    """Answers differently each time it is fitted."""

    fits = itertools.count()

    def fit(self, X, y):
        self.shift_ = next(self.fits)
        return super().fit(X, y)

    def predict(self, X):
        return np.roll(super().predict(X), self.shift_)


class Careless(KNeighborsClassifier):
    """Draws from the global generator."""

    def fit(self, X, y):
        np.random.rand()
        return super().fit(X, y)


class Ignorant(KNeighborsClassifier):
    """Learns nothing, and takes any value of its parameter."""

    def __init__(self, n_neighbors=5):
        super().__init__(n_neighbors=n_neighbors)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))


class Forgetful(KNeighborsClassifier):
    """Loses a setting when it is pickled, and with it the right answer."""

    def __getstate__(self):
        return {**super().__getstate__(), "_y": 1 - self._y}


class Numeric(KNeighborsClassifier):
    """Takes strings, and gives other answers for them."""

    def predict(self, X):
        answer = super().predict(X)
        return answer if answer.dtype.kind == "i" else np.repeat(self.classes_[0], len(X))


BROKEN = [
    (Restless, checks.check_same_seed_same_prediction),
    (Careless, checks.check_global_generators_untouched),
    (Ignorant, checks.check_beats_dummy),
    (Ignorant, checks.check_bad_value_is_named),
    (Forgetful, checks.check_round_trip_pickle),
    (Forgetful, checks.check_round_trip_save),
    (Numeric, checks.check_string_labels),
]


@pytest.mark.parametrize(("model", "check"), BROKEN)
def test_a_check_fails_on_a_model_that_breaks_the_promise(model, check, monkeypatch):
    _register(model, Int(1), monkeypatch)
    trusted = (KeyError, ValueError) if check is checks.check_round_trip_save else ()
    with pytest.raises((AssertionError, *trusted)):
        check("broken", "classification")


@pytest.mark.parametrize(
    ("domain", "check"),
    [
        (Int(10), checks.check_defaults),
        (Int(1, search=(1, 1000)), checks.check_search_bounds_fit),
    ],
)
def test_a_check_fails_on_a_domain_that_promises_too_much(domain, check, monkeypatch):
    _register(KNeighborsClassifier, domain, monkeypatch)
    with pytest.raises(ValueError, match="n_neighbors"):
        check("broken", "classification")


def test_a_parameter_that_no_class_has_is_found(monkeypatch):
    _register(KNeighborsClassifier, Int(1), monkeypatch, parameter="n_neighbours")
    with pytest.raises(AssertionError):
        checks.check_params_are_constructor_parameters("broken", "classification")


def _register(model, domain, monkeypatch, parameter="n_neighbors"):
    spec = Spec(
        title="broken",
        summary="Breaks a promise.",
        tasks={"classification": model},
        kinds=frozenset({"table"}),
        params={parameter: domain},
    )
    monkeypatch.setattr(registry, "get", lambda name: spec)
    checks.shared.cache_clear()
