"""The deep estimators around the engine: labels, weights, targets, going on, saving, bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression

from estimators import CNNClassifier, TorchMLPClassifier, TorchMLPRegressor, load, save

FAST = {"hidden_layer_sizes": (16,), "max_epochs": 5, "batch_size": 32, "random_state": 0}
LINE = {"hidden_layer_sizes": (), "max_epochs": 100, "lr": 0.1, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    return make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)


def test_the_same_seed_gives_the_same_model_and_another_seed_another(table):
    X, y = table
    settings = FAST | {"dropout": 0.3, "augment": "mixup"}
    first, again = (TorchMLPClassifier(**settings).fit(X, y).predict_proba(X) for _ in range(2))
    other = TorchMLPClassifier(**settings | {"random_state": 1}).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_a_generator_as_seed_gives_another_model_each_time(table):
    model = TorchMLPClassifier(**FAST | {"random_state": np.random.RandomState(0)})
    first, second = (model.fit(*table).predict_proba(table[0]) for _ in range(2))
    assert not np.allclose(first, second)


def test_a_row_gets_the_same_answer_alone_and_among_others(table):
    X, y = table
    model = TorchMLPClassifier(**FAST).fit(X, y)
    together = model.predict_proba(X[:60])
    alone = np.vstack([model.predict_proba(row[None]) for row in X[:60]])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_allclose(model.predict_proba(X)[:60], together, atol=1e-6)


def test_large_predictions_run_in_several_batches_and_keep_their_order(table, monkeypatch):
    X, y = table
    model = TorchMLPClassifier(**FAST).fit(X, y)
    whole = model.predict_proba(X)
    monkeypatch.setattr("estimators.deep._data.ELEMENTS_PER_STRIDE", 70 * 8)
    np.testing.assert_allclose(model.predict_proba(X), whole, atol=1e-6)


def test_repeated_rows_weigh_like_weights_in_the_full_batch():
    X, y = make_classification(60, 4, random_state=0)
    weight = np.random.RandomState(0).randint(0, 4, 60)
    settings = LINE | {"optimizer": "lbfgs", "weight_decay": 0.0, "max_epochs": 10}
    weighted = TorchMLPClassifier(**settings).fit(X, y, sample_weight=weight)
    repeated = TorchMLPClassifier(**settings).fit(X.repeat(weight, 0), y.repeat(weight))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-3)


def test_class_weights_act_as_weights_of_the_rows():
    X, y = make_classification(200, 5, weights=[0.9], flip_y=0.1, random_state=0)
    settings = LINE | {"max_epochs": 5}
    rows = np.where(y == 1, 10.0, 1.0)
    by_class = TorchMLPClassifier(**settings, class_weight={0: 1, 1: 10}).fit(X, y)
    by_row = TorchMLPClassifier(**settings).fit(X, y, sample_weight=rows)
    balanced = TorchMLPClassifier(**settings, class_weight="balanced").fit(X, y)
    plain = TorchMLPClassifier(**settings).fit(X, y)
    np.testing.assert_allclose(by_class.predict_proba(X), by_row.predict_proba(X))
    assert balanced.predict(X).mean() > 1.5 * plain.predict(X).mean()


def test_label_smoothing_keeps_probabilities_from_the_extremes():
    X, y = [[-1.0]] * 20 + [[1.0]] * 20, [0] * 20 + [1] * 20
    settings = LINE | {"lr": 0.3, "weight_decay": 0.0}
    smooth = TorchMLPClassifier(**settings, label_smoothing=0.2).fit(X, y).predict_proba(X)
    assert smooth.max() == pytest.approx(0.9, abs=0.01)
    assert TorchMLPClassifier(**settings).fit(X, y).predict_proba(X).max() > 0.98


def test_text_labels_come_back(table):
    X, y = table
    names = np.array(["a", "bb", "ccc"], dtype=object)[y]
    model = TorchMLPClassifier(**FAST).fit(X, names)
    assert list(model.classes_) == ["a", "bb", "ccc"]
    assert set(model.predict(X)) <= {"a", "bb", "ccc"}


def test_a_class_of_one_row_is_learned_along_and_stays_in_training(table):
    X, y = table
    y = np.append(y[:-1], 9)
    model = TorchMLPClassifier(**FAST, early_stopping=True).fit(X, y)
    assert model.predict_proba(X).shape == (200, 4)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_targets_of_any_scale_and_number_are_fitted(scale):
    X, y = make_regression(200, 5, n_targets=2, noise=0.0, random_state=0)
    model = TorchMLPRegressor(**LINE).fit(X, scale * (y + 1000))
    assert model.predict(X).shape == (200, 2)
    assert model.score(X, scale * (y + 1000)) > 0.99
    assert TorchMLPRegressor(**LINE).fit(X, y[:, 0]).predict(X).shape == (200,)


def test_a_constant_target_is_predicted():
    X = np.random.RandomState(0).normal(size=(50, 3))
    model = TorchMLPRegressor(**LINE).fit(X, np.full(50, 7.0))
    np.testing.assert_allclose(model.predict(X), 7, atol=0.05)


def test_warm_start_goes_on_and_a_new_fit_begins_anew(table):
    X, y = table
    settings = FAST | {"lr": 0.01}
    model = TorchMLPClassifier(**settings, warm_start=True).fit(X, y)
    first = model.history_[-1]["train_loss"]
    module = model.net_.module
    model.fit(X, y)
    assert model.net_.module is module
    assert [row["epoch"] for row in model.history_] == list(range(1, 11))
    assert model.history_[5]["train_loss"] < 1.1 * first
    model.set_params(warm_start=False).fit(X, y)
    assert len(model.history_) == 5
    np.testing.assert_array_equal(
        model.predict_proba(X), TorchMLPClassifier(**settings).fit(X, y).predict_proba(X)
    )


def test_warm_start_on_other_classes_or_features_is_refused(table):
    X, y = table
    model = TorchMLPClassifier(**FAST, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start=True needs the classes"):
        model.fit(X[y < 2], y[y < 2])
    with pytest.raises(ValueError, match="7 features"):
        model.fit(X[:, 1:], y)


def test_partial_fit_learns_batch_by_batch_at_a_constant_rate(table):
    X, y = table
    model = TorchMLPClassifier(**FAST | {"lr": 0.01})
    for _ in range(20):
        for part in (slice(0, 100), slice(100, 200)):
            model.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert model.score(X, y) > 0.8
    assert {row["lr"] for row in model.history_} == {0.01}
    assert len(model.history_) == 40


def test_partial_fit_takes_single_rows_and_labels_that_come_later(table):
    X, y = table
    model = TorchMLPClassifier(**FAST)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X[:1], y[:1])
    model.partial_fit(X[:1], y[:1], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (200, 3)
    with pytest.raises(ValueError, match="y must hold only labels of classes"):
        model.partial_fit(X[:1], [5])


def test_partial_fit_after_fit_goes_on_at_the_full_rate(table):
    model = TorchMLPClassifier(**FAST | {"lr": 0.01}).fit(*table)
    assert model.history_[-1]["lr"] < 0.01
    assert model.partial_fit(*table).history_[-1]["lr"] == 0.01


def test_partial_fit_of_a_regressor_keeps_the_first_scale():
    X, y = make_regression(200, 5, noise=0.0, random_state=0)
    model = TorchMLPRegressor(**LINE)
    for _ in range(50):
        model.partial_fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
    assert model.score(X, y) > 0.95


def test_a_pickled_model_predicts_the_same_and_goes_on(table):
    X, y = table
    model = TorchMLPClassifier(**FAST, batch_norm=True, warm_start=True).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert copy.history_ == model.history_
    assert copy.fit(X, y).history_[-1]["epoch"] == 10


def test_the_state_of_a_model_is_parameters_and_plain_arrays(table):
    state = TorchMLPClassifier(**FAST, batch_norm=True).fit(*table).__getstate__()
    assert "net_" not in state
    assert {type(value) for value in state["_weights"].values()} == {np.ndarray}
    dumped = pickle.dumps(state)
    assert b"torch" not in dumped
    assert b"skorch" not in dumped


def test_a_saved_model_loads_without_trust_in_torch(table, tmp_path):
    X, y = table
    model = TorchMLPClassifier(**FAST).fit(X, y)
    save(model, tmp_path / "model.skops")
    np.testing.assert_array_equal(
        load(tmp_path / "model.skops").predict_proba(X), model.predict_proba(X)
    )


def test_a_model_fitted_on_a_missing_device_loads_on_the_cpu(table):
    X, y = table
    model = TorchMLPClassifier(**FAST).fit(X, y)
    state = model.__getstate__() | {"device": "cuda:7"}
    copy = TorchMLPClassifier.__new__(TorchMLPClassifier)
    copy.__setstate__(state)
    assert copy.net_.placement.device == torch.device("cpu")
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))


def test_loading_leaves_the_generator_of_torch_alone(table):
    dumped = pickle.dumps(TorchMLPClassifier(**FAST).fit(*table))
    before = torch.get_rng_state()
    pickle.loads(dumped)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_clone_is_unfitted_and_keeps_the_parameters(table):
    model = TorchMLPClassifier(**FAST).fit(*table)
    copy = clone(model)
    assert not hasattr(copy, "net_")
    assert copy.get_params() == model.get_params()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lr": -1}, "lr must be a number > 0 or None, got lr=-1"),
        ({"optimizer": "sdg"}, "optimizer must be one of 'adamw'"),
        ({"device": "tpu9"}, "device must be 'auto', 'accelerate' or the name of a torch device"),
        ({"device": "cuda:99"}, "device must be one that this machine has"),
        (
            {"augment": "flip"},
            "augment must name no change of images .* where the rows of X are vectors",
        ),
        ({"tta": ("flip",)}, "tta must name no change of images"),
        ({"augment": ("mixup", "blur")}, "augment must be"),
        ({"validation_fraction": 1.0}, "validation_fraction must be a number > 0 and < 1"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be"),
        ({"callbacks": "x"}, "callbacks must be a list of skorch callbacks"),
        ({"class_weight": "even"}, "class_weight must be"),
        ({"momentum": 1.0}, "momentum must be"),
    ],
)
def test_a_bad_value_is_named_with_its_rule(table, parameters, message):
    with pytest.raises(ValueError, match=message):
        TorchMLPClassifier(**FAST | parameters).fit(*table)


@pytest.mark.parametrize(
    ("weight", "message"),
    [([1.0], "200 numbers"), ([-1.0] * 200, ">= 0"), ([0.0] * 200, "not all zero")],
)
def test_bad_weights_are_refused(table, weight, message):
    with pytest.raises(ValueError, match=message):
        TorchMLPClassifier(**FAST).fit(*table, sample_weight=weight)


def test_one_class_is_refused(table):
    with pytest.raises(ValueError, match="2 or more classes"):
        TorchMLPClassifier(**FAST).fit(table[0], np.zeros(200))


def test_images_of_five_axes_are_refused():
    with pytest.raises(ValueError, match="X must be"):
        CNNClassifier(max_epochs=1).fit(np.zeros((4, 2, 2, 2, 2)), [0, 1, 0, 1])
