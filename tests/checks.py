"""What bakeoff promises of every model; ``test_models.py`` runs the checks over the registry.

A check takes a name of the registry and a task, and asserts. A new promise is one function here,
held by all models the same day. What a check must know about a model is read from its ``Spec``.
"""

from __future__ import annotations

import inspect
import pickle
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpydoc.docscrape import ClassDoc
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_blobs
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_mutual_info_score, roc_auc_score
from sklearn.preprocessing import minmax_scale, scale
from sklearn.svm import SVR, OneClassSVM

from estimators import BernoulliRBM, load, rbm_sample, registry, save
from estimators.params import Domain, Float, Int
from estimators.spec import Spec
from pipelines.lags import LagWindows

Check = Callable[[str, str], None]
TEXTS = {
    "sport": ("the team won the match", "a late goal in the cup", "the coach praised the players"),
    "money": ("shares fell on the market", "the bank raised its rates", "profits of the company"),
}


def checks_of(name: str, task: str) -> Iterator[Check]:
    """Yield every check that applies to a model in one of its tasks."""
    spec = registry.get(name)
    model_class = spec.tasks[task]
    yield check_defaults
    yield check_params_are_constructor_parameters
    yield check_bad_value_is_named
    yield check_search_bounds_fit
    yield check_same_seed_same_prediction
    if model_class not in (
        SVR,
        OneClassSVM,
    ):  # one draw in their fit, and no random_state to stop it
        yield check_global_generators_untouched
    yield check_round_trip_pickle
    yield check_round_trip_save
    if model_class.__module__.startswith("estimators."):
        yield check_documented_attributes_are_there
    if name != "dummy":
        yield check_beats_dummy
    if task == "classification":
        yield check_string_labels
    if spec.prepare == "image":
        yield check_images_of_every_form


# --- small problems, one per task and kind of data ------------------------------------------------


def problem(spec: Spec, task: str) -> tuple[Any, Any]:
    """Return rows as the model takes them once prepared, and targets or None."""
    if task == "classification":
        return _classification(spec)
    if task == "forecasting":
        return _series(spec)
    if task == "regression":
        X, y = load_diabetes(return_X_y=True)
        return scale(X)[:150], scale(y)[:150]
    if spec.prepare == "image" or spec.prepare == "minmax":
        return _digits(spec)[0], None
    X, y = make_blobs(150, centers=3, n_features=4, random_state=0)
    return scale(X), (y if task == "clustering" else None)


def _series(spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    """Return four years in steps of ten days: the values before and the time."""
    days = 10.0 * np.arange(165)
    values = np.sin(2 * np.pi * days / 365.25) + np.random.RandomState(0).normal(0, 0.2, len(days))
    lags = LagWindows(n_lags=15)
    X = lags.fit_transform(values.reshape(-1, 1), times=days)
    # what forecasts takes these rows as they are; others get lags, the oldest first
    return (X if spec.prepare == "history" else scale(X[:, -2::-1])), values[15:]


def _classification(spec: Spec) -> tuple[Any, np.ndarray]:
    if spec.kinds == {"text"}:
        texts = [f"{text} {n}" for n in range(10) for side in TEXTS.values() for text in side]
        X = np.array(texts, dtype=object)
        counted = TfidfVectorizer().fit_transform(X).toarray() if spec.prepare == "tfidf" else X
        return counted, np.tile([0, 0, 0, 1, 1, 1], 10)
    if "image" in spec.kinds and "table" not in spec.kinds:
        return _digits(spec)
    X, y = load_iris(return_X_y=True)
    shuffled = np.random.RandomState(0).permutation(len(X))
    X = minmax_scale(X) if spec.prepare == "minmax" else scale(X)
    return X[shuffled], y[shuffled]


def _digits(spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(n_class=3, return_X_y=True)
    X, y = X[:420] / 16, y[:420]
    return (X.reshape(-1, 8, 8), y) if spec.prepare == "image" else (X, y)


def distinct_tasks(name: str) -> list[str]:
    """Return the tasks of a model, those left out whose class serves another one already."""
    tasks = registry.get(name).tasks
    return [task for i, task in enumerate(tasks) if tasks[task] not in list(tasks.values())[:i]]


def build(name: str, task: str, **params: Any) -> Any:
    """Return an unfitted, seeded model with the quick parameters of its ``Spec``."""
    spec = registry.get(name)
    seed = {"random_state": 0} if "random_state" in spec.build(task).get_params() else {}
    return spec.build(task, **{**seed, **spec.fast, **params})


def fitted(name: str, task: str, **params: Any) -> tuple[Any, Any]:
    """Return a fitted model and the rows that it saw."""
    X, y = problem(registry.get(name), task)
    return _fit(build(name, task, **params), X, y), X


# One fit that several checks look at; none of them may change it.
shared = cache(fitted)


def one_epoch(name: str) -> dict[str, int]:
    """Return the parameters of a net that need not learn for what is checked."""
    return {"max_epochs": 1} if "max_epochs" in registry.get(name).fast else {}


def _fit(model: Any, X: Any, y: Any) -> Any:
    return model.fit(X) if y is None else model.fit(X, y)


def answers(model: Any, X: Any) -> np.ndarray:
    """Return all that a fitted model says of ``X``, as one flat array of numbers."""
    methods = ("predict_proba", "decision_function", "score_samples", "predict", "transform")
    said = [getattr(model, method)(X) for method in methods if hasattr(model, method)]
    if (sample := _sampler(model)) is not None:
        said.append(sample(3, random_state=0))
    if is_classifier(model):
        said = [np.searchsorted(model.classes_, s) if s.dtype.kind in "OU" else s for s in said]
    return np.concatenate([np.asarray(s, dtype=float).ravel() for s in said])


def _sampler(model: Any) -> Callable[..., np.ndarray] | None:
    """Return the function that draws rows; a machine adopted from scikit-learn has no method."""
    if isinstance(model, BernoulliRBM):
        return partial(rbm_sample, model, n_steps=100)
    return getattr(model, "sample", None)


# --- the promises ---------------------------------------------------------------------------------


def check_defaults(name: str, task: str) -> None:
    """It can be built with no argument, and its defaults are legal."""
    spec = registry.get(name)
    spec.tasks[task]()
    params = spec.build(task).get_params()
    for parameter, domain in domains(spec, task).items():
        domain.check(params[parameter], parameter, name)


def check_params_are_constructor_parameters(name: str, task: str) -> None:
    """The class takes all that is set or searched; all other ``params``, a class of some task."""
    spec = registry.get(name)
    own = set(spec.build(task).get_params())
    every = {p for cls in spec.tasks.values() for p in inspect.signature(cls).parameters}
    searched = {p for p, domain in spec.params.items() if domain.searched()}
    assert searched | set(spec.fast) | set(spec.defaults) <= own
    assert set(spec.params) <= every


def domains(spec: Spec, task: str) -> dict[str, Domain]:
    """Return the domains of the parameters that the class for ``task`` has."""
    own = spec.build(task).get_params()
    return {name: domain for name, domain in spec.params.items() if name in own}


def check_documented_attributes_are_there(name: str, task: str) -> None:
    """A fitted model has every attribute that its docstring lists."""
    model, _ = shared(name, task)
    listed = [attribute.name for attribute in ClassDoc(type(model))["Attributes"]]
    assert listed, f"{name}: the docstring has no section of attributes"
    missing = [attribute for attribute in listed if not hasattr(model, attribute)]
    assert not missing, f"{name}: the docstring lists {missing}"


def check_bad_value_is_named(name: str, task: str) -> None:
    """A value outside the domain is refused in ``fit``, with the parameter's name and the value."""
    X, y = problem(registry.get(name), task)
    for parameter, domain in domains(registry.get(name), task).items():
        for value in _bad_values(domain):
            try:
                _fit(build(name, task, **{parameter: value}), X, y)
            except (ValueError, TypeError) as error:
                message = str(error)
                assert parameter in message, f"{parameter} is not named: {message}"
                assert repr(value) in message, f"{parameter}={value!r} is not named: {message}"
            else:
                raise AssertionError(f"{name}: {parameter}={value!r} was accepted")


def _bad_values(domain: Domain) -> list[Any]:
    candidates = ["no such value", [], -1, -1.5]
    if isinstance(domain, (Int, Float)):
        candidates += [domain.low - 1, domain.high + 1]
    finite = [v for v in candidates if not isinstance(v, float) or np.isfinite(v)]
    return [value for value in finite if not domain.contains(value)]


def check_search_bounds_fit(name: str, task: str) -> None:
    """Both ends of every search range, and every option, can be fitted and asked."""
    spec = registry.get(name)
    X, y = problem(spec, task)
    for params in _extremes(spec):
        model = _fit(build(name, task, **{**one_epoch(name), **params}), X, y)
        assert np.isfinite(answers(model, X[:5])).all(), f"{name}: {params} gives no finite answer"


def _extremes(spec: Spec) -> list[dict[str, Any]]:
    """Return what a search may try at the ends of its space, one change at a time."""
    if spec.space is not None:
        return [spec.space(FixedTrial(end)) for end in (0, -1)]
    found = ((name, domain.searched()) for name, domain in spec.params.items())
    return [{name: value} for name, domain in found if domain for value in domain.search]


class FixedTrial:
    """Stands in for an Optuna trial: answers every question with one end of the range."""

    def __init__(self, end: int) -> None:
        self.end = end

    def suggest_float(self, name: str, low: float, high: float, **_: Any) -> float:
        return (low, high)[self.end]

    suggest_int = suggest_float

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return choices[self.end]


def check_same_seed_same_prediction(name: str, task: str) -> None:
    """Two fits with one seed give the same answers, to the last bit."""
    model, X = shared(name, task)
    again, _ = fitted(name, task)
    np.testing.assert_array_equal(answers(model, X), answers(again, X))


def check_global_generators_untouched(name: str, task: str) -> None:
    """Fitting and predicting with a seed neither draws from nor seeds a global generator."""
    before = _generator_states()
    model, X = fitted(name, task, **one_epoch(name))
    answers(model, X)
    for generator, state in before.items():
        assert _generator_states()[generator] == state, f"{name} moved the generator of {generator}"


def _generator_states() -> dict[str, Any]:
    _, words, position, *_ = np.random.get_state()
    states = {"numpy": (words.tobytes(), position), "Python": random.getstate()}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    return states


def check_round_trip_pickle(name: str, task: str) -> None:
    """A pickled model answers as it did before, and so does a clone fitted anew."""
    model, X = shared(name, task)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(answers(again, X), answers(model, X))
    assert clone(again).get_params().keys() == model.get_params().keys()


def check_round_trip_save(name: str, task: str) -> None:
    """A saved model needs no trust to be loaded, and answers as it did before."""
    model, X = shared(name, task)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        save(model, path)
        again = load(path)
    np.testing.assert_array_equal(answers(again, X), answers(model, X))
    assert type(again) is type(model)


def check_beats_dummy(name: str, task: str) -> None:
    """On an easy problem, rows that it has not seen are answered better than by a dummy."""
    spec = registry.get(name)
    X, y = problem(spec, task)
    third = len(X) // 3
    model = _fit(build(name, task), X[third:], None if y is None else y[third:])
    score, chance = _SCORES[task](model, X[third:], X[:third], None if y is None else y[:third], y)
    assert score > chance, f"{name}: {score:.3f} is no better than {chance:.3f}"


def _score_classification(model: Any, _: Any, X: Any, y: np.ndarray, all_y: np.ndarray) -> Any:
    dummy = DummyClassifier().fit(X, y)
    return model.score(X, y), dummy.score(X, y) + 0.2


def _score_regression(model: Any, _: Any, X: Any, y: np.ndarray, all_y: np.ndarray) -> Any:
    dummy = DummyRegressor().fit(X, y)
    return model.score(X, y), dummy.score(X, y) + 0.1


def _score_anomaly(model: Any, _: Any, X: Any, *__: Any) -> Any:
    """Rows with their values shuffled between the columns are abnormal."""
    strange = np.random.RandomState(0).uniform(-6, 6, size=X.shape)
    is_normal = np.repeat([1, 0], len(X))
    return roc_auc_score(is_normal, model.score_samples(np.concatenate([X, strange]))), 0.8


def _score_clustering(model: Any, _: Any, X: Any, y: np.ndarray, *__: Any) -> Any:
    return adjusted_mutual_info_score(y, model.predict(X)), 0.2


def _score_generation(model: Any, X_train: Any, X: Any, *_: Any) -> Any:
    """Samples lie nearer to the mean row than rows of the same values in shuffled order."""
    samples = np.asarray(_sampler(model)(50, random_state=0)).reshape(50, -1)
    rows = np.asarray(X_train).reshape(len(X_train), -1)
    centre = rows.mean(axis=0)
    shuffled = np.random.default_rng(0).permuted(rows, axis=1)
    return -_distance(samples, centre), -_distance(shuffled, centre)


def _distance(rows: np.ndarray, centre: np.ndarray) -> float:
    return float(np.linalg.norm(rows.mean(axis=0) - centre))


_SCORES = {
    "classification": _score_classification,
    "regression": _score_regression,
    "forecasting": _score_regression,
    "anomaly": _score_anomaly,
    "clustering": _score_clustering,
    "generation": _score_generation,
}


def check_string_labels(name: str, task: str) -> None:
    """Classes may be strings; the answers are those of the same model on numbers."""
    spec = registry.get(name)
    X, y = problem(spec, task)
    words = np.array(["ant", "bee", "cat"])[y]
    model = build(name, task, **one_epoch(name)).fit(X, y)
    named = build(name, task, **one_epoch(name)).fit(X, words)
    assert list(named.classes_) == sorted(set(words))
    np.testing.assert_array_equal(named.predict(X), named.classes_[model.predict(X)])


def check_images_of_every_form(name: str, task: str) -> None:
    """``(n, h, w)``, ``(n, h, w, 1)`` and flat rows with ``image_shape`` are the same images."""
    X, y = problem(registry.get(name), task)
    quick = one_epoch(name)
    model = _fit(build(name, task, **quick), X, y)
    channels = _fit(build(name, task, **quick), X[..., None], y)
    flat = _fit(build(name, task, image_shape=(8, 8, 1), **quick), X.reshape(len(X), -1), y)
    expected = answers(model, X)
    np.testing.assert_array_equal(answers(channels, X[..., None]), expected)
    np.testing.assert_array_equal(answers(flat, X.reshape(len(X), -1)), expected)
