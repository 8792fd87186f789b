"""The registry: no forgotten line, no dead one, and a hint for a mistyped name."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import estimators
from estimators import registry
from estimators.params import Domain
from estimators.spec import KINDS, TASKS, Spec

PACKAGE = Path(estimators.__file__).parent


def _modules_with_a_spec():
    for path in sorted(PACKAGE.glob("*/*.py")):
        assigned = [t for node in ast.parse(path.read_text()).body for t in _targets(node)]
        if "SPEC" in assigned:
            yield f"estimators.{path.parent.name}.{path.stem}"


def _targets(node):
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_every_file_that_ends_in_a_spec_has_its_line():
    registered = {module for module, *_ in registry.MODELS.values()}
    assert registered == set(_modules_with_a_spec())


@pytest.mark.parametrize("name", registry.MODELS)
def test_a_line_lists_the_classes_that_the_file_offers(name):
    module, *classes = registry.MODELS[name]
    served = {cls.__name__ for cls in registry.get(name).tasks.values()}
    assert served <= set(classes)
    assert all(inspect.isclass(getattr(importlib.import_module(module), c)) for c in classes)


@pytest.mark.parametrize("name", registry.MODELS)
def test_a_spec_says_what_people_need_to_know(name):
    spec = registry.get(name)
    assert isinstance(spec, Spec)
    assert spec.summary.endswith("."), "the summary is a sentence"
    assert len(spec.title) < 50
    assert spec.tasks
    assert spec.kinds
    assert all(isinstance(domain, Domain) for domain in spec.params.values())


def test_no_public_name_is_listed_twice():
    classes = [cls for _, *listed in registry.MODELS.values() for cls in listed]
    assert len(classes) == len(set(classes))


@pytest.mark.parametrize("name", estimators.__all__)
def test_every_public_name_is_importable(name):
    assert getattr(estimators, name).__name__ == name


@pytest.mark.parametrize(
    ("wrong", "hint"), [("forrest", "'forest'"), ("dumy", "'dummy'"), ("isolaton", "'isolation'")]
)
def test_a_mistyped_name_gets_the_nearest_one(wrong, hint):
    with pytest.raises(ValueError, match=f"did you mean {hint}"):
        registry.get(wrong)


def test_a_name_like_no_other_gets_them_all():
    with pytest.raises(ValueError, match=r"got 'zzz'; known are dummy, logistic, knn"):
        registry.get("zzz")


def test_names_can_be_filtered_by_task_and_kind():
    assert {"knn", "forest", "svm"} <= set(registry.names(task="regression"))
    assert "logistic" not in registry.names(task="regression")
    assert "forest" not in registry.names(kind="text")
    assert registry.names() == list(registry.MODELS)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS)
def test_filters_keep_the_order_of_the_registry(task, kind):
    found = registry.names(task=task, kind=kind)
    assert found == [name for name in registry.MODELS if name in found]


@pytest.mark.parametrize(
    ("field", "value"),
    [("tasks", {"ranking": int}), ("kinds", frozenset({"video"})), ("prepare", "magic")],
)
def test_a_spec_refuses_names_that_nobody_reads(field, value):
    legal = {"title": "t", "summary": "s", "tasks": {}, "kinds": frozenset(), "params": {}}
    with pytest.raises(ValueError, match=f"Spec: {field} must be among"):
        Spec(**{**legal, field: value})


def test_a_task_that_a_model_does_not_serve_is_named():
    with pytest.raises(ValueError, match=r"serves classification; got task='regression'"):
        registry.get("logistic").build("regression")


def test_an_unknown_attribute_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Perceptron'"):
        _ = estimators.Perceptron
