"""Each planted fault is flagged, by the guard that it is for; clean data sets are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets as sk
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pipelines import Dataset, load_dataset
from search.disk import RunError
from search.finding import GUARDS
from search.guards import Finding, check_data, check_run, found_in, guard
from search.statistics import Estimate, PairedTest

CLEAN = (
    "iris", "wine", "breast-cancer", "digits", "moons",
    "mnist", "usps", "animals3", "ag-news", "satimage", "abalone", "credit-default",
    "smiles", "pima", "glass", "temperature-delhi", "heart-sounds",
)  # fmt: skip
BUNDLED = CLEAN[:5]
FLAWED = {"sms-spam": "duplicates", "wine-quality": "duplicates", "ionosphere": "shift"}


def warnings_of(found: list[Finding]) -> set[str]:
    return {finding.guard for finding in found if finding.severity == "warning"}


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_data_set_is_not_flagged(name, request):
    if name not in BUNDLED:
        request.getfixturevalue("data_home")
    assert warnings_of(check_data(load_dataset(name))) == set()


@pytest.mark.parametrize(("name", "guard"), FLAWED.items())
def test_the_flaw_of_a_published_data_set_is_found(name, guard, data_home):
    assert guard in warnings_of(check_data(load_dataset(name)))


def test_common_rows_of_coarse_columns_are_noted_only(data_home):
    found = check_data(load_dataset("adult"))
    assert [(f.guard, f.severity) for f in found] == [("duplicates", "note")]


def _split(X, y, *, task: str = "classification", kind: str = "table", **more) -> Dataset:
    """Split at random; what comes in ``more`` with one entry a row is put in the same order."""
    rows = np.arange(len(y))
    train, test = train_test_split(rows, test_size=0.2, random_state=0)
    order = np.concatenate([train, test])
    more = {key: np.asarray(value)[order] for key, value in more.items()}
    take = (lambda part: X.iloc[part]) if isinstance(X, pd.DataFrame) else (lambda part: X[part])
    return Dataset(
        name="planted", task=task, kind=kind, X_train=take(train), y_train=y[train],
        X_test=take(test), y_test=y[test], **more,
    )  # fmt: skip


def _cancer() -> tuple[np.ndarray, np.ndarray]:
    return sk.load_breast_cancer(return_X_y=True)


def _diabetes() -> tuple[np.ndarray, np.ndarray]:
    return sk.load_diabetes(return_X_y=True, scaled=False)


def _with_column(X: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.column_stack([X, column])


def duplicated_rows() -> Dataset:
    X, y = sk.load_wine(return_X_y=True)
    again = np.random.default_rng(0).choice(len(y), 40)
    return _split(np.concatenate([X, X[again]]), np.concatenate([y, y[again]]))


def oversampled_before_the_split() -> Dataset:
    X, y = _cancer()
    rare = np.flatnonzero(y == 0)
    rows = np.concatenate([np.arange(len(y)), np.repeat(rare, 6)])
    return _split(X[rows], y[rows])


def duplicated_images() -> Dataset:
    data = load_dataset("digits")
    return replace(
        data,
        X_train=np.concatenate([data.X_train, data.X_test[:20]]),
        y_train=np.concatenate([data.y_train, data.y_test[:20]]),
    )


def noisy_copies_of_images() -> Dataset:
    data = load_dataset("digits")
    noise = np.random.default_rng(0).integers(0, 2, size=data.X_test[:30].shape)
    dimmed = np.clip(data.X_test[:30].astype(int) - noise, 0, 16).astype(data.X_train.dtype)
    return replace(
        data,
        X_train=np.concatenate([data.X_train, dimmed]),
        y_train=np.concatenate([data.y_train, data.y_test[:30]]),
    )


def jittered_copies_of_rows() -> Dataset:
    X, y = _cancer()
    again = np.random.default_rng(0).choice(len(y), 60, replace=False)
    jitter = 1 + 0.002 * np.random.default_rng(1).normal(size=(60, X.shape[1]))
    return _split(np.concatenate([X, X[again] * jitter]), np.concatenate([y, y[again]]))


def repeated_texts() -> Dataset:
    words = ["sale", "offer", "meeting", "lunch", "report", "free", "prize", "call", "late", "bus"]
    rng = np.random.default_rng(0)
    texts = np.array([" ".join(rng.choice(words, 9)) for _ in range(200)], dtype=object)
    again = np.array([text.upper() + " " for text in texts[:50]], dtype=object)
    labels = np.arange(200) % 2
    return _split(
        np.concatenate([texts, again]), np.concatenate([labels, labels[:50]]), kind="text"
    )


def copied_target() -> Dataset:
    X, y = _diabetes()
    return _split(_with_column(X, 2 * y + 1), y, task="regression")


def target_copied_with_noise() -> Dataset:
    X, y = _diabetes()
    noise = 0.2 * y.std() * np.random.default_rng(0).normal(size=len(y))
    return _split(_with_column(X, y + noise), y, task="regression")


def class_copied_with_noise() -> Dataset:
    X, y = sk.make_classification(600, flip_y=0.3, random_state=0)
    return _split(_with_column(X, y + 0.25 * np.random.default_rng(0).normal(size=600)), y)


def class_in_a_column_of_words() -> Dataset:
    X, y = sk.make_classification(600, flip_y=0.3, random_state=0)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return _split(frame.assign(status=np.where(y == 1, "left", "stays")), y)


def row_numbers() -> Dataset:
    X, y = _cancer()
    order = np.argsort(y + np.random.default_rng(0).normal(size=len(y)))
    return _split(_with_column(X[order], 1000 + np.arange(len(y))), y[order])


def customer_names() -> Dataset:
    X, y = _cancer()
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return _split(frame.assign(customer=[f"C{i:05}" for i in range(len(y))]), y)


def cut_groups() -> Dataset:
    X, y = _cancer()
    return _split(X, y, groups=np.arange(len(y)) // 5)


def cut_time() -> Dataset:
    X, y = _diabetes()
    days = np.datetime64("2026-01-01") + np.arange(len(y))
    return _split(X, y, task="regression", time_index=days)


def standardised_before_the_split() -> Dataset:
    X, y = _cancer()
    return _split(StandardScaler().fit_transform(X), y)


def scaled_before_the_split() -> Dataset:
    X, y = _cancer()
    return _split(MinMaxScaler().fit_transform(X), y)


def rotated_before_the_split() -> Dataset:
    X, y = _cancer()
    return _split(PCA(10, whiten=True).fit_transform(X), y)


def imputed_before_the_split() -> Dataset:
    X, y = _diabetes()
    holes = np.random.default_rng(0).random(X.shape) < 0.1
    return _split(SimpleImputer().fit_transform(np.where(holes, np.nan, X)), y, task="regression")


def sorted_by_class() -> Dataset:
    X, y = _cancer()
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    return Dataset(name="planted", task="classification", kind="table", X_train=X[:450],
                   y_train=y[:450], X_test=X[450:], y_test=y[450:])  # fmt: skip


def sorted_by_target() -> Dataset:
    X, y = _diabetes()
    order = np.argsort(y)
    X, y = X[order], y[order]
    return Dataset(name="planted", task="regression", kind="table", X_train=X[:350],
                   y_train=y[:350], X_test=X[350:], y_test=y[350:])  # fmt: skip


def a_class_for_the_test_only() -> Dataset:
    data = load_dataset("iris")
    keep = data.y_train != data.y_train.max()
    return replace(data, X_train=data.X_train[keep], y_train=data.y_train[keep])


PLANTED: list[tuple[Callable[[], Dataset], str]] = [
    (duplicated_rows, "duplicates"),
    (oversampled_before_the_split, "duplicates"),
    (duplicated_images, "duplicates"),
    (repeated_texts, "duplicates"),
    (noisy_copies_of_images, "near duplicates"),
    (jittered_copies_of_rows, "near duplicates"),
    (copied_target, "giveaway"),
    (target_copied_with_noise, "giveaway"),
    (class_copied_with_noise, "giveaway"),
    (class_in_a_column_of_words, "giveaway"),
    (row_numbers, "row numbers"),
    (customer_names, "row numbers"),
    (cut_groups, "groups"),
    (cut_time, "time"),
    (standardised_before_the_split, "prepared on all rows"),
    (scaled_before_the_split, "prepared on all rows"),
    (rotated_before_the_split, "prepared on all rows"),
    (imputed_before_the_split, "prepared on all rows"),
    (sorted_by_class, "shift"),
    (sorted_by_target, "shift"),
    (a_class_for_the_test_only, "unseen classes"),
]


@pytest.mark.parametrize(
    ("plant", "guard"), [pytest.param(*case, id=case[0].__name__) for case in PLANTED]
)
def test_a_planted_fault_is_flagged(plant, guard):
    assert guard in warnings_of(check_data(plant()))


def test_what_the_faults_were_planted_in_is_clean():
    for X, y, task in ((*_cancer(), "classification"), (*_diabetes(), "regression")):
        assert check_data(_split(X, y, task=task)) == []
    assert check_data(_split(*sk.make_classification(600, flip_y=0.3, random_state=0))) == []


@pytest.mark.parametrize("seed", range(5))
def test_pure_noise_is_clean(seed):
    rng = np.random.default_rng(seed)
    assert check_data(_split(rng.normal(size=(300, 6)), rng.integers(3, size=300))) == []


def test_preparation_fitted_on_the_training_part_is_clean():
    X, y = _cancer()
    data = _split(X, y)
    for prepare in (StandardScaler(), MinMaxScaler(), PCA(10)):
        prepare.fit(data.X_train)
        ready = replace(
            data, X_train=prepare.transform(data.X_train), X_test=prepare.transform(data.X_test)
        )
        assert check_data(ready) == []


def test_a_copy_among_many_large_images_is_found(data_home):
    data = load_dataset("mnist")
    noise = np.random.default_rng(0).normal(0, 8, size=data.X_test[:600].shape)
    copies = np.clip(data.X_test[:600] * 0.95 + noise, 0, 255).astype(np.uint8)
    planted = replace(
        data,
        X_train=np.concatenate([data.X_train, copies]),
        y_train=np.concatenate([data.y_train, data.y_test[:600]]),
    )
    found = {f.guard: f.number for f in check_data(planted)}
    assert found["near duplicates"] == pytest.approx(0.06, abs=0.025)


def test_the_number_is_the_share_of_rows():
    data = duplicated_images()
    duplicates = next(f for f in check_data(data) if f.guard == "duplicates")
    assert duplicates.number == pytest.approx(20 / 360)
    assert "20 of 360 test rows (5.6%)" in duplicates.sentence


@pytest.mark.parametrize("dtype", ["datetime64[us]", "str"])
def test_a_date_that_a_random_split_ignores_is_noted(dtype):
    X, y = _diabetes()
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    frame["visit"] = pd.date_range("2026-01-01", periods=len(y)).astype(dtype)
    found = check_data(_split(frame, y, task="regression"))
    assert [(f.guard, f.severity) for f in found] == [("dates", "note")]
    assert "'visit'" in found[0].sentence


def test_missing_values_and_words_do_not_disturb():
    X, y = _cancer()
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    frame = frame.mask(np.random.default_rng(0).random(frame.shape) < 0.1)
    frame["empty"] = np.nan
    frame["site"] = np.where(np.arange(len(y)) % 3 == 0, "A", None)
    assert check_data(_split(frame, y)) == []


@pytest.mark.parametrize("n", [1, 5, 15])
def test_a_handful_of_rows_is_no_error(n):
    X, y = np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 2
    data = Dataset(name="few", task="classification", kind="table", X_train=X, y_train=y,
                   X_test=X[:1] + 0.5, y_test=y[:1])  # fmt: skip
    assert check_data(data) == []


def _test_of(value: float, half: float = 0.02) -> Estimate:
    return Estimate(value, value - half, value + half, "Wilson")


@pytest.mark.parametrize(
    ("metric", "folds", "test", "flagged"),
    [
        ("accuracy", [0.80, 0.82, 0.79, 0.81], 0.99, True),
        ("accuracy", [0.80, 0.82, 0.79, 0.81], 0.84, False),
        ("accuracy", [0.60, 0.98, 0.70, 0.90], 0.99, False),
        ("accuracy", [0.80, 0.82, 0.79, 0.81], 0.60, False),
        ("accuracy", [0.80], 0.99, False),
        ("log_loss", [-0.50, -0.52, -0.48], -0.05, True),
        ("log_loss", [-0.50, -0.52, -0.48], -0.45, False),
        ("r2", [0.2, 0.25, 0.22], 0.95, True),
        ("accuracy", [0.8, np.nan, 0.81], float("nan"), False),
    ],
)
def test_a_test_score_far_above_validation_is_flagged(metric, folds, test, flagged):
    found = check_run(metric, {"knn": folds}, {"knn": _test_of(test)})
    assert [f.guard for f in found] == ["test above validation"] * flagged


def _pair(first: str, second: str, difference: float, adjusted: float) -> PairedTest:
    return PairedTest(first, second, "accuracy", difference, 0, 0, adjusted, adjusted, 0, "")


@pytest.mark.parametrize(
    ("pair", "flagged"),
    [
        (_pair("dummy", "mlp", -0.5, 1e-9), False),
        (_pair("mlp", "dummy", 0.5, 1e-9), False),
        (_pair("dummy", "mlp", -0.01, 0.4), True),
        (_pair("mlp", "dummy", 0.01, 0.4), True),
        (_pair("mlp", "dummy", -0.3, 1e-9), True),
        (_pair("mlp", "knn", 0.0, 1.0), False),
    ],
)
def test_a_net_that_scores_like_the_dummy_is_flagged(pair, flagged):
    found = check_run("accuracy", {}, {}, [pair])
    assert ["mlp is not better than the dummy" in f.sentence for f in found] == [True] * flagged


def test_every_guard_says_what_to_do_and_links_to_a_section_that_exists():
    page = (Path(__file__).parents[1] / "docs" / "honesty.md").read_text()
    headings = set(re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE))
    anchors = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
    one_of_each = {guard: plant for plant, guard in PLANTED}
    found = [finding for plant in one_of_each.values() for finding in check_data(plant())]
    found += check_run("accuracy", {"knn": [0.8, 0.81, 0.8]}, {"knn": _test_of(0.99)})
    found += check_run("accuracy", {}, {}, [_pair("mlp", "dummy", 0.0, 1.0)])
    assert {f.guard for f in found} | {"dates"} == set(GUARDS)
    for finding in found:
        assert finding.section in headings
        assert finding.link.partition("docs/honesty.md#")[2] in anchors
        assert finding.sentence.endswith(".")
        assert finding.advice.endswith(".")


def test_what_is_found_is_written_down_once_and_read_again(tmp_path):
    data = duplicated_images()
    found = guard(tmp_path, data)
    assert found == check_data(data) == found_in(tmp_path)
    assert guard(tmp_path, load_dataset("iris")) == found


def test_a_run_that_was_not_looked_at_is_told_from_a_clean_one(tmp_path):
    assert found_in(tmp_path) is None
    guard(tmp_path, load_dataset("wine"))
    assert found_in(tmp_path) == []


def test_a_damaged_file_of_findings_is_refused_by_name(tmp_path):
    (tmp_path / "guards.json").write_text('[{"guard": "time"}]')
    with pytest.raises(RunError, match=r"guards\.json is damaged"):
        found_in(tmp_path)


def test_a_long_name_of_a_column_is_cut():
    X, y = _cancer()
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    found = check_data(_split(frame.assign(**{"n" * 10_000: y + 0.0}), y))
    assert [f.guard for f in found] == ["giveaway"]
    assert len(found[0].sentence) < 300


ODD = {
    "mixed objects": lambda n: np.array([1, "a", None, 2.5] * n, dtype=object)[:n],
    "all missing": lambda n: np.full(n, None, dtype=object),
    "nullable whole numbers": lambda n: pd.array([1, None] * n, dtype="Int64")[:n],
    "nullable truth": lambda n: pd.array([True, None, False] * n, dtype="boolean")[:n],
    "categories": lambda n: pd.Categorical(["a", "b"] * n)[:n],
    "zoned times": lambda n: pd.date_range("2026-01-01", periods=n, freq="h", tz="Europe/Rome"),
    "durations": lambda n: pd.to_timedelta(np.arange(n), unit="h"),
    "empty words": lambda n: [""] * n,
    "infinities": lambda n: [np.inf, -np.inf, 1.0, np.nan] * (n // 4),
    "huge numbers": lambda n: np.geomspace(1e-300, 1e300, n),
}


@pytest.mark.parametrize("odd", ODD)
def test_no_column_makes_a_guard_stumble(odd):
    frame = pd.DataFrame({"odd": ODD[odd](120), "x": np.arange(120) % 7})
    for task, y in (("classification", np.arange(120) % 2), ("regression", np.arange(120) / 7)):
        assert isinstance(check_data(_split(frame, y, task=task)), list)
