"""Preparations keep scikit-learn's contract and give models what their Spec asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import estimators
from estimators.spec import PREPARATIONS
from pipelines import Dataset, load_dataset
from pipelines.flatten import FlattenImages
from pipelines.prepare import PREPARE, preparation
from pipelines.table import TablePreparation

TRANSFORMERS = [
    *(FlattenImages(scaling=scaling) for scaling in (None, "standard", "minmax")),
    *(TablePreparation(scaling=scaling) for scaling in (None, "standard", "minmax")),
    TablePreparation(scaling="standard", fill_missing=False),
]


@parametrize_with_checks(TRANSFORMERS)
def test_transformers_keep_scikit_learns_contract(estimator, check):
    check(estimator)


def dataset(X_train, X_test=None, kind="table") -> Dataset:
    X_test = X_train if X_test is None else X_test
    y = np.arange(len(X_train)) % 2
    return Dataset(
        name="rows",
        task="classification",
        kind=kind,
        X_train=X_train,
        y_train=y,
        X_test=X_test,
        y_test=np.arange(len(X_test)) % 2,
    )


@pytest.fixture
def images():
    """Return colour images whose border is always black."""
    pixels = np.random.default_rng(0).integers(0, 200, (50, 6, 5, 3), dtype=np.uint8)
    pixels[:, 0] = 0
    return pixels


# --- images ---------------------------------------------------------------------------------------


def test_pixels_come_out_as_they_are_and_share_the_memory(images):
    rows = FlattenImages().fit_transform(images)
    np.testing.assert_array_equal(rows, images.reshape(50, 90))
    assert rows.dtype == np.uint8
    assert np.shares_memory(rows, images)


def test_all_pixels_share_one_scale(images):
    rows = FlattenImages(scaling="standard").fit_transform(images)
    expected = (images.reshape(50, -1) - images.mean()) / images.std()
    np.testing.assert_allclose(rows, expected, rtol=1e-5, atol=1e-6)
    assert rows.dtype == np.float32


def test_minmax_stays_in_range_on_brighter_images(images):
    model = FlattenImages(scaling="minmax").fit(images)
    assert model.scale_ == images.max()
    brighter = model.transform(np.full((1, 6, 5, 3), 255, np.uint8))
    assert brighter.max() == 1


def test_images_of_one_colour_do_not_divide_by_zero():
    flat = np.full((4, 2, 2), 7, np.uint8)
    for scaling in ("standard", "minmax"):
        assert not FlattenImages(scaling=scaling).fit_transform(flat).any()


def test_images_of_another_size_are_refused(images):
    model = FlattenImages().fit(images)
    with pytest.raises(ValueError, match="X has 75 features, but FlattenImages is expecting 90"):
        model.transform(images[:, 1:])
    with pytest.raises(ValueError, match=r"FlattenImages: scaling must be one of .* got scaling=2"):
        FlattenImages(scaling=2).fit(images)


# --- tables ---------------------------------------------------------------------------------------


@pytest.fixture
def mixed():
    """Return columns of every kind with missing values in each."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(50, 10, 80).round(1),
            "count": rng.integers(0, 9, 80),
            "colour": rng.choice(["red", "green"], 80),
            "since": pd.date_range("2020-01-01", periods=80).strftime("%Y-%m-%d"),
            "remark": [f"letter number {i} of customer {i * 7}" for i in range(80)],
            "member": rng.random(80) < 0.5,
        }
    )
    for column in ("size", "colour", "since", "remark"):
        frame.loc[rng.choice(80, 5, replace=False), column] = None
    return frame


@pytest.mark.parametrize("scaling", [None, "standard", "minmax"])
def test_mixed_columns_become_finite_numbers(mixed, scaling):
    model = TablePreparation(scaling=scaling, random_state=0).fit(mixed)
    rows = np.asarray(model.transform(mixed))
    assert np.isfinite(rows).all()
    names = list(model.get_feature_names_out())
    assert rows.shape == (80, len(names))
    assert {"size", "count", "colour_red", "since_month", "member"} <= set(names)
    if scaling == "standard":
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-3)
    if scaling == "minmax":
        assert rows.min() == 0
        assert rows.max() == 1


def test_fitting_in_one_pass_or_two_is_the_same(mixed):
    model = TablePreparation(scaling="standard", random_state=0)
    np.testing.assert_allclose(clone(model).fit_transform(mixed), model.fit(mixed).transform(mixed))


def test_an_unseen_category_has_no_column_and_no_warning(mixed):
    model = TablePreparation(random_state=0).fit(mixed)
    new = mixed.head(3).assign(colour="purple")
    rows = pd.DataFrame(model.transform(new), columns=model.get_feature_names_out())
    assert not rows[["colour_red", "colour_green"]].to_numpy().any()


def test_missing_numbers_take_the_median_of_the_training_rows():
    train = pd.DataFrame({"a": [1.0, 2.0, 9.0], "b": [1.0, 1.0, 1.0]})
    model = TablePreparation().fit(train)
    new = pd.DataFrame({"a": [np.nan], "b": [5.0]})
    np.testing.assert_array_equal(model.transform(new), [[2.0, 5.0]])
    np.testing.assert_array_equal(
        model.transform(train), SimpleImputer(strategy="median").fit_transform(train)
    )


def test_a_column_that_is_always_missing_stays_a_column():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [np.nan, np.nan]})
    assert TablePreparation(scaling="standard").fit_transform(X).shape == (2, 2)


def test_missing_and_renamed_columns_are_named(mixed):
    model = TablePreparation(random_state=0).fit(mixed)
    with pytest.raises(ValueError, match=r"(?s)feature names.*colour"):
        model.transform(mixed.drop(columns="colour"))


def test_a_fitted_preparation_is_saved_and_loaded(mixed, images, tmp_path):
    for model, X in [
        (TablePreparation(scaling="standard", random_state=0), mixed),
        (FlattenImages(scaling="minmax"), images),
    ]:
        estimators.save(model.fit(X), tmp_path / "model.skops")
        loaded = estimators.load(tmp_path / "model.skops")
        np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


# --- what a data set needs ------------------------------------------------------------------------


def test_every_preparation_of_a_spec_has_its_function():
    assert tuple(PREPARE) == PREPARATIONS


NUMBERS = np.arange(20.0).reshape(10, 2)
GAPS = np.where(NUMBERS == 4, np.nan, NUMBERS)
FRAME = pd.DataFrame({"a": np.arange(10), "b": ["x", "y"] * 5})
PICTURES = np.zeros((10, 4, 4), np.uint8)
TEXTS = np.array(["a word or two"] * 10, dtype=object)
CHOSEN = [
    ("none", "table", NUMBERS, "passthrough"),
    ("scale", "table", NUMBERS, StandardScaler()),
    ("minmax", "table", NUMBERS, MinMaxScaler(clip=True)),
    ("scale", "series", NUMBERS[:, :1], StandardScaler()),
    ("none", "table", GAPS, TablePreparation()),
    ("scale", "table", GAPS, TablePreparation(scaling="standard")),
    ("none", "table", FRAME[["a"]], TablePreparation()),
    ("minmax", "table", FRAME, TablePreparation(scaling="minmax")),
    ("none", "image", PICTURES, FlattenImages()),
    ("scale", "image", PICTURES, FlattenImages(scaling="standard")),
    ("minmax", "image", PICTURES, FlattenImages(scaling="minmax")),
    ("image", "image", PICTURES, "passthrough"),
    ("text", "text", TEXTS, "passthrough"),
]


@pytest.mark.parametrize(("name", "kind", "X", "expected"), CHOSEN)
def test_the_preparation_follows_from_the_data(name, kind, X, expected):
    assert str(preparation(name, dataset(X, kind=kind))) == str(expected)


@pytest.mark.parametrize("name", ["tfidf", "scale", "none"])
def test_texts_are_counted_for_models_of_numbers(name):
    assert isinstance(preparation(name, dataset(TEXTS, kind="text")), TfidfVectorizer)


def test_a_gap_in_the_test_part_alone_is_provided_for_and_not_learnt_from():
    chosen = preparation("scale", dataset(NUMBERS, GAPS))
    assert chosen.fill_missing
    assert preparation("scale", dataset(NUMBERS, GAPS), allow_nan=True).__class__ is StandardScaler


def test_mean_and_deviation_are_exact_over_many_batches():
    data = load_dataset("digits")
    many = np.repeat(data.X_train, 4, axis=0)  # more rows than are in memory as float64 at a time
    model = FlattenImages(scaling="standard").fit(many)
    assert model.offset_ == pytest.approx(data.X_train.astype(np.float64).mean(), rel=1e-12)
    assert model.scale_ == pytest.approx(data.X_train.astype(np.float64).std(), rel=1e-12)
