"""How images reach a net: every form, type and size, without needless copies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits

from estimators import CNNClassifier, TorchMLPClassifier
from estimators.deep._inputs import ImageScaling
from estimators.deep._precision import place

FAST = {"channels": (8, 16), "max_epochs": 3, "lr": 0.01, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    digits = load_digits()
    return digits.images[:300], digits.target[:300]


def random_images(*shape, dtype=np.uint8):
    return np.random.RandomState(0).randint(0, 256, shape).astype(dtype)


def test_all_forms_of_the_same_images_train_the_same_model(digits):
    X, y = digits
    expected = CNNClassifier(**FAST).fit(X, y).predict_proba(X)
    flat = CNNClassifier(**FAST, image_shape=(8, 8, 1)).fit(X.reshape(300, 64), y)
    np.testing.assert_array_equal(flat.predict_proba(X.reshape(300, 64)), expected)
    np.testing.assert_array_equal(flat.predict_proba(X), expected)
    channel = CNNClassifier(**FAST).fit(X[..., None], y)
    np.testing.assert_array_equal(channel.predict_proba(X[..., None]), expected)
    assert channel.n_features_in_ == 64


def test_rows_without_a_shape_are_one_row_of_pixels(digits):
    X, y = digits
    model = CNNClassifier(**FAST).fit(X.reshape(300, 64), y)
    assert model._shape == (1, 1, 64)


def test_feature_names_are_kept_where_x_is_a_frame(digits):
    X, y = digits
    frame = pd.DataFrame(X.reshape(300, 64)).add_prefix("pixel")
    model = CNNClassifier(**FAST, image_shape=(8, 8, 1)).fit(frame, y)
    assert list(model.feature_names_in_[:2]) == ["pixel0", "pixel1"]


@pytest.mark.parametrize("shape", [(3, 3, 1), (8, 8), (0, 8, 8)])
def test_a_shape_that_does_not_fit_is_refused(digits, shape):
    X, y = digits
    with pytest.raises(ValueError, match="image_shape must"):
        CNNClassifier(**FAST, image_shape=shape).fit(X.reshape(300, 64), y)


def test_images_of_another_size_are_refused_in_predict(digits):
    X, y = digits
    model = CNNClassifier(**FAST).fit(X, y)
    with pytest.raises(ValueError, match="49 features"):
        model.predict(X[:, :7, :7])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_are_read_without_a_copy(dtype):
    X = random_images(10, 6, 5, 3, dtype=dtype)
    read = CNNClassifier()._read(X, reset=True)
    assert read.dtype == dtype
    assert np.shares_memory(read, X)


def test_whole_numbers_reach_the_net_as_such_and_train_the_same_model():
    X, y = random_images(60, 8, 8, 3), np.arange(60) % 2
    seen = []
    model = CNNClassifier(**FAST).fit(X, y)
    model.net_.module.input.register_forward_pre_hook(lambda _, args: seen.append(args[0].dtype))
    probability = model.predict_proba(X)
    assert set(seen) == {torch.uint8}
    other = CNNClassifier(**FAST).fit(X.astype(np.float64), y)
    np.testing.assert_allclose(other.predict_proba(X.astype(float)), probability, atol=1e-6)


def test_channels_are_scaled_to_zero_mean_and_unit_variance():
    X = torch.from_numpy(random_images(50, 4, 4, 3)) // torch.tensor([1, 2, 4], dtype=torch.uint8)
    X[..., 2] = 7
    layer = ImageScaling(3)
    layer.adapt(X, torch.arange(50))
    scaled = layer(X)
    assert scaled.shape == (50, 3, 4, 4)
    assert scaled.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(scaled.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    variances = scaled.var((0, 2, 3), correction=0)
    torch.testing.assert_close(variances, torch.tensor([1.0, 1.0, 0.0]))  # a constant stays zero


def test_scaling_looks_at_training_rows_only(digits):
    X, y = digits
    X = X.copy()
    model = CNNClassifier(**FAST, validation_fraction=0.3).fit(X, y)
    assert float(model.net_.module.input.mean) != pytest.approx(X.mean(), rel=1e-6)
    model = CNNClassifier(**FAST).fit(X, y)
    assert float(model.net_.module.input.mean) == pytest.approx(X.mean(), rel=1e-6)


@pytest.mark.parametrize(
    "shape", [(8, 8), (28, 28), (5, 9), (1, 30), (16, 16, 1), (16, 16, 3), (17, 13, 4)]
)
def test_images_of_any_size_and_number_of_channels_are_learned(shape):
    y = np.arange(48) % 2
    X = random_images(48, *shape) // 2
    X[y == 1] += 100
    model = CNNClassifier(**FAST | {"max_epochs": 15}).fit(X, y)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("batch_size", [1, 7, 47, 48, 100])
def test_ragged_batches_train(batch_size):
    X, y = random_images(48, 8, 8), np.arange(48) % 3
    settings = FAST | {"max_epochs": 1, "batch_size": batch_size}
    assert np.isfinite(CNNClassifier(**settings).fit(X, y).predict_proba(X)).all()


def test_two_images_in_all_are_enough():
    X = np.stack([np.zeros((8, 8)), np.ones((8, 8))])
    assert (
        CNNClassifier(**FAST | {"max_epochs": 20}).fit(X, ["no", "yes"]).score(X, ["no", "yes"])
        == 1
    )


def test_bfloat16_agrees_with_float32(digits):
    X, y = digits
    settings = FAST | {"max_epochs": 5}
    single = CNNClassifier(**settings, precision="float32").fit(X, y)
    half = CNNClassifier(**settings, precision="bfloat16").fit(X, y)
    assert half.net_.placement.dtype is torch.bfloat16
    assert all(p.dtype is torch.float32 for p in half.net_.module.parameters())
    assert abs(half.score(X, y) - single.score(X, y)) < 0.03
    assert half.history_[-1]["train_loss"] == pytest.approx(
        single.history_[-1]["train_loss"], rel=0.1
    )
    np.testing.assert_allclose(half.predict_proba(X), single.predict_proba(X), atol=0.15)


def test_small_dense_nets_are_computed_in_float32():
    module = TorchMLPClassifier().build_module((20,), 3)
    assert place(module, torch.device("cpu"), "auto").dtype is torch.float32
    assert place(module, torch.device("cpu"), "bfloat16").dtype is torch.bfloat16


@pytest.mark.parametrize(
    ("parameters", "shape", "expected"),
    [
        # 28 -> 26 -> 13 -> 11 -> 5: 320 + 18,496 + 1,600 * 10 + 10
        ({"channels": (32, 64), "head": ()}, (1, 28, 28), 34_826),
        # 2,560 + 295,040 + 3,200 * 100 + 100 + 10,100 + 1,010
        ({"channels": (256, 128), "head": (100, 100)}, (1, 28, 28), 628_810),
    ],
)
def test_the_networks_of_the_studies_can_be_expressed(parameters, shape, expected):
    model = CNNClassifier(padding="valid", batch_norm=False, **parameters)
    module = model.build_module(shape, 10)
    assert sum(p.numel() for p in module.parameters()) == expected
    assert module(torch.zeros(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize(
    "parameters",
    [
        {"pooling": None},
        {"pooling": "average", "head": (8,)},
        {"dilation": 2},
        {"kernel_size": 5, "convolutions": 2},
        {"dropout": 0.2, "input_dropout": 0.1, "activation": "gelu"},
        {"padding": "valid", "channels": (4,), "head": ()},
    ],
)
def test_every_layout_learns(digits, parameters):
    X, y = digits
    model = CNNClassifier(**FAST | {"max_epochs": 12, "batch_size": 32} | parameters).fit(X, y)
    assert model.score(X, y) > 0.5


def test_images_that_valid_padding_uses_up_are_refused(digits):
    X, y = digits
    with pytest.raises(ValueError, match="padding='valid' must leave a pixel"):
        CNNClassifier(**FAST | {"channels": (4, 4, 4)}, padding="valid").fit(X, y)
