"""Shared work: the scores are those of a plain loop, bit for bit, and the work is really shared."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from search import OptunaSearchCV
from search.cache import Cache, size_of
from search.shared_components import can_share as can_share_components
from search.shared_neighbors import Nearest
from search.sharing import Sharing

DATA = {
    "iris": load_iris(return_X_y=True),  # many rows equally far
    "digits": tuple(part[:240] for part in load_digits(return_X_y=True)),
    "cancer": load_breast_cancer(return_X_y=True),
    "diabetes": load_diabetes(return_X_y=True),
}
CLASSIFIER_SCORES = ["accuracy", "neg_log_loss"]


def splits(results):
    return {name: column for name, column in results.items() if name.startswith("split")}


def assert_same_scores(estimator, space, X, y, scoring=None):
    """Compare a grid with and without sharing, in an order that mixes small and large."""
    found = [
        OptunaSearchCV(
            estimator, space, sampler="grid", n_trials=None, cv=3, random_state=1, share=share,
            scoring=scoring, refit=False,
        ).fit(X, y).cv_results_
        for share in (True, False)
    ]  # fmt: skip
    assert found[0]["params"] == found[1]["params"]
    shared, plain = map(splits, found)
    for name in plain:
        np.testing.assert_array_equal(shared[name], plain[name], err_msg=name)
    assert len({tuple(np.round(column, 4)) for column in plain.values()}) > 1


@pytest.mark.parametrize("algorithm", ["auto", "brute", "kd_tree", "ball_tree"])
@pytest.mark.parametrize("name", ["iris", "digits", "cancer"])
def test_neighbours_are_asked_for_once_and_vote_as_before(name, algorithm):
    X, y = DATA[name]
    space = {"n_neighbors": [1, 2, 5, 70], "weights": ["uniform", "distance"], "p": [1, 2]}
    model = KNeighborsClassifier(algorithm=algorithm)
    assert_same_scores(model, space, X, y, CLASSIFIER_SCORES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_neighbours_of_any_type_of_number(dtype):
    X, y = DATA["digits"]
    space = {"n_neighbors": [1, 3, 20], "weights": ["uniform", "distance"]}
    assert_same_scores(KNeighborsClassifier(), space, X.astype(dtype), y, CLASSIFIER_SCORES)


def test_neighbours_of_a_regression_add_up_as_before():
    X, y = DATA["diabetes"]
    space = {"n_neighbors": [1, 2, 5, 40, 200], "weights": ["uniform", "distance"], "p": [1, 2]}
    assert_same_scores(KNeighborsRegressor(), space, X, y, ["r2", "neg_mean_absolute_error"])


def test_rows_that_repeat_change_nothing():
    rng = np.random.RandomState(0)
    X = rng.randint(0, 3, (300, 3)).astype(float)  # 27 different rows, labels at random
    space = {"n_neighbors": [1, 2, 5, 40], "weights": ["uniform", "distance"]}
    y = rng.randint(0, 3, 300)
    assert_same_scores(KNeighborsClassifier(), space, X, y, CLASSIFIER_SCORES)
    assert_same_scores(KNeighborsRegressor(algorithm="brute"), space, X, y + 0.1)


@pytest.mark.parametrize(
    ("distances", "labels", "k", "by_votes", "is_decided"),
    [
        ([1, 2, 3], [0, 1, 0], 2, True, True),
        ([1, 2, 2], [0, 1, 0], 2, True, False),  # the second place is contested
        ([1, 2, 2], [0, 1, 1], 2, True, False),  # and may be by rows beyond the list
        ([1, 2, 2, 3], [0, 1, 1, 0], 2, True, True),  # by equal ones only
        ([2, 2, 2, 3], [0, 1, 1, 0], 2, True, False),
        ([1, 1, 2, 3], [0, 1, 0, 0], 2, True, True),  # a tie within the first two
        ([1, 1, 2, 3], [0, 1, 0, 0], 2, False, False),  # whose order counts in a sum
        ([1, 1, 2, 3], [1, 1, 0, 0], 2, False, True),
        ([1, 2, 2], [0, 1, 0], 3, True, False),
    ],
)
def test_ties_that_matter_are_found(distances, labels, k, by_votes, is_decided):
    found = Nearest(np.array([distances], float), np.arange(len(labels))[None], 10, 0.0)
    assert found.undecided(k, np.array(labels), by_votes) == [not is_decided]


def test_a_list_of_all_rows_has_no_ties_beyond_its_end():
    found = Nearest(np.array([[1.0, 2.0, 2.0]]), np.arange(3)[None], 3, 0.0)
    assert not found.undecided(3, np.array([0, 1, 0]), by_votes=True)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_a_tie_is_asked_again_without_the_other_queries(monkeypatch, algorithm, weights):
    rng = np.random.RandomState(0)
    n_train, n_valid = 300, 40 * 256
    X = rng.standard_normal((n_train + n_valid, 6))
    X[1] = X[0] + 0.01
    X[n_train + 3_000] = X[:2].mean(axis=0)  # as far from one row as from the other
    y = rng.randint(0, 2, n_train)
    y[:2] = [0, 1]
    model = KNeighborsClassifier(algorithm=algorithm, weights=weights)
    train, valid = X[:n_train], X[n_train:]
    asked, plain = [], KNeighborsClassifier.kneighbors
    monkeypatch.setattr(
        KNeighborsClassifier,
        "kneighbors",
        lambda self, X=None, k=None, *rest: asked.append(len(X)) or plain(self, X, k, *rest),
    )
    sharing = Sharing({"n_neighbors": 5})
    shared = {k: sharing.fit(clone(model).set_params(n_neighbors=k), train, y) for k in (1, 2)}
    found = {k: model.predict_proba(valid) for k, model in shared.items()}
    assert asked[0] == n_valid
    assert set(asked[1:]) == (set() if algorithm == "brute" else {1})
    monkeypatch.undo()
    for k, probabilities in found.items():
        oracle = clone(model).set_params(n_neighbors=k).fit(train, y)
        np.testing.assert_array_equal(probabilities, oracle.predict_proba(valid))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (RandomForestClassifier, "digits"),
        (ExtraTreesClassifier, "digits"),
        (RandomForestRegressor, "diabetes"),
        (ExtraTreesRegressor, "diabetes"),
    ],
)
def test_a_small_forest_is_the_beginning_of_a_large_one(model, name):
    X, y = DATA[name]
    space = {"n_estimators": [1, 3, 12], "max_depth": [3, None], "max_features": ["sqrt", 0.5]}
    scoring = CLASSIFIER_SCORES if name == "digits" else None
    assert_same_scores(model(random_state=0), space, X, y, scoring)


def test_forests_with_balanced_classes_grow_anew():
    space = {"n_estimators": [2, 10], "class_weight": ["balanced", "balanced_subsample"]}
    assert_same_scores(RandomForestClassifier(random_state=0), space, *DATA["cancer"])


@pytest.mark.parametrize("solver", ["auto", "full", "covariance_eigh"])
@pytest.mark.parametrize("whiten", [True, False])
@pytest.mark.parametrize("n_rows", [300, 569])  # "auto" has a rule for few rows, and one for many
def test_few_components_are_the_beginning_of_all(solver, whiten, n_rows):
    X, y = DATA["cancer"]
    analysis = PCA(svd_solver=solver, whiten=whiten)
    pipeline = Pipeline([("scale", StandardScaler()), ("reduce", analysis), ("model", SVC())])
    space = {"reduce__n_components": [1, 3, 10, 29], "model__C": [1.0, 10.0]}
    assert_same_scores(pipeline, space, X[:n_rows], y[:n_rows])


@pytest.mark.parametrize("solver", ["auto", "full", "covariance_eigh"])
@pytest.mark.parametrize("shape", [(60, 30), (400, 20), (20, 60)])
def test_the_beginning_of_an_analysis_has_all_its_attributes(solver, shape):
    X = np.random.RandomState(0).normal(size=shape)
    for number in (1, 5, 20):
        plain = Pipeline([("reduce", PCA(number, svd_solver=solver)), ("model", Recording())])
        shared = Sharing().fit(clone(plain), X, None)
        plain.fit(X)
        ours, theirs = shared.steps[0][1], plain.steps[0][1]
        for name, value in vars(theirs).items():
            if name.endswith("_"):
                np.testing.assert_array_equal(getattr(ours, name), value, err_msg=name)
        np.testing.assert_array_equal(shared.steps[1][1].X_, plain.steps[1][1].X_)
        np.testing.assert_array_equal(ours.transform(X[:7]), theirs.transform(X[:7]))


class Recording(BaseEstimator):
    """Keeps what it was fitted on."""

    def fit(self, X, y=None):
        self.X_ = X
        return self


@pytest.mark.parametrize(
    ("analysis", "shape", "expected"),
    [
        (PCA(2), (400, 20), True),
        (PCA(2), (2000, 1500), False),  # "auto" is "randomized" here, for few components
        (PCA(2, svd_solver="randomized"), (400, 20), False),
        (PCA(2, svd_solver="arpack"), (400, 20), False),
        (PCA(0.9), (400, 20), False),
        (PCA("mle"), (400, 20), False),
        (PCA(30), (400, 20), False),
        (PCA(2, copy=False), (400, 20), False),
    ],
)
def test_only_exact_solvers_share_their_components(analysis, shape, expected):
    assert can_share_components(analysis, np.zeros(shape)) == expected


class Counting(TransformerMixin, BaseEstimator):
    """Counts what is asked of it."""

    calls: list[str] = []  # noqa: RUF012 - of the class, so that clones count together

    def __init__(self, a=1, random_state=0):
        self.a = a
        self.random_state = random_state

    def fit(self, X, y=None):
        self.calls.append("fit")
        return self

    def transform(self, X):
        self.calls.append("transform")
        return X * self.a


@pytest.fixture
def calls():
    Counting.calls.clear()
    return Counting.calls


def count(calls, transformer, space, share=True):
    pipeline = Pipeline([("first", transformer), ("model", LogisticRegression(max_iter=500))])
    search = OptunaSearchCV(
        pipeline, space, sampler="grid", n_trials=None, cv=2, share=share, refit=False
    )
    search.fit(*DATA["iris"])
    return calls.count("fit"), calls.count("transform")


def test_the_steps_before_the_model_are_fitted_once_for_equal_parameters(calls):
    space = {"model__C": [0.1, 1.0, 10.0]}
    assert count(calls, Counting(), space) == (2, 4)  # of two folds, training and validation rows


def test_other_parameters_of_a_step_are_another_fit(calls):
    assert count(calls, Counting(), {"first__a": [1, 2], "model__C": [0.1, 1.0]}) == (4, 8)


@pytest.mark.parametrize("share", [True, False])
def test_what_draws_without_a_seed_is_fitted_for_every_candidate(calls, share):
    space = {"model__C": [0.1, 1.0, 10.0]}
    assert count(calls, Counting(random_state=None), space, share) == (6, 12)


def test_a_forest_grows_only_the_trees_that_are_missing(monkeypatch):
    grown = []
    plain = RandomForestClassifier._make_estimator
    monkeypatch.setattr(
        RandomForestClassifier,
        "_make_estimator",
        lambda self, *args, **kwargs: grown.append(1) or plain(self, *args, **kwargs),
    )
    OptunaSearchCV(
        RandomForestClassifier(random_state=0), {"n_estimators": [3, 5, 8]}, sampler="grid",
        n_trials=None, cv=2, refit=False,
    ).fit(*DATA["iris"])  # fmt: skip
    assert len(grown) == 2 * 8


def test_one_query_serves_all_numbers_of_neighbours(monkeypatch):
    asked = []
    plain = KNeighborsClassifier.kneighbors
    monkeypatch.setattr(
        KNeighborsClassifier,
        "kneighbors",
        lambda self, X=None, k=None, *rest: asked.append(k) or plain(self, X, k, *rest),
    )
    X, y = DATA["cancer"]
    OptunaSearchCV(
        KNeighborsClassifier(), {"n_neighbors": [1, 5, 30], "weights": ["uniform", "distance"]},
        sampler="grid", n_trials=None, cv=3, refit=False,
    ).fit(X, y)  # fmt: skip
    assert asked == [31, 31, 31]


def test_resampled_rows_are_shared_and_never_predicted():
    X, y = DATA["cancer"]
    pipeline = ImbalancedPipeline(
        [
            ("scale", StandardScaler()),
            ("resample", SMOTE(random_state=0)),
            ("model", KNeighborsClassifier()),
        ]
    )
    space = {"resample__k_neighbors": [2, 5], "model__n_neighbors": [1, 5, 9]}
    assert_same_scores(pipeline, space, X, y, CLASSIFIER_SCORES)


def test_steps_that_are_searched_or_left_out():
    pipeline = Pipeline([("first", "passthrough"), ("second", PCA()), ("model", SVC())])
    space = {
        "first": ["passthrough", StandardScaler(), FunctionTransformer(lambda X: X * X)],
        "second": [PCA(2), PCA(20), "passthrough"],
        "model": [SVC(), KNeighborsClassifier(3), KNeighborsClassifier(9)],
    }
    assert_same_scores(pipeline, space, *DATA["cancer"])


def test_texts_and_sparse_rows():
    texts = np.array([f"word{i % 7} word{i % 3} and word{i % 5}" for i in range(120)], dtype=object)
    y = np.arange(120) % 7 < 3
    pipeline = Pipeline([("words", TfidfVectorizer()), ("model", LogisticRegression())])
    space = {"words__max_features": [3, 9], "model__C": [0.01, 1.0]}
    assert_same_scores(pipeline, space, texts, y, CLASSIFIER_SCORES)
    knn = Pipeline([("words", TfidfVectorizer()), ("model", KNeighborsClassifier())])
    space = {"words__max_features": [3, 9], "model__n_neighbors": [1, 5]}
    assert_same_scores(knn, space, texts, y, CLASSIFIER_SCORES)


class WritesIntoItsRows(TransformerMixin, BaseEstimator):
    """Does in place what it may not."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        X *= 2
        return X


def test_a_step_cannot_spoil_the_rows_of_the_others():
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("spoil", WritesIntoItsRows()), ("model", SVC())]
    )
    search = OptunaSearchCV(pipeline, {"model__C": [1.0, 2.0]}, n_trials=2, error_score="raise")
    with pytest.raises(ValueError, match="read-only"):
        search.fit(*DATA["iris"])


def test_the_refit_model_is_a_plain_one():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", KNeighborsClassifier())])
    search = OptunaSearchCV(pipeline, {"model__n_neighbors": [1, 5]}, n_trials=2)
    best = search.fit(*DATA["iris"]).best_estimator_
    assert best.memory is None
    assert type(best.steps[0][1]) is StandardScaler
    assert "kneighbors" not in vars(best.steps[1][1])


def test_the_cache_forgets_what_was_used_least():
    cache = Cache(limit=1000)
    made = []

    def get(name):
        return cache.get(name, (), lambda: made.append(name) or np.zeros(50))  # 400 bytes

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "b"]


def test_equal_objects_are_not_the_same_object():
    cache = Cache(limit=1000)
    one, other = np.zeros(2), np.zeros(2)
    assert cache.get("x", (one,), lambda: 1) == 1
    assert cache.get("x", (other,), lambda: 2) == 2
    assert cache.get("x", (one,), lambda: 3) == 1


def test_the_size_of_a_forest_is_that_of_its_nodes():
    small, large = (RandomForestClassifier(n, random_state=0).fit(*DATA["digits"]) for n in (5, 50))
    assert 8 < size_of(large) / size_of(small) < 12
    assert size_of(small) > 5 * 50 * 80


def test_sharing_takes_no_more_memory_than_it_may():
    X, y = DATA["cancer"]
    pipeline = Pipeline([("scale", StandardScaler()), ("reduce", PCA()), ("model", SVC())])
    sharing = Sharing(limit=X.nbytes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in (2, 5, 9):
            sharing.fit(clone(pipeline).set_params(reduce__n_components=number), X, y)
    kept = sum(size for *_, size in sharing.cache._entries.values())
    assert 0 < kept <= X.nbytes
