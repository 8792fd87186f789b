"""``make_pipeline``: the steps that are asked for, nothing fitted outside them, errors in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import estimators
from pipelines import Dataset, load_dataset, make_pipeline
from pipelines.flatten import FlattenImages
from pipelines.latent import LatentWords
from pipelines.resample import Oversampler, Undersampler
from pipelines.table import TablePreparation


def dataset(X, y, kind="table", task="classification") -> Dataset:
    half = len(y) // 2
    return Dataset(
        name="rows",
        task=task,
        kind=kind,
        X_train=X[:half],
        y_train=y[:half],
        X_test=X[half:],
        y_test=y[half:],
    )


@pytest.fixture(scope="module")
def iris():
    return load_dataset("iris")


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture(scope="module")
def rare():
    """Return two classes that overlap; in each half 90 and 10 rows."""
    rng = np.random.default_rng(0)
    y = np.tile(np.repeat([0, 1], [90, 10]), 2)
    return dataset(rng.normal(size=(200, 6)) + y[:, None], y)


@pytest.fixture(scope="module")
def texts():
    words = {0: "goal team match win coach", 1: "market price bank share profit"}
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = np.array([" ".join(rng.choice(words[label].split(), 6)) for label in y], dtype=object)
    return dataset(X, y, kind="text")


# --- steps ----------------------------------------------------------------------------------------


def test_steps_that_are_not_wanted_pass_rows_through(iris):
    pipeline = make_pipeline("forest", iris)
    assert isinstance(pipeline, Pipeline)
    assert list(pipeline.named_steps) == ["prepare", "reduce", "resample", "model"]
    assert [step for _, step in pipeline.steps[:3]] == ["passthrough"] * 3


def test_steps_that_are_wanted_stand_in_their_order(digits):
    pipeline = make_pipeline("knn", digits, reduce=10, resample="smote", params={"n_neighbors": 3})
    assert [type(step) for _, step in pipeline.steps[:3]] == [FlattenImages, PCA, Oversampler]
    assert pipeline.get_params()["reduce__n_components"] == 10
    assert pipeline.get_params()["resample__k_neighbors"] == 5
    assert pipeline.get_params()["model__n_neighbors"] == 3


def test_neighbours_on_pixels_equal_scikit_learn_on_flat_rows(digits):
    ours = make_pipeline("knn", digits, reduce=20, random_state=0)
    ours.fit(digits.X_train, digits.y_train)
    rows = [X.reshape(len(X), -1).astype(float) for X in (digits.X_train, digits.X_test)]
    pca = PCA(20, random_state=0).fit(rows[0])
    plain = estimators.KNeighborsClassifier().fit(pca.transform(rows[0]), digits.y_train)
    np.testing.assert_array_equal(
        ours.predict(digits.X_test), plain.predict(pca.transform(rows[1]))
    )


def test_what_scales_is_fitted_on_the_rows_given_to_fit_alone(iris):
    pipeline = make_pipeline("svm", iris).fit(iris.X_train[:60], iris.y_train[:60])
    np.testing.assert_allclose(pipeline["prepare"].mean_, iris.X_train[:60].mean(axis=0))


def test_the_seed_reaches_every_step_and_spares_one_that_is_set(rare):
    pipeline = make_pipeline("forest", rare, reduce=3, resample="smote", random_state=7)
    seeds = {k: v for k, v in pipeline.get_params().items() if k.endswith("random_state")}
    assert seeds == dict.fromkeys(
        ["reduce__random_state", "resample__random_state", "model__random_state"], 7
    )
    own = make_pipeline(SVC(random_state=1), rare, random_state=7)
    assert own["model"].random_state == 1


@pytest.mark.parametrize("model", ["dummy", "logistic", "knn", "forest", "svm"])
@pytest.mark.parametrize("name", ["iris", "digits"])
def test_classical_models_fit_and_the_same_seed_predicts_the_same(name, model):
    data = load_dataset(name)
    X, y = data.X_train[:400], data.y_train[:400]
    fitted = [make_pipeline(model, data, random_state=0).fit(X, y) for _ in "ab"]
    np.testing.assert_array_equal(*(pipeline.predict(data.X_test) for pipeline in fitted))
    floor = 0.05 if model == "dummy" else 0.85
    assert fitted[0].score(data.X_test, data.y_test) > floor


def test_it_works_in_scikit_learns_searches(digits):
    pipeline = make_pipeline("knn", digits, reduce=5, random_state=0)
    X, y = digits.X_train[:300], digits.y_train[:300]
    search = GridSearchCV(clone(pipeline), {"reduce__n_components": [2, 20]}, cv=3).fit(X, y)
    assert search.best_params_ == {"reduce__n_components": 20}
    scores = cross_validate(search.best_estimator_, X, y, cv=3)["test_score"]
    assert scores.min() > 0.8


def test_a_fitted_pipeline_is_saved_and_loaded(rare, tmp_path):
    pipeline = make_pipeline("logistic", rare, reduce=3, resample="undersample", random_state=0)
    pipeline.fit(rare.X_train, rare.y_train)
    estimators.save(pipeline, tmp_path / "p.skops")
    loaded = estimators.load(tmp_path / "p.skops")
    np.testing.assert_array_equal(
        loaded.predict_proba(rare.X_test), pipeline.predict_proba(rare.X_test)
    )


# --- tables with gaps and names -------------------------------------------------------------------


def test_mixed_tables_reach_any_model_and_may_miss_values_when_predicting():
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green", "blue"], 200)
    frame = pd.DataFrame({"size": rng.normal(size=200), "colour": colour})
    data = dataset(frame, (colour == "red").astype(int))
    for model in ("logistic", "knn", "forest"):
        pipeline = make_pipeline(model, data, random_state=0).fit(data.X_train, data.y_train)
        assert pipeline.score(data.X_test, data.y_test) > 0.9
        new = pd.DataFrame({"size": [np.nan, 0.0], "colour": ["red", None]})
        assert pipeline.predict(new).tolist() == [1, 0]


def test_models_that_take_gaps_get_them():
    X = np.where(np.arange(80).reshape(40, 2) % 7 == 0, np.nan, 1.0)
    data = dataset(X, np.arange(40) % 2)
    gaps = HistGradientBoostingClassifier()
    assert make_pipeline(gaps, data)["prepare"] == "passthrough"
    assert isinstance(make_pipeline(GaussianNB(), data)["prepare"], TablePreparation)
    assert isinstance(make_pipeline(gaps, data, reduce=1)["prepare"], TablePreparation)
    assert isinstance(make_pipeline(gaps, data, resample="smote")["prepare"], TablePreparation)


# --- texts ----------------------------------------------------------------------------------------


def test_texts_are_counted_reduced_and_classified(texts):
    pipeline = make_pipeline(LogisticRegression(), texts, reduce=3, random_state=0)
    assert isinstance(pipeline["reduce"], LatentWords)
    assert pipeline.fit(texts.X_train, texts.y_train).score(texts.X_test, texts.y_test) == 1
    bayes = make_pipeline(MultinomialNB(), texts).fit(texts.X_train, texts.y_train)
    assert bayes.score(texts.X_test, texts.y_test) == 1


def test_the_dummy_does_not_read_texts(texts):
    pipeline = make_pipeline("dummy", texts)
    assert pipeline["prepare"] == "passthrough"
    assert len(pipeline.fit(texts.X_train, texts.y_train).predict(texts.X_test)) == 40


# --- balance --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resample", "counts"), [("smote", [90, 90]), ("undersample", [10, 10])])
def test_only_the_rows_of_fit_are_resampled(rare, resample, counts):
    pipeline = make_pipeline("knn", rare, resample=resample, random_state=0)
    pipeline.fit(rare.X_train, rare.y_train)
    assert np.bincount(pipeline["model"]._y).tolist() == counts
    assert len(pipeline.predict(rare.X_test)) == 100


def test_balancing_finds_more_of_the_rare_class(rare):
    def found(resample):
        pipeline = make_pipeline("knn", rare, resample=resample, random_state=0)
        pipeline.fit(rare.X_train, rare.y_train)
        return pipeline.predict(rare.X_test[rare.y_test == 1]).sum()

    assert found("smote") > found(None)
    assert found("undersample") > found(None)


def test_images_and_texts_are_undersampled_as_they_are(texts):
    pictures = np.arange(12 * 4, dtype=np.uint8).reshape(12, 2, 2)
    y = np.array([0] * 9 + [1] * 3)
    X_new, y_new = Undersampler(random_state=0).fit_resample(pictures, y)
    assert X_new.shape == (6, 2, 2)
    assert X_new.dtype == np.uint8
    assert np.bincount(y_new).tolist() == [3, 3]
    for picture, label in zip(X_new, y_new, strict=True):
        assert (pictures[y == label] == picture).all(axis=(1, 2)).any()
    unequal = np.repeat([0, 1], [30, 10])
    strings, labels = Undersampler(random_state=0).fit_resample(texts.X_train, unequal)
    assert len(strings) == len(labels) == 20


def test_a_class_too_small_for_smote_is_named_when_built_and_when_fitted(rare):
    keep = np.r_[:90, 90:94]
    few = dataset(np.tile(rare.X_train[keep], (2, 1)), np.tile(rare.y_train[keep], 2))
    message = r"more than k_neighbors=5 rows of every class, but class 1 has 4"
    with pytest.raises(ValueError, match=message):
        make_pipeline("knn", few, resample="smote")
    pipeline = make_pipeline("knn", rare, resample="smote")
    with pytest.raises(ValueError, match=message):
        pipeline.fit(few.X_train, few.y_train)
    pipeline.set_params(resample__k_neighbors=3, resample__random_state=0)
    pipeline.fit(few.X_train, few.y_train)


# --- an estimator of the caller's own -------------------------------------------------------------


def test_an_estimator_object_is_prepared_as_its_name_is_and_left_alone(iris):
    mine = SVC(C=3)
    pipeline = make_pipeline(mine, iris, params={"gamma": 0.5}).fit(iris.X_train, iris.y_train)
    assert isinstance(pipeline["prepare"], StandardScaler)
    assert (pipeline["model"].C, pipeline["model"].gamma) == (3, 0.5)
    assert mine.gamma == "scale"
    assert not hasattr(mine, "support_")


def test_an_unknown_estimator_gets_rows_of_numbers(digits):
    pipeline = make_pipeline(GaussianNB(), digits)
    assert str(pipeline["prepare"]) == "FlattenImages()"
    assert pipeline.fit(digits.X_train, digits.y_train).score(digits.X_test, digits.y_test) > 0.7


# --- what is refused ------------------------------------------------------------------------------

REFUSED = [
    ({"model": "forrest"}, "did you mean 'forest'"),
    ({"model": SVC}, "must be a name in the registry or an estimator object"),
    ({"model": "svm", "task": "anomaly"}, r"anomaly of table data, but svm serves .*isolation"),
    ({"model": LogisticRegression(), "task": "regression"}, "LogisticRegression is made for anoth"),
    ({"model": "knn", "task": "guess"}, "task must be one of .* got task='guess'"),
    ({"model": "knn", "reduce": 0}, "reduce must be an integer >= 1 or .* got reduce=0"),
    ({"model": "knn", "reduce": 1.5}, "reduce must be .* got reduce=1.5"),
    ({"model": "knn", "resample": "rose"}, "resample must be .*'smote'.* got resample='rose'"),
    ({"model": "knn", "random_state": -1}, "random_state must be .* got random_state=-1"),
    ({"model": "knn", "params": {"neighbours": 3}}, "Invalid parameter 'neighbours'"),
    ({"model": "isolation", "task": "anomaly", "resample": "smote"}, "must be None for anomaly"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_cannot_be_built_is_said(iris, arguments, message):
    with pytest.raises(ValueError, match=message):
        make_pipeline(**arguments, data=iris)


def test_models_of_other_data_are_refused_with_those_that_fit(iris, digits, texts):
    with pytest.raises(ValueError, match=r"of table data, but cnn takes image; models .* forest"):
        make_pipeline("cnn", iris)
    for step in ({"reduce": 5}, {"resample": "smote"}):
        with pytest.raises(ValueError, match=f"{next(iter(step))} needs rows of numbers"):
            make_pipeline("cnn", digits, **step)
    with pytest.raises(ValueError, match="reduce must be an integer for text"):
        make_pipeline(LogisticRegression(), texts, reduce=0.5)
