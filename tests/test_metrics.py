"""The metrics agree with scikit-learn and never fail for a model that cannot give them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    get_scorer,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import cross_validate
from sklearn.svm import SVC, LinearSVC

from estimators.spec import TASKS
from search.metrics import METRICS, evaluate, get, metrics_for, predictions, score, scorers


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.fixture(scope="module")
def two_irises(iris):
    X, y = iris
    return X[y != "setosa"], y[y != "setosa"]


@pytest.mark.parametrize("name", metrics_for("classification", 3))
def test_three_classes_score_as_in_scikit_learn(name, iris):
    model = LogisticRegression(C=0.01).fit(*iris)
    assert score(model, *iris, [name])[name] == pytest.approx(
        get_scorer(METRICS[name].scorer)(model, *iris)
    )


@pytest.mark.parametrize("name", metrics_for("classification", 2))
def test_two_classes_score_as_in_scikit_learn(name, two_irises):
    X, y = two_irises
    model = LogisticRegression(C=0.01).fit(X[:, :2], y)
    oracle = {
        "average_precision": average_precision_score(
            y == "virginica", model.predict_proba(X[:, :2])[:, 1]
        ),
        "brier": -brier_score_loss(y == "virginica", model.predict_proba(X[:, :2])[:, 1]),
        "roc_auc": roc_auc_score(y, model.decision_function(X[:, :2])),
    }
    expected = oracle.get(name) or get_scorer(METRICS[name].scorer)(model, X[:, :2], y)
    assert score(model, X[:, :2], y, [name])[name] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["rmse", "mse", "mae", "r2"])
def test_numbers_score_as_in_scikit_learn(name):
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X, y)
    assert score(model, X, y, [name])[name] == pytest.approx(
        get_scorer(METRICS[name].scorer)(model, X, y)
    )


@pytest.mark.parametrize("name", ["f1", "precision", "recall"])
def test_the_second_class_of_two_is_the_positive_one(name):
    y_true, y_pred = ["no", "no", "yes", "yes", "yes"], ["yes", "no", "yes", "no", "yes"]
    oracle = {"f1": f1_score, "precision": precision_score, "recall": recall_score}[name]
    expected = oracle(y_true, y_pred, pos_label="yes")
    assert evaluate([name], y_true, y_pred)[name] == pytest.approx(expected)
    assert expected != pytest.approx(oracle(y_true, y_pred, pos_label="no"))
    assert np.isnan(evaluate([name], [0, 1, 2], [0, 1, 2])[name])


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_metrics_and_they_serve_it(task):
    assert all(task in get(name).task for name in metrics_for(task))
    assert bool(metrics_for(task)) == (task != "generation")


def test_average_precision_is_given_for_two_classes_only():
    assert "average_precision" in metrics_for("classification", 2)
    assert "average_precision" not in metrics_for("classification", 3)


def test_without_probabilities_ranking_uses_the_decision_function(iris, two_irises):
    names = ["accuracy", "roc_auc", "log_loss", "brier"]
    found = score(SVC(random_state=0).fit(*two_irises), *two_irises, names)
    expected = roc_auc_score(
        two_irises[1], SVC(random_state=0).fit(*two_irises).decision_function(two_irises[0])
    )
    assert found["roc_auc"] == pytest.approx(expected)
    assert np.isnan([found["log_loss"], found["brier"]]).all()
    assert score(LinearSVC(random_state=0).fit(*iris), *iris, names)["roc_auc"] > 0.9


def test_probabilities_of_fewer_digits_add_up_to_one_and_raise_no_warning(iris):
    X = iris[0].astype(np.float32)
    model = LogisticRegression().fit(X, iris[1])
    rounded = model.predict_proba(X)
    assert rounded.dtype == np.float32
    found = predictions(model, X)["y_proba"]
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-15)
    np.testing.assert_allclose(found, rounded, rtol=1e-6)
    assert score(model, X, iris[1], ["log_loss"])["log_loss"] < 0


def test_labels_alone_leave_the_other_metrics_undefined():
    found = evaluate(metrics_for("classification", 2), [0, 1, 1], [0, 1, 0])
    assert {name for name, value in found.items() if np.isnan(value)} == {
        "roc_auc", "average_precision", "log_loss", "brier",
    }  # fmt: skip


def test_one_class_in_the_truth_leaves_ranking_undefined():
    found = evaluate(["roc_auc", "accuracy"], [1, 1], [1, 0], y_score=[0.2, 0.1])
    assert np.isnan(found["roc_auc"])
    assert found["accuracy"] == 0.5


def test_a_class_that_the_truth_lacks_is_left_out_of_the_mean():
    proba = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.4, 0.5, 0.1], [0.6, 0.3, 0.1]])
    found = evaluate(["roc_auc"], [0, 1, 0, 1], y_proba=proba, classes=[0, 1, 2])["roc_auc"]
    expected = [roc_auc_score(np.array([0, 1, 0, 1]) == c, proba[:, c]) for c in (0, 1)]
    assert found == pytest.approx(np.mean(expected))


def test_a_class_that_the_model_never_saw_counts_as_wrong():
    found = evaluate(
        metrics_for("classification", 3), ["a", "b", "c"], ["a", "b", "b"],
        y_proba=[[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]], classes=["a", "b"],
    )  # fmt: skip
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["log_loss"] < -10


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "r2"])
def test_no_rows_give_nan_and_no_error(name):
    assert np.isnan(evaluate([name], [], [])[name])


def test_the_r2_of_one_row_is_undefined():
    assert np.isnan(evaluate(["r2"], [1.0], [1.0])["r2"])


def test_columns_that_are_not_the_classes_are_refused():
    with pytest.raises(ValueError, match=r"classes must name each column.* 2 classes and 3"):
        evaluate(["log_loss"], [0, 1], y_proba=np.ones((2, 3)) / 3, classes=[0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: get("acuracy"), "did you mean 'accuracy'"),
        (lambda: evaluate(["zzz"], [0], [0]), "known are accuracy"),
        (lambda: metrics_for("sorting"), "task must be one of classification"),
    ],
)
def test_an_unknown_name_is_named_and_the_nearest_suggested(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_outlier_detector_ranks_by_abnormality():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(200, 2)), rng.normal(size=(10, 2)) + 8])
    y = np.repeat([0, 1], [200, 10])
    model = IsolationForest(random_state=0).fit(X[:200])
    assert set(predictions(model, X)["y_pred"]) == {0, 1}
    assert score(model, X, y, metrics_for("anomaly"))["roc_auc"] > 0.99


def test_scikit_learn_cross_validates_with_our_scorers(iris):
    found = cross_validate(LogisticRegression(max_iter=500), *iris, scoring=scorers(["accuracy"]))
    oracle = cross_validate(LogisticRegression(max_iter=500), *iris, scoring="accuracy")
    assert found["test_accuracy"] == pytest.approx(oracle["test_score"])
