"""``OptunaSearchCV`` against scikit-learn's own searches, and what it adds to them."""

from __future__ import annotations

import pickle

import numpy as np
import optuna
import pytest
import sklearn
from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    PredefinedSplit,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from estimators import TorchMLPClassifier
from search import OptunaSearchCV

X, Y = load_iris(return_X_y=True)
GRID = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 10]}
DEPTH = {"max_depth": IntDistribution(1, 8)}


def tree(**params):
    return DecisionTreeClassifier(random_state=0, **params)


def grid(estimator=None, space=GRID, **kwargs):
    return OptunaSearchCV(estimator or tree(), space, sampler="grid", n_trials=None, **kwargs)


# scikit-learn builds its searches in the same way to check them.
@parametrize_with_checks(
    [
        OptunaSearchCV(
            Ridge(), {"alpha": [0.1, 1.0]}, cv=2, n_trials=2, error_score="raise", random_state=0
        ),
        OptunaSearchCV(
            LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, n_trials=2, error_score="raise"
        ),
    ]
)
# Infinite targets make scikit-learn's type_of_target warn before it refuses them.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_it_keeps_the_contract_of_estimators(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("scoring", "refit"),
    [
        (None, True),
        ("neg_log_loss", True),
        (["accuracy", "neg_log_loss"], "neg_log_loss"),
        ({"a": "accuracy", "f": "f1_macro"}, "f"),
        (["accuracy", "f1_macro"], False),
        ("accuracy", lambda results: int(np.argmin(results["mean_test_score"]))),
        (lambda model, X, y: {"half": model.score(X, y) / 2, "whole": model.score(X, y)}, "half"),
    ],
)
def test_a_grid_gives_the_results_of_grid_search(scoring, refit):
    ours = grid(scoring=scoring, refit=refit, cv=3).fit(X, Y)
    theirs = GridSearchCV(tree(), GRID, scoring=scoring, refit=refit, cv=3).fit(X, Y)
    order = [ours.cv_results_["params"].index(params) for params in theirs.cv_results_["params"]]
    for column, expected in theirs.cv_results_.items():
        if "time" not in column and column != "params":
            found = ours.cv_results_[column]
            np.testing.assert_array_equal(found[order], expected, err_msg=column)
            assert found.dtype == expected.dtype
    assert ours.multimetric_ == theirs.multimetric_
    assert ours.n_splits_ == 3
    assert hasattr(ours, "best_estimator_") == hasattr(theirs, "best_estimator_")
    if refit:
        assert ours.score(X, Y) == pytest.approx(theirs.score(X, Y), rel=0.05)


GROUPS = np.repeat(np.arange(15), 10)


@pytest.mark.parametrize(
    ("cv", "splits"),
    [
        (None, 5),
        (3, 3),
        (KFold(4, shuffle=True, random_state=0), 4),
        (GroupKFold(3), 3),
        (TimeSeriesSplit(3), 3),
        (PredefinedSplit(np.tile([0, 1, -1], 50)), 2),
        ([(np.arange(100), np.arange(100, 150))], 1),
    ],
)
def test_every_cv_of_scikit_learn_gives_its_scores(cv, splits):
    order = np.random.RandomState(0).permutation(150)
    data, targets = X[order], Y[order]
    search = OptunaSearchCV(tree(), DEPTH, cv=cv, n_trials=3, random_state=0)
    groups = GROUPS[order] if isinstance(cv, GroupKFold) else None
    search.fit(data, targets, groups=groups)
    assert search.n_splits_ == splits
    for row, params in enumerate(search.cv_results_["params"]):
        expected = cross_val_score(tree(**params), data, targets, cv=cv, groups=groups)
        found = [search.cv_results_[f"split{fold}_test_score"][row] for fold in range(splits)]
        np.testing.assert_array_equal(found, expected)


def test_a_number_holds_out_that_part_class_by_class():
    search = OptunaSearchCV(
        LogisticRegression(max_iter=1000), {"C": [1.0]}, cv=0.2, n_trials=1,
        scoring=lambda model, X, y: float(min(np.bincount(y)) + len(y) / 1000),
    ).fit(X, Y)  # fmt: skip
    assert search.n_splits_ == 1
    assert search.best_score_ == pytest.approx(10.030)  # ten rows of each class, thirty in all


def test_a_pair_of_index_arrays_is_one_split():
    train, valid = np.arange(0, 150, 2), np.arange(1, 150, 2)
    search = OptunaSearchCV(tree(), {"max_depth": [2]}, cv=(train, valid), n_trials=1).fit(X, Y)
    assert search.best_score_ == tree(max_depth=2).fit(X[train], Y[train]).score(X[valid], Y[valid])


@pytest.mark.parametrize("cv", [1.5, 0.0, (np.arange(10), np.arange(0))])
def test_a_split_that_leaves_nothing_is_refused(cv):
    with pytest.raises(ValueError, match="cv must"):
        OptunaSearchCV(tree(), DEPTH, cv=cv, n_trials=1).fit(X, Y)


class WeighsRows(ClassifierMixin, BaseEstimator):
    """Knows the weights it was fitted and scored with."""

    def __init__(self, a=1):
        self.a = a

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.sum_ = None if sample_weight is None else float(np.sum(sample_weight))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y, sample_weight=None):
        return self.sum_ * 1000 + (0.0 if sample_weight is None else float(np.sum(sample_weight)))


def test_metadata_is_routed_to_estimator_splitter_and_scorer():
    weights = np.ones(150)
    with sklearn.config_context(enable_metadata_routing=True):
        model = WeighsRows().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        search = OptunaSearchCV(model, {"a": [1, 2]}, cv=GroupKFold(3), n_trials=2)
        search.fit(X, Y, sample_weight=weights, groups=GROUPS)
        assert search.best_score_ == 100_050.0  # 100 rows to fit, 50 to score
        unasked = OptunaSearchCV(WeighsRows(), {"a": [1]}, n_trials=1)
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            unasked.fit(X, Y, sample_weight=weights)


def test_without_routing_weights_reach_the_fit_of_a_pipeline_step():
    seen = []

    class Watching(WeighsRows):
        def score(self, X, y):
            seen.append(self.sum_)
            return 0.0

    pipeline = Pipeline([("pca", PCA(2)), ("model", Watching())])
    search = OptunaSearchCV(pipeline, {"model__a": [1, 2]}, cv=3, n_trials=2, refit=False)
    search.fit(X, Y, model__sample_weight=np.ones(150))
    assert seen == [100.0] * 6


@pytest.mark.parametrize("sampler", ["tpe", "random", "gp", "nsga2", "qmc"])
def test_one_seed_gives_one_study(sampler):
    found = [
        OptunaSearchCV(
            tree(), {"max_depth": IntDistribution(1, 20), "ccp_alpha": FloatDistribution(0, 0.1)},
            sampler=sampler, n_trials=14, random_state=3, cv=2,
        ).fit(X, Y).cv_results_["params"]
        for _ in range(2)
    ]  # fmt: skip
    assert found[0] == found[1]
    assert len({repr(params) for params in found[0]}) > 7


def test_the_defaults_come_first_then_the_enqueued_points():
    search = OptunaSearchCV(
        SVC(), {"C": FloatDistribution(0.01, 100, log=True)}, n_trials=3, cv=2,
        enqueue=[{"C": 7.0}, {"C": 9.0}],
    ).fit(X, Y)  # fmt: skip
    assert [params["C"] for params in search.cv_results_["params"]] == [1.0, 7.0, 9.0]


def test_a_default_beside_the_space_is_tried_as_it_is():
    search = OptunaSearchCV(SVC(), n_trials=2, cv=2, random_state=0).fit(X, Y)
    first, second = search.cv_results_["params"]
    assert first == {"C": 1.0, "gamma": "scale"}
    assert isinstance(second["gamma"], float)
    assert search.cv_results_["mean_test_score"][0] == cross_val_score(SVC(), X, Y, cv=2).mean()


def test_an_earlier_study_gives_its_five_best_points():
    space = {"C": FloatDistribution(0.01, 100, log=True), "gamma": FloatDistribution(0.01, 1)}
    earlier = OptunaSearchCV(SVC(), space, n_trials=8, cv=2, random_state=0).fit(X, Y)
    later = OptunaSearchCV(SVC(), space, n_trials=5, cv=3, enqueue=earlier.study_).fit(X, Y)
    tried = sorted(earlier.study_.trials, key=lambda trial: -trial.value)
    best = list({repr(trial.params): trial.params for trial in tried}.values())[:5]
    assert [trial.params for trial in later.study_.trials] == best


def test_an_enqueued_point_must_lie_in_the_space():
    search = OptunaSearchCV(tree(), {"max_depth": [1, 2]}, enqueue=[{"max_depth": 3}])
    with pytest.raises(ValueError, match="enqueue: max_depth must lie in the search space"):
        search.fit(X, Y)


def test_a_function_searches_over_the_steps_of_a_pipeline():
    def space(trial):
        params = {"reduce": "passthrough"}
        if trial.suggest_categorical("reduces", [True, False]):
            params = {"reduce": PCA(trial.suggest_int("components", 1, 3))}
        name = trial.suggest_categorical("model", ["svm", "tree"])
        model = SVC(C=trial.suggest_float("C", 0.1, 10)) if name == "svm" else tree()
        return {**params, "model": model}

    pipeline = Pipeline([("reduce", "passthrough"), ("model", tree())])
    search = OptunaSearchCV(pipeline, space, n_trials=12, cv=2, random_state=0).fit(X, Y)
    assert {type(p["model"]) for p in search.cv_results_["params"]} == {SVC, DecisionTreeClassifier}
    assert search.cv_results_["param_reduce"].shape == (12,)
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        expected = cross_val_score(clone(pipeline).set_params(**params), X, Y, cv=2).mean()
        assert score == expected


class Fails(ClassifierMixin, BaseEstimator):
    """Cannot be fitted with some values of ``a``."""

    def __init__(self, a=1, bad=(2,)):
        self.a = a
        self.bad = bad

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.a in self.bad:
            raise RuntimeError(f"no luck\nwith {self.a}")
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.a % 3])


def test_a_failed_trial_is_a_row_with_its_error():
    search = OptunaSearchCV(Fails(), {"a": [1, 2, 3]}, sampler="grid", n_trials=None, cv=3)
    with pytest.warns(FitFailedWarning, match="1 of 3 trials failed: RuntimeError: no luck with 2"):
        search.fit(X, Y)
    row = [params["a"] for params in search.cv_results_["params"]].index(2)
    assert search.cv_results_["state"][row] == "failed"
    assert search.cv_results_["error"][row] == "fold 0: RuntimeError: no luck with 2"
    assert np.isnan(search.cv_results_["mean_test_score"][row])
    assert search.cv_results_["rank_test_score"][row] == 3
    assert search.best_params_["a"] != 2


def test_if_all_trials_fail_there_is_one_error():
    search = grid(Fails(bad=(1, 2)), {"a": [1, 2]})
    with pytest.raises(ValueError, match=r"2 failed: RuntimeError: no luck with . \(1 times\)"):
        search.fit(X, Y)


def test_error_score_raise_raises_the_models_own_error():
    with pytest.raises(RuntimeError, match="no luck"):
        OptunaSearchCV(Fails(a=2), {"a": [2]}, n_trials=1, error_score="raise").fit(X, Y)


def test_a_score_that_is_no_number_fails_its_trial():
    def scoring(model, X, y):
        return np.nan if model.max_depth == 2 else model.score(X, y)

    search = grid(space={"max_depth": [1, 2]}, scoring=scoring)
    with pytest.warns(FitFailedWarning, match="score must be a number in every fold"):
        search.fit(X, Y)
    assert search.best_params_ == {"max_depth": 1}


@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband", "wilcoxon"])
def test_pruned_trials_are_marked_and_never_the_best(pruner):
    data, targets = make_classification(200, flip_y=0.3, random_state=0)
    search = OptunaSearchCV(
        tree(), {"max_depth": IntDistribution(1, 12), "min_samples_leaf": IntDistribution(1, 60)},
        n_trials=40, cv=8, pruner=pruner, random_state=0, sampler="random",
    ).fit(data, targets)  # fmt: skip
    results = search.cv_results_
    pruned, complete = results["state"] == "pruned", results["state"] == "complete"
    assert pruned.sum() >= 3
    assert np.isnan(results["mean_test_score"][pruned]).all()
    assert not np.isnan(results["split0_test_score"][pruned]).any()  # what was seen is kept
    assert np.isnan(results["split7_test_score"][pruned]).all()
    assert complete[search.best_index_]
    assert search.best_score_ == results["mean_test_score"][complete].max()
    assert results["rank_test_score"][pruned].min() > results["rank_test_score"][complete].max()
    row = search.best_index_
    expected = cross_val_score(tree(**results["params"][row]), data, targets, cv=8)
    assert search.best_score_ == pytest.approx(expected.mean(), abs=1e-15)


def test_patience_ends_a_search_that_brings_nothing_better():
    search = OptunaSearchCV(
        Fails(bad=()), {"a": [3, 6, 9]}, n_trials=None, patience=4, cv=3, random_state=0
    ).fit(X, Y)
    assert len(search.study_.trials) == 5


def test_a_callback_sees_every_trial_and_may_stop_the_search():
    seen = []

    def callback(study, trial):
        seen.append((trial.number, len(trial.user_attrs["folds"])))
        if trial.number == 2:
            study.stop()

    OptunaSearchCV(tree(), DEPTH, cv=2, callbacks=[callback]).fit(X, Y)
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_timeout_starts_no_new_trial():
    search = OptunaSearchCV(tree(), DEPTH, n_trials=None, timeout=1e-9, cv=2)
    with pytest.raises(ValueError, match="no trial came to an end, 0 failed"):
        search.fit(X, Y)


def test_score_and_size_are_traded_off():
    search = OptunaSearchCV(
        tree(), {"max_depth": [1, 2, 5]}, sampler="grid", n_trials=None, cv=3,
        scoring=["accuracy", "f1_macro"], refit="accuracy", objectives=["accuracy", "size"],
    ).fit(X, Y)  # fmt: skip
    front = {trial.params["max_depth"] for trial in search.study_.best_trials}
    assert {1, search.best_params_["max_depth"]} <= front
    sizes = {trial.params["max_depth"]: trial.values[1] for trial in search.study_.trials}
    assert sizes[1] < sizes[2] < sizes[5]


def test_score_and_time_are_traded_off():
    search = OptunaSearchCV(
        KNeighborsClassifier(), {"n_neighbors": [1, 5, 50]}, sampler="grid", n_trials=None, cv=3,
        objectives=["score", "score_time"],
    ).fit(X, Y)  # fmt: skip
    assert [direction.name for direction in search.study_.directions] == ["MAXIMIZE", "MINIMIZE"]
    for trial in search.study_.trials:
        row = list(search.cv_results_["trial"]).index(trial.number)
        found = [search.cv_results_[f"mean_{name}"][row] for name in ("test_score", "score_time")]
        assert trial.values == pytest.approx(found)
    assert search.best_score_ == max(trial.values[0] for trial in search.study_.best_trials)


def test_a_sampler_and_a_pruner_may_be_objects_of_optuna():
    class Told(optuna.pruners.BasePruner):
        def prune(self, study, trial):
            told.append((trial.number, trial.last_step))
            return trial.number == 1

    told = []
    sampler = optuna.samplers.RandomSampler(seed=5)
    search = OptunaSearchCV(tree(), DEPTH, sampler=sampler, pruner=Told(), n_trials=3, cv=4)
    states = search.fit(X, Y).cv_results_["state"]
    assert list(states) == ["complete", "pruned", "complete"]
    assert told == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1), (2, 2)]
    assert search.study_.sampler is sampler


def test_processes_give_the_same_scores_and_the_number_of_trials_asked_for():
    search = OptunaSearchCV(tree(), DEPTH, n_trials=7, n_jobs=2, cv=3, random_state=0).fit(X, Y)
    assert len(search.cv_results_["params"]) == 7
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        assert score == cross_val_score(tree(**params), X, Y, cv=3).mean()


def test_processes_go_through_a_grid_once():
    search = grid(n_jobs=2, cv=2, refit=False).fit(X, Y)
    found = [tuple(params.values()) for params in search.cv_results_["params"]]
    assert sorted(found) == [(1, 1), (1, 10), (2, 1), (2, 10), (3, 1), (3, 10)]


def test_every_trial_is_printed(capsys):
    grid(verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[5].startswith("[6/6] trial 5: complete 0.")


def test_a_fitted_search_is_pickled_and_cloned():
    search = OptunaSearchCV(KNeighborsClassifier(), n_trials=3, cv=2, random_state=0).fit(X, Y)
    again = pickle.loads(pickle.dumps(search))
    assert np.array_equal(again.predict(X), search.predict(X))
    assert [t.params for t in again.study_.trials] == [t.params for t in search.study_.trials]
    assert not hasattr(clone(search), "study_")


def test_optunas_log_level_comes_out_as_it_went_in():
    before = optuna.logging.get_verbosity()
    grid().fit(X, Y)
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_trials": 0}, "n_trials must be an integer >= 1 or None"),
        ({"timeout": -1}, "timeout must be"),
        ({"sampler": "annealing"}, "sampler must be one of 'tpe'"),
        ({"pruner": "garden"}, "pruner must be one of 'median'"),
        ({"n_jobs": 0}, "n_jobs must be"),
        ({"error_score": "ignore"}, "error_score must be"),
        ({"space": {"depth": [1, 2]}}, "space: depth must be a parameter"),
        ({"space": {"max_depth": IntDistribution(1, 2)}, "sampler": "grid"}, "list of values"),
        ({"n_trials": None}, "n_trials, timeout or patience must end the search"),
        ({"objectives": ["score", "size"], "pruner": "median"}, "must be None with several"),
        ({"scoring": ["accuracy", "f1_macro"]}, "refit must be set to a scorer key"),
    ],
)
def test_a_bad_value_is_named(params, message):
    with pytest.raises(ValueError, match=message):
        OptunaSearchCV(tree(), DEPTH).set_params(**params).fit(X, Y)


@pytest.mark.parametrize(
    ("pruner", "max_epochs", "share"),
    [("median", 9, True), ("hyperband", 9, False), ("median", None, False)],
)
def test_nets_are_pruned_between_epochs(pruner, max_epochs, share):
    data, targets = make_classification(300, random_state=0)
    net = TorchMLPClassifier(hidden_layer_sizes=(8,), max_epochs=max_epochs, random_state=0)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", net)])
    search = OptunaSearchCV(
        pipeline, {"model__lr": FloatDistribution(1e-6, 1e-1, log=True)}, n_trials=14, cv=0.3,
        sampler="random", pruner=pruner, share=share, random_state=0,
    ).fit(data, targets)  # fmt: skip
    reports = {"complete": [], "pruned": []}
    for trial in search.study_.trials:
        reports[trial.state.name.lower()].append(trial.intermediate_values)
    n_epochs = max_epochs or 107  # what it chooses for 210 rows
    assert {len(values) for values in reports["complete"]} == {n_epochs}
    assert 0 < max(len(values) for values in reports["pruned"]) < n_epochs
    # What is reported last is what the trial is judged by: the score of the validation rows.
    last = [values[max(values)] for values in reports["complete"]]
    scores = search.cv_results_["mean_test_score"]
    assert last == scores[~np.isnan(scores)].tolist()
    assert search.cv_results_["state"][search.best_index_] == "complete"
