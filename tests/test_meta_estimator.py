"""The search as scikit-learn's own tests know its searches, and optuna-integration's theirs.

The first two parts call the test functions that scikit-learn installs, with ``OptunaSearchCV`` in
the place of ``GridSearchCV``. Left out are those on ``ParameterGrid`` and ``ParameterSampler``, and
those on what ours does otherwise on purpose: training scores, lists of several grids (a function of
the trial does that), numbers as ``error_score``, candidates whose score is not a number, names that
``get_params`` does not know, the words of failures and of ``verbose``, scikit-learn's callbacks.

The third part asks of ours what the test-suite of optuna-integration (tests/sklearn, MIT licence,
Copyright (c) 2018 Preferred Networks, Inc.) asks of its ``OptunaSearchCV``, written anew. What ours
has not, for a reason:

* ``return_train_score``: training scores cost a prediction of all rows and choose nothing;
* ``subsample``: a search on a part of the rows is ``search.compare(search_rows=...)``;
* ``max_iter`` with ``partial_fit``: pruning needs neither, folds and epochs are what is compared,
  so that ``enable_pruning`` of a model without ``partial_fit`` is no error;
* ``study``: it is named by ``storage`` and ``study_name``, which a killed search finds again;
* ``catch`` and numbers as ``error_score``: "raise" or a row with its error, never a made-up score;
* a search whose trials fail all is an error, as in scikit-learn, and not an empty success;
* scores for ``optuna.terminator``, which Optuna removes; ``patience`` ends a search;
* the distributions that Optuna has deprecated.
"""

from __future__ import annotations

import functools
import importlib
import warnings

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.samplers import GridSampler
from scipy.sparse import coo_array
from sklearn.base import is_classifier
from sklearn.datasets import make_blobs, make_regression
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning, NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.model_selection.tests import test_search as of_searches
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.tests import test_metaestimators_metadata_routing as of_routing
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.fixes import CSR_CONTAINERS

from search import OptunaSearchCV, StudyError


def grid_search(estimator, param_grid, *, return_train_score=False, **params):
    """Return ours for the arguments of ``GridSearchCV``; there are no training scores."""
    space = param_grid[0] if isinstance(param_grid, list) else param_grid
    return OptunaSearchCV(estimator, space, sampler="grid", n_trials=None, **params)


# scikit-learn's tests of its searches

PLAIN = (
    "grid_search", "grid_search_pipeline_steps", "grid_search_score_method", "grid_search_groups",
    "classes__property", "trivial_cv_results_attr", "no_refit", "grid_search_error",
    "grid_search_one_grid_point", "grid_search_when_param_grid_includes_range",
    "grid_search_precomputed_kernel", "grid_search_precomputed_kernel_error_nonsquare", "refit",
    "refit_callable", "refit_callable_invalid_type", "refit_callable_multi_metric", "gridsearch_nd",
    "X_as_list", "y_as_list", "pandas_input", "unsupervised_grid_search", "gridsearch_no_predict",
    "grid_search_correct_score_results", "pickle", "grid_search_with_multioutput_data",
    "predict_proba_disabled", "grid_search_allows_nans", "grid_search_failing_classifier_raise",
    "stochastic_gradient_loss_param", "search_train_scores_set_to_false",
    "transform_inverse_transform_round_trip", "grid_search_no_score",
    "callable_multimetric_confusion_matrix", "callable_multimetric_same_as_list_of_strings",
    "callable_single_metric_same_as_single_string", "callable_multimetric_error_on_invalid_key",
    "search_cv__pairwise_property_delegated_to_base_estimator",
    "search_cv_pairwise_property_equivalence_of_precomputed",
    "search_html_repr", "cv_results_dtype_issue_29074", "search_with_estimators_issue_29157",
)  # fmt: skip
LOF = LocalOutlierFactor(novelty=True)
GIVEN = [
    ("SearchCV_with_fit_params", {"SearchCV": grid_search}),
    *(
        (f"grid_search_sparse{scoring}", {"csr_container": container})
        for scoring in ("", "_scoring")
        for container in CSR_CONTAINERS
    ),
    *(
        ("refit_callable_out_bound", {"search_cv": grid_search, "out_bound_value": value})
        for value in (-1, 2)
    ),
    (
        "search_cv_score_samples_error",
        {"search_cv": grid_search(DecisionTreeClassifier(), {"max_depth": [5, 10]})},
    ),
    (
        "search_cv_score_samples_method",
        {"search_cv": grid_search(LOF, {"n_neighbors": [5, 10]}, scoring="precision")},
    ),
    (
        "search_cv_sample_weight_equivalence",
        {"estimator": grid_search(LogisticRegression(), {"C": [1, 10, 100]})},
    ),
    (
        "search_cv_sample_weight_equivalence",
        {"estimator": grid_search(Ridge(), {"alpha": [1, 0.1, 0.01]})},
    ),
    *(
        ("search_cv_pairwise_property_delegated_to_base_estimator", {"pairwise": pairwise})
        for pairwise in (True, False)
    ),
    ("scalar_fit_param", {"SearchCV": grid_search, "param_search": {"a": [0.1, 0.01]}}),
    ("scalar_fit_param_compat", {"SearchCV": grid_search, "param_search": {"alpha": [0.1, 0.01]}}),
    ("search_estimator_param", {"SearchCV": grid_search, "param_search": "param_grid"}),
    (
        "multi_metric_search_forwards_metadata",
        {"SearchCV": grid_search, "param_search": "param_grid"},
    ),
    (
        "score_rejects_params_with_no_routing_enabled",
        {"SearchCV": grid_search, "param_search": "param_grid"},
    ),
]


@pytest.mark.filterwarnings("ignore")  # its models do not converge, its folds lack classes
@pytest.mark.parametrize(("name", "given"), [*((name, {}) for name in PLAIN), *GIVEN])
def test_what_holds_for_grid_search_holds(name, given, monkeypatch):
    made = []
    init = OptunaSearchCV.__init__

    @functools.wraps(init)
    def noting(self, *args, **params):
        made.append(self)
        init(self, *args, **params)

    monkeypatch.setattr(OptunaSearchCV, "__init__", noting)
    monkeypatch.setattr(of_searches, "GridSearchCV", grid_search)
    getattr(of_searches, f"test_{name}")(**given)
    assert made  # it was ours that was judged


@pytest.mark.parametrize(
    ("scoring", "refit"),
    [(None, True), ("neg_log_loss", True), (["accuracy", "neg_log_loss"], "neg_log_loss")],
)
def test_the_results_are_those_of_grid_search_in_values_order_and_types(scoring, refit):
    X, y = make_blobs(60, centers=3, cluster_std=5, random_state=0)
    grid = {"solver": ["lbfgs", "newton-cg"], "C": [0.1, 1, 10], "class_weight": [None, "balanced"]}
    model = LogisticRegression()
    plain = GridSearchCV(model, grid, scoring=scoring, refit=refit, cv=4).fit(X, y)
    ours = grid_search(model, grid, scoring=scoring, refit=refit, cv=4).fit(X, y)
    assert set(ours.cv_results_) - set(plain.cv_results_) == {"trial", "state", "error"}
    for name, expected in plain.cv_results_.items():
        found = ours.cv_results_[name]
        assert np.asarray(found).dtype == np.asarray(expected).dtype, name
        assert isinstance(found, np.ma.MaskedArray) == isinstance(expected, np.ma.MaskedArray)
        if not name.endswith("_time"):
            np.testing.assert_array_equal(found, expected, err_msg=name)
    for name in ("best_index_", "best_params_", "best_score_", "n_splits_", "multimetric_"):
        assert getattr(ours, name) == getattr(plain, name), name
    np.testing.assert_array_equal(ours.predict(X), plain.predict(X))
    assert ours.score(X, y) == plain.score(X, y)


class Remembers(KernelDensity):
    """Takes options that are no plain values."""

    def __init__(self, edges=None):
        super().__init__()
        self.edges = edges


@pytest.mark.parametrize("sampler", ["grid", "random"])
def test_options_may_be_tuples_and_arrays_of_any_size(sampler):
    options = [np.arange(3.0), np.arange(4.0), np.arange(2000.0), (1, 2), ((1, 2), (3,))]
    search = OptunaSearchCV(
        Remembers(), {"edges": options}, sampler=sampler, n_trials=5, cv=2, random_state=0,
        enqueue=[{"edges": np.arange(2000.0)}] * (sampler == "random"),
    ).fit(np.zeros((9, 1)))  # fmt: skip
    column = search.cv_results_["param_edges"]
    assert column.dtype == object
    tried = [next(i for i, option in enumerate(options) if option is value) for value in column]
    assert tried == [0, 1, 2, 3, 4] if sampler == "grid" else tried[0] == 2


def test_an_iterator_without_a_split_is_refused():
    splits = iter([])
    with pytest.raises(ValueError, match="Was the CV iterator empty"):
        grid_search(Ridge(), {"alpha": [0.1, 1.0]}, cv=splits).fit(X, Y)


def test_a_scorer_that_takes_no_weights_is_named_and_used():
    search = logistic(scoring=make_scorer(lambda y_true, y_pred: 0.5), n_trials=2)
    with pytest.warns(UserWarning, match="does not support sample_weight"):
        search.fit(X, Y, sample_weight=np.ones(len(Y)))
    assert search.cv_results_["mean_test_score"].tolist() == [0.5, 0.5]


# scikit-learn's tests of meta-estimators

ROUTING = (
    "default_request", "error_on_missing_requests_for_sub_estimator",
    "setting_request_on_sub_estimator_removes_error", "non_consuming_estimator_works",
    "metadata_is_routed_correctly_to_scorer", "metadata_is_routed_correctly_to_splitter",
    "metadata_routed_to_sub_estimator_in_pipeline", "metadata_routed_to_group_splitter",
)  # fmt: skip


@pytest.mark.parametrize("name", ROUTING)
@pytest.mark.parametrize("share", [True, False])
def test_metadata_is_routed_as_by_scikit_learns_searches(name, share):
    (entry,) = (e for e in of_routing.METAESTIMATORS if e["metaestimator"] is GridSearchCV)
    asked = {"space": {"alpha": [0.1, 0.2]}, "n_trials": 2, "share": share}
    getattr(of_routing, f"test_{name}")(
        {**entry, "metaestimator": OptunaSearchCV, "init_args": asked}
    )


@pytest.fixture(scope="module")
def of_delegation():
    with warnings.catch_warnings():
        # While it is imported it builds every estimator of scikit-learn, as far as it can.
        warnings.simplefilter("ignore", SkipTestWarning)
        return importlib.import_module("sklearn.tests.test_metaestimators")


def test_it_has_the_methods_that_its_estimator_has(of_delegation, monkeypatch):
    def construct(estimator):
        return OptunaSearchCV(estimator, {"param": [5]}, cv=2, n_trials=1)

    data = of_delegation.DelegatorData("OptunaSearchCV", construct, skip_methods=["score"])
    monkeypatch.setattr(of_delegation, "DELEGATING_METAESTIMATORS", [data])
    of_delegation.test_metaestimator_delegation()


@pytest.mark.parametrize(
    ("model", "name"),
    [(LogisticRegression(), "logisticregression__C"), (Ridge(), "ridge__alpha")],
)
def test_data_are_left_to_its_estimator_to_check(of_delegation, model, name):
    pipeline = make_pipeline(TfidfVectorizer(), model)
    search = OptunaSearchCV(pipeline, {name: [0.1, 1.0]}, n_trials=2)
    of_delegation.test_meta_estimators_delegate_data_validation(search)


# What optuna-integration's tests ask

X, Y = make_blobs(10, random_state=0)
C = {"C": FloatDistribution(1e-4, 1e3, log=True)}
ALPHA = {"alpha": FloatDistribution(1e-4, 1e3, log=True)}


def logistic(**params):
    return OptunaSearchCV(
        LogisticRegression(), C, **{"cv": 3, "n_trials": 10, "random_state": 0, **params}
    )


@pytest.mark.parametrize("pruner", [None, "median"])
@pytest.mark.parametrize("fit_params", [{}, {"coef_init": np.ones((3, 2))}])
def test_parameters_of_fit_reach_the_estimator(pruner, fit_params):
    class Watching(SGDClassifier):
        def fit(self, X, y, **params):
            seen.append({name: value.shape for name, value in params.items()})
            return super().fit(X, y, **params)

    seen = []
    search = OptunaSearchCV(
        Watching(), ALPHA, cv=3, n_trials=3, pruner=pruner, error_score="raise", random_state=0
    )
    for method in ("predict", "decision_function", "score"):
        with pytest.raises(NotFittedError):
            getattr(search, method)(X, *([Y] if method == "score" else []))
    search.fit(X, Y, **fit_params)
    assert len(seen) > 3
    assert all(found == dict.fromkeys(fit_params, (3, 2)) for found in seen)
    assert search.decision_function(X).shape == (10, 3)
    assert search.score(X, Y) == np.mean(search.predict(X) == Y)


def test_a_fitted_search_has_the_attributes_of_a_search_and_of_its_study():
    search = logistic().fit(X, Y)
    search.study_.set_user_attr("dataset", "blobs")
    assert is_classifier(search)
    assert {len(column) for column in search.cv_results_.values()} == {10}
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]
    assert search.best_score_ == search.study_.best_value
    assert search.best_params_ == search.study_.best_trial.params
    assert search.classes_.tolist() == [0, 1, 2]
    assert search.study_.user_attrs["dataset"] == "blobs"
    assert len(search.study_.trials_dataframe()) == 10
    np.testing.assert_array_equal(np.log(search.predict_proba(X)), search.predict_log_proba(X))


@pytest.mark.parametrize("pruner", [None, "median"])
def test_an_empty_space_is_one_trial_of_the_estimator_as_it_is(pruner):
    search = OptunaSearchCV(KernelDensity(), {}, cv=3, pruner=pruner, n_trials=10).fit(X)
    assert search.cv_results_["params"] == [{}]
    np.testing.assert_array_equal(search.score_samples(X), KernelDensity().fit(X).score_samples(X))


def test_transformers_transform_and_go_back():
    search = OptunaSearchCV(PCA(random_state=0), {}, cv=3).fit(X)
    np.testing.assert_allclose(search.inverse_transform(search.transform(X)), X)


def test_what_is_no_estimator_is_refused():
    with pytest.raises(TypeError, match="estimator must be a scikit-learn estimator"):
        OptunaSearchCV("not an estimator", {}).fit(X)


def test_a_tuple_is_a_list_of_values():
    space = {"kernel": ("gaussian", "linear")}
    search = OptunaSearchCV(KernelDensity(bandwidth=9), space, cv=3, n_trials=8).fit(X)
    assert {params["kernel"] for params in search.cv_results_["params"]} == {"gaussian", "linear"}


def test_a_study_that_goes_downwards_is_refused(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    optuna.create_study(storage=storage, study_name="down", direction="minimize")
    with pytest.raises(StudyError, match="down"):
        logistic(storage=storage, study_name="down").fit(X, Y)


def test_y_is_missed_where_the_estimator_needs_it():
    search = OptunaSearchCV(SGDClassifier(), ALPHA, cv=3)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        search.fit(X)


def test_a_distribution_is_gone_through_though_some_of_it_fails():
    data, targets = make_regression(100, 10, random_state=0)
    depths = {"max_depth": IntDistribution(0, 1)}
    sampler = GridSampler({"max_depth": [0, 1]})
    search = OptunaSearchCV(DecisionTreeRegressor(), depths, sampler=sampler)
    with pytest.warns(FitFailedWarning, match="1 of 2 trials failed: InvalidParameterError"):
        search.fit(data, targets)
    assert sorted(params["max_depth"] for params in search.cv_results_["params"]) == [0, 1]
    assert search.best_params_ == {"max_depth": 1}


def test_the_space_stays_as_it_was_given():
    space = {"C": FloatDistribution(1, 9), "max_iter": IntDistribution(50, 99, step=7)}
    given = dict(space)
    search = OptunaSearchCV(LogisticRegression(), space, n_trials=2, cv=3).fit(X, Y)
    assert search.space is space
    assert space == given


def test_every_callback_is_called_with_the_study_and_each_trial():
    seen = {0: [], 1: []}
    callbacks = [lambda study, trial, n=n: seen[n].append((study, trial)) for n in seen]
    search = logistic(n_trials=5, callbacks=callbacks).fit(X, Y)
    for calls in seen.values():
        assert [trial.number for _, trial in calls] == list(range(5))
        assert {study.study_name for study, _ in calls} == {search.study_.study_name}


@pytest.mark.parametrize("error_score", ["invalid error score", 0])
def test_an_error_score_is_raise_or_nan(error_score):
    with pytest.raises(ValueError, match="error_score must be one of 'raise' or nan"):
        logistic(error_score=error_score).fit(X, Y)


def test_the_last_trial_that_fails_raises_where_all_fail():
    search = OptunaSearchCV(DecisionTreeRegressor(), {"max_depth": IntDistribution(0, 0)})
    with pytest.raises(ValueError, match=r"no trial came to an end, .* InvalidParameterError"):
        search.fit(X, Y)


@pytest.mark.parametrize(("verbose", "n_lines"), [(0, 0), (1, 3), (2, 3)])
def test_a_line_is_printed_for_each_trial_where_wanted(verbose, n_lines, capsys):
    logistic(n_trials=3, verbose=verbose).fit(X, Y)
    assert len(capsys.readouterr().out.splitlines()) == n_lines


@pytest.mark.parametrize("rows", [X.tolist(), coo_array(X)])
def test_rows_may_be_lists_and_sparse_ones_of_any_kind(rows):
    search = logistic(n_trials=2).fit(rows, Y)
    assert search.best_score_ == pytest.approx(logistic(n_trials=2).fit(X, Y).best_score_)
