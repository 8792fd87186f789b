"""From domains, lists and functions to what Optuna suggests, and back."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FixedTrial
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from estimators import registry
from estimators.params import AnyOf, Bool, Choice, Float, Int, Sequence
from estimators.spec import Spec
from pipelines import load_dataset
from pipelines import make_pipeline as pipeline_for
from search.pipeline_space import pipeline_space
from search.space import as_space, space_of, space_of_estimator


@pytest.mark.parametrize(
    ("entry", "distribution"),
    [
        (Int(1, search=(1, 30), log=True), IntDistribution(1, 30, log=True)),
        (Float(0, search=(0.1, 10.0)), FloatDistribution(0.1, 10.0)),
        (Choice(options=("a", "b", "c"), search=("a", "b")), CategoricalDistribution(("a", "b"))),
        (Bool(search=(True, False)), CategoricalDistribution((True, False))),
        (
            AnyOf((Choice(options=("scale",)), Float(0, search=(1e-3, 1.0), log=True))),
            FloatDistribution(1e-3, 1.0, log=True),
        ),
        (AnyOf((Int(1), Choice(options=("sqrt",))), search=("sqrt", 3)),
         CategoricalDistribution(("sqrt", 3))),
        (Sequence(Int(1), search=((8,), (8, 4))), CategoricalDistribution(("(8,)", "(8, 4)"))),
        (IntDistribution(2, 8, step=2), IntDistribution(2, 8, step=2)),
        ([0.1, 1.0], CategoricalDistribution((0.1, 1.0))),
        (np.array([5, 25]), CategoricalDistribution((5, 25))),
        ([None, PCA(2)], CategoricalDistribution((None, "PCA(n_components=2)"))),
        ([1, True], CategoricalDistribution((1, "True (bool 1)"))),
    ],
)  # fmt: skip
def test_everything_a_user_may_give_becomes_a_distribution(entry, distribution):
    assert as_space({"x": entry}).dimensions["x"].distribution == distribution


def test_options_come_back_as_the_objects_they_were():
    analysis = PCA(2)
    space = as_space({"reduce": ["passthrough", analysis], "sizes": [(8,), (8, 4)]})
    trial = FixedTrial({"reduce": "PCA(n_components=2)", "sizes": "(8, 4)"})
    assert space.suggest(trial) == {"reduce": analysis, "sizes": (8, 4)}


def test_labels_survive_a_database(tmp_path):
    space = as_space({"sizes": [(8,), (8, 4)], "reduce": [None, PCA(2)]})
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="x")
    study.optimize(lambda trial: len(space.suggest(trial)), n_trials=3)
    again = optuna.load_study(study_name="x", storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert {trial.params["sizes"] for trial in again.trials} <= {"(8,)", "(8, 4)"}


def test_a_function_chooses_conditionally():
    def space(trial):
        if trial.suggest_categorical("kind", ["linear", "rbf"]) == "linear":
            return {"kernel": "linear"}
        return {"kernel": "rbf", "gamma": trial.suggest_float("gamma", 0.1, 1.0)}

    found = as_space(space)
    assert found.suggest(FixedTrial({"kind": "linear"})) == {"kernel": "linear"}
    assert found.suggest(FixedTrial({"kind": "rbf", "gamma": 0.5})) == {
        "kernel": "rbf",
        "gamma": 0.5,
    }


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (5, "space must be a dictionary"),
        ({"x": []}, "x must be a domain"),
        ({"x": "abc"}, "x must be a domain"),
        ({"x": Int(1)}, "x must have a search range"),
    ],
)
def test_what_is_no_space_is_named(space, message):
    with pytest.raises(ValueError, match=message):
        as_space(space)


@pytest.mark.parametrize("name", registry.names())
def test_every_model_of_the_registry_is_built_from_its_space(name):
    spec = registry.get(name)
    space = space_of(spec, "model__")
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    params = space.suggest(trial)
    assert all(key.startswith("model__") for key in [*params, *trial.params])
    for cls in spec.tasks.values():
        cls(**{key.removeprefix("model__"): value for key, value in params.items()})


def test_a_model_with_its_own_function_gets_its_names_prefixed():
    spec = Spec(
        title="x",
        summary="x",
        tasks={"classification": SVC},
        kinds=frozenset({"table"}),
        params={"C": Float(0, search=(0.1, 1.0))},
        space=lambda trial: {
            "C": trial.suggest_float("C", 1, 2),
            "degree": trial.suggest_int("d", 2, 4),
        },
    )
    trial = FixedTrial({"model__C": 1.5, "model__d": 3})
    assert space_of(spec, "model__").suggest(trial) == {"model__C": 1.5, "model__degree": 3}


@pytest.mark.parametrize(
    ("estimator", "names"),
    [
        (KNeighborsClassifier(), {"n_neighbors", "weights", "p"}),
        (make_pipeline(PCA(), SVC()), {"svc__C", "svc__gamma"}),
    ],
)
def test_the_registry_knows_the_space_of_an_estimator(estimator, names):
    assert set(space_of_estimator(estimator).dimensions) == names


def test_an_unknown_estimator_needs_a_space():
    with pytest.raises(ValueError, match="space must be given for PCA"):
        space_of_estimator(PCA())


@pytest.mark.parametrize(
    ("domain", "default", "stored", "beside"),
    [
        (Int(1, search=(1, 30)), 5, 5, []),
        (Int(1, search=(4, 32), log=True, none=True), None, 32, ["x"]),
        (Int(1, search=(10, 30)), 5, 10, ["x"]),
        (
            AnyOf((Choice(options=("scale",)), Float(0, search=(1e-4, 1.0), log=True))),
            "scale", 1e-2, ["x"],
        ),
        (Choice(options=("a", "b", "c"), search=("b", "c")), "a", "b", ["x"]),
    ],
)  # fmt: skip
def test_the_default_is_a_point_or_stands_beside_one(domain, default, stored, beside):
    point, found = as_space({"x": domain}).defaults({"x": default})
    assert point["x"] == pytest.approx(stored)
    assert found == beside


def test_a_default_outside_a_users_list_is_not_tried():
    assert as_space({"C": [10, 100]}).defaults({"C": 1.0}) is None
    assert as_space({"C": [10, 100]}).defaults({"C": 10}) == ({"C": 10}, [])


def test_the_description_changes_with_the_space():
    def one(trial):
        return {"C": trial.suggest_float("C", 1, 2)}

    def other(trial):
        return {"C": trial.suggest_float("C", 1, 3)}

    def closing_over(high):
        return lambda trial: {"C": trial.suggest_float("C", 1, high)}

    spaces = [{"C": [1, 2]}, {"C": [1, 3]}, {"D": [1, 2]}, {"C": Int(1, search=(1, 2))}]
    spaces += [one, other, closing_over(2), closing_over(3)]
    texts = [as_space(space).describe() for space in spaces]
    assert len(set(texts)) == len(texts)
    assert texts == [as_space(space).describe() for space in spaces]


@pytest.mark.parametrize(
    ("model", "dataset", "options"),
    [
        ("knn", "digits", {"reduce": 2}),  # 64 pixels: none or 25 components
        ("forest", "digits", {}),
        ("knn", "iris", {}),
    ],
)
def test_components_are_searched_for_models_of_distances_on_images(model, dataset, options):
    dimensions = pipeline_space(model, load_dataset(dataset)).dimensions
    steps = {n: len(d.options) for n, d in dimensions.items() if not n.startswith("model__")}
    assert steps == options


def test_a_pipeline_takes_what_its_space_suggests():
    data = load_dataset("digits")
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    trial_params = pipeline_space("knn", data).suggest(trial)
    pipeline = pipeline_for("knn", data).set_params(**trial_params)
    assert (
        pipeline.fit(data.X_train[:300], data.y_train[:300]).score(data.X_test, data.y_test) > 0.8
    )
