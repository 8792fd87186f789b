"""Saving and loading: what comes back, what is refused, what a full disk leaves behind."""

from __future__ import annotations

import errno
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skrub import StringEncoder, TableVectorizer

from estimators import (
    IsolationForest,
    KNeighborsClassifier,
    LocalOutlierFactor,
    RandomForestClassifier,
    load,
    save,
)

X, Y = load_iris(return_X_y=True)


class Stranger(BaseEstimator):
    """An estimator of a package that nobody vouched for."""


def _rewrite(path: Path, change) -> None:
    """Apply ``change`` to every node of the schema inside a saved file."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    schema = json.loads(members["schema.json"])
    _walk(schema, change)
    members["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def _walk(node, change) -> None:
    children = node.values() if isinstance(node, dict) else node
    for child in list(children):
        if isinstance(child, (dict, list)):
            _walk(child, change)
    if isinstance(node, dict):
        change(node)


def _saved(model, tmp_path) -> Path:
    path = tmp_path / "model.skops"
    save(model, path)
    return path


@pytest.mark.parametrize(
    "model",
    [
        Pipeline([("prepare", StandardScaler()), ("model", KNeighborsClassifier())]),
        Pipeline([("resample", SMOTE(random_state=0)), ("model", RandomForestClassifier(5))]),
        KNeighborsClassifier(algorithm="ball_tree", p=1),
        KNeighborsClassifier(algorithm="kd_tree", metric="chebyshev"),
        LocalOutlierFactor(novelty=True),
        IsolationForest(n_estimators=5, max_features=0.5, random_state=0),
        GradientBoostingClassifier(n_estimators=2, random_state=0),
    ],
    ids=lambda model: str(model)[:40],
)
def test_a_saved_model_comes_back_with_the_same_predictions(model, tmp_path):
    seeded = {"model__random_state": 0} if "model__n_estimators" in model.get_params() else {}
    model.set_params(**seeded).fit(X, Y)
    loaded = load(_saved(model, tmp_path))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    if hasattr(model, "kneighbors"):
        np.testing.assert_array_equal(loaded.kneighbors(X)[0], model.kneighbors(X)[0])


def test_a_pipeline_over_a_mixed_table_comes_back(tmp_path):
    n = 60
    table = pd.DataFrame(
        {
            "number": np.arange(n) % 7.0,
            "missing": np.where(np.arange(n) % 5, np.arange(n), np.nan),
            "city": pd.Series(["Rio", "Oslo", None] * (n // 3), dtype="category"),
            "flag": np.arange(n) % 2 == 0,
            "day": pd.date_range("2020-01-01", periods=n),
            "text": [f"word{i} word{i % 9} and{i * i}" for i in range(n)],
        }
    )
    model = Pipeline(
        [
            ("prepare", TableVectorizer(high_cardinality=StringEncoder(random_state=0))),
            ("model", RandomForestClassifier(5)),
        ]
    )
    model.set_params(model__random_state=0).fit(table, np.arange(n) % 3)
    loaded = load(_saved(model, tmp_path))
    np.testing.assert_array_equal(loaded.predict(table), model.predict(table))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("sklearn.datasets._base", "Path"),
        ("sklearn.utils._testing", "TempMemmap"),
        ("skrub._table_vectorizer", "no_such_name"),
        ("estimators.persistence", "save"),
        ("estimators.no_such_module", "Model"),
    ],
)
def test_a_file_that_names_anything_but_known_estimators_is_refused(module, name, tmp_path):
    path = _saved(FunctionTransformer(np.sqrt), tmp_path)

    def smuggle(node):
        if node.get("__loader__") == "FunctionNode":
            node.update(__module__=module, __class__=name)

    _rewrite(path, smuggle)
    with pytest.raises(ValueError, match=rf"does not trust: {module}\.{name}\. Nothing was loaded"):
        load(path)


def test_a_changed_class_is_refused_before_it_is_made(tmp_path):
    path = _saved(KNeighborsClassifier().fit(X, Y), tmp_path)

    def swap(node):
        if node.get("__class__") == "KNeighborsClassifier":
            node.update(__module__="subprocess", __class__="Popen")

    _rewrite(path, swap)
    with pytest.raises(ValueError, match=r"does not trust: subprocess\.Popen"):
        load(path)


def test_a_stranger_is_loaded_only_by_name(tmp_path):
    path = _saved(Stranger(), tmp_path)
    name = f"{Stranger.__module__}.Stranger"
    with pytest.raises(ValueError, match="Stranger"):
        load(path)
    assert isinstance(load(path, trusted=[name]), Stranger)


def _edited_arrays(path: Path, edit) -> None:
    """Apply ``edit`` to every array inside a saved file."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            if name.endswith(".npy"):
                buffer = io.BytesIO()
                np.save(buffer, edit(np.load(io.BytesIO(content))))
                content = buffer.getvalue()
            new.writestr(name, content)


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 10**6)]
)
def test_a_decision_tree_that_points_outside_of_itself_is_refused(field, value, tmp_path):
    path = _saved(RandomForestClassifier(2, random_state=0).fit(X, Y), tmp_path)

    def edit(array):
        if array.dtype.names:
            array[field][0] = value
        return array

    _edited_arrays(path, edit)
    with pytest.raises(ValueError, match="point outside of it"):
        load(path)


@pytest.mark.parametrize(
    ("model", "key", "value", "message"),
    [
        (RandomForestClassifier(2), "max_depth", "0", "point outside of it"),
        (RandomForestClassifier(2), "n_features_in_", "2", "decision tree"),
        (IsolationForest(n_estimators=2, max_features=0.5), "n_features_in_", "1", "decision tree"),
    ],
)
def test_a_forest_of_the_wrong_size_is_refused(model, key, value, message, tmp_path):
    path = _saved(model.set_params(random_state=0).fit(X, Y), tmp_path)

    def edit(node):
        if key in node and isinstance(node[key], dict) and node[key].get("content") != "null":
            # A new id: skops reads nodes of one id once, and small integers share theirs.
            node[key] = {**node[key], "content": value, "__id__": id(node)}

    _rewrite(path, edit)
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_neighbour_tree_with_wild_indices_is_built_again(tmp_path):
    model = KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)
    path = _saved(model, tmp_path)
    index = np.asarray(model._tree.get_arrays()[1])

    def edit(array):
        same = (
            array.shape == index.shape and array.dtype == index.dtype and set(array) == set(index)
        )
        return array + 10**9 if same else array

    _edited_arrays(path, edit)
    np.testing.assert_array_equal(load(path).predict(X), model.predict(X))


@pytest.mark.parametrize("content", [b"", b"no zip archive", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_model_is_refused(content, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"must be an undamaged model file"):
        load(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = _saved(KNeighborsClassifier().fit(X, Y), tmp_path)
    _rewrite(path, lambda node: node.pop("__loader__", None))
    with pytest.raises(ValueError, match=r"must be an undamaged model file"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.skops"):
        load(tmp_path / "nowhere.skops")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"save: .*nowhere/m\.skops could not be written"):
        save(KNeighborsClassifier(), tmp_path / "nowhere" / "m.skops")


def test_a_full_disk_leaves_the_older_file_and_no_remains(tmp_path, monkeypatch):
    path = _saved(KNeighborsClassifier(3), tmp_path)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        OSError, match=r"model\.skops could not be written: No space left"
    ) as caught:
        save(KNeighborsClassifier(4), path)
    assert caught.value.errno == errno.ENOSPC
    assert [p.name for p in tmp_path.iterdir()] == ["model.skops"]
    assert load(path).n_neighbors == 3
