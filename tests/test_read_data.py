"""A user's own data: what is inferred is right and stated, what is wrong is named with its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipelines import make_pipeline, read_data


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write_file(content: str | bytes, name: str = "mine.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def customers(n: int = 120) -> pd.DataFrame:
    """Return a table with a column of every kind and a target that depends on two of them."""
    rng = np.random.default_rng(0)
    age, plan = rng.integers(18, 80, n), rng.choice(["basic", "plus", "pro"], n)
    frame = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "age": age,
            "plan": plan,
            "since": rng.choice(pd.date_range("2019-03-01", periods=400).strftime("%d/%m/%Y"), n),
            "complaint": [f"the parcel {i} came too late" for i in rng.integers(0, 999, n)],
            "country": "here",
            "churn": np.where((age > 50) ^ (plan == "basic"), "yes", "no"),
        }
    )
    frame.loc[:4, "plan"] = None
    return frame


def days(n: int = 100) -> pd.DataFrame:
    """Return a daily series with a second column of numbers and one of names."""
    return pd.DataFrame(
        {
            "day": pd.date_range("2021-01-01", periods=n).strftime("%Y-%m-%d"),
            "sold": np.arange(n) * 1.5,
            "price": np.arange(n) % 7 + 0.25,
            "shop": np.where(np.arange(n) % 2, "north", "south"),
        }
    )


# --- tables ---------------------------------------------------------------------------------------


def test_a_mixed_table_is_understood_and_said(write):
    data = read_data(write(customers().to_csv(index=False)), target="churn")
    assert (data.name, data.task, data.kind) == ("mine", "classification", "table")
    assert data.target_names == ("no", "yes")
    assert list(data.X_train) == ["age", "plan", "since", "complaint"] == list(data.feature_names)
    assert data.notes == (
        "The task is classification, because 'churn' holds 2 different names; another one can be "
        "asked for.",
        "Left out, being the same in every row: 'country'.",
        "Left out, being a row number: 'id'.",
        "Columns read as category: 'plan'.",
        "Columns read as date: 'since'.",
        "Columns read as number: 'age'.",
        "Columns read as text: 'complaint'.",
        "Missing values, filled in where a model cannot take them: 5.",
        "The test part is a stratified fifth (seed 0): 24 of 120 rows.",
    )
    pipeline = make_pipeline("forest", data, random_state=0).fit(data.X_train, data.y_train)
    assert pipeline.score(data.X_test, data.y_test) > 0.7


def test_the_same_table_in_any_form_gives_the_same_data(write, tmp_path):
    frame = customers()
    frame.to_parquet(tmp_path / "mine.parquet")
    forms = [
        write(frame.to_csv(index=False)),
        write(frame.to_csv(index=False, sep="\t"), "mine.tsv"),
        write(frame.to_csv(index=False, sep=";"), "semicolons.csv"),
        write(frame.to_csv(index=False).replace("\n", "\r\n"), "windows.csv"),
        write("\ufeff" + frame.to_csv(index=False), "mark.csv"),
        write(gzip.compress(frame.to_csv(index=False).encode()), "mine.csv.gz"),
        write(frame.to_csv(index=False).encode("utf-16"), "wide.csv"),
        tmp_path / "mine.parquet",
    ]
    prints = {
        read_data(
            path, target="churn", encoding="utf-16" if path.stem == "wide" else "utf-8"
        ).fingerprint
        for path in forms
    }
    assert len(prints) == 1


TARGETS = [
    # values, task, type of a label
    (["a", "b", "c"] * 20, "classification", "U"),
    ([True, False] * 30, "classification", "U"),
    ([3, 4, 5] * 20, "classification", "i"),
    ([1.0, 2.0] * 30, "classification", "i"),
    (list(range(60)), "regression", "f"),
    ([i + 0.5 for i in range(60)], "regression", "f"),
    ([0.5, 1.5] * 30, "regression", "f"),
]


@pytest.mark.parametrize(("values", "task", "letter"), TARGETS)
def test_the_task_follows_from_the_target(write, values, task, letter):
    frame = pd.DataFrame({"x": np.arange(60.0) ** 2, "y": values})
    data = read_data(write(frame.to_csv(index=False)), target="y")
    assert data.task == task
    assert data.y_train.dtype.kind == letter
    assert (data.target_names is None) == (task == "regression")


def test_another_task_can_be_asked_for(write):
    path = write(pd.DataFrame({"x": np.arange(60) ** 2, "y": [3, 4, 5] * 20}).to_csv(index=False))
    assert read_data(path, target="y", task="regression").y_train.dtype == np.float64
    grouped = read_data(path, task="clustering")
    assert list(grouped.X_train) == ["x", "y"]
    assert not grouped.y_train.any()


def test_anomalies_are_the_rarer_value_and_all_of_them_judge(write):
    frame = pd.DataFrame({"x": np.arange(100) ** 2, "state": ["ok"] * 90 + ["broken"] * 10})
    data = read_data(write(frame.to_csv(index=False)), target="state", task="anomaly")
    assert not data.y_train.any()
    assert np.bincount(data.y_test).tolist() == [18, 10]
    assert data.target_names == ("normal", "abnormal")
    assert "'broken' of 'state', the rarer value, means abnormal." in data.notes


def test_rows_without_a_target_are_left_out_and_counted(write):
    frame = customers()
    frame.loc[[3, 50], "churn"] = None
    data = read_data(write(frame.to_csv(index=False)), target="churn")
    assert len(data.y_train) + len(data.y_test) == 118
    assert "Rows without 'churn', left out: 2." in data.notes


def test_groups_are_not_cut_and_are_no_feature(write):
    frame = customers().assign(person=np.arange(120) // 4)
    data = read_data(write(frame.to_csv(index=False)), target="churn", groups="person")
    train, test = np.split(data.groups, [len(data.y_train)])
    assert not set(train) & set(test)
    assert "person" not in data.feature_names
    assert "a fifth of the groups, none of which trains" in data.notes[-1]


def test_texts_alone_are_strings(write):
    frame = pd.DataFrame(
        {
            "title": [f"Title {i} of three words" for i in range(40)],
            "body": [None if i == 7 else f"Body text {i}, it says" for i in range(40)],
            "label": [0, 1] * 20,
        }
    )
    data = read_data(write(frame.to_csv(index=False)), target="label")
    assert data.kind == "text"
    assert data.feature_names == ("title", "body")
    texts = {*data.X_train, *data.X_test}
    assert "Title 3 of three words Body text 3, it says" in texts
    assert "Title 7 of three words " in texts


def test_a_question_mark_is_a_missing_value_and_decimal_commas_are_read(write):
    rows = [f"{i},5;{'?' if i == 3 else i};{i % 2}" for i in range(40)]
    data = read_data(write("\n".join(["a;b;y", *rows])), target="y")
    both = pd.concat([data.X_train, data.X_test])
    assert sorted(both["a"]) == [i + 0.5 for i in range(40)]
    assert both["b"].isna().sum() == 1


# --- series ---------------------------------------------------------------------------------------


def test_numbers_along_days_are_forecast_from_the_day_before(write):
    data = read_data(write(days().to_csv(index=False)), target="sold")
    assert (data.task, data.kind) == ("forecasting", "series")
    assert data.feature_names[:2] == ("sold one step before", "sold 2 steps before")
    assert data.feature_names[data.n_lags :] == ("price one step before", "time in days")
    np.testing.assert_array_equal(data.X_train[1:, 0], data.y_train[:-1])
    assert data.X_test[0, 0] == data.y_train[-1]
    assert len(data.y_test) == 19
    assert str(data.time_index[0])[:10] == "2021-01-02"
    assert "one step (1 days) before the 'sold'" in data.notes[1]
    assert data.notes[2] == "Left out, being no measured numbers: 'shop'."


@pytest.mark.parametrize("order", [slice(None, None, -1), np.random.RandomState(0).permutation(98)])
def test_a_series_in_any_order_with_gaps_is_ordered_and_filled_from_the_past_only(write, order):
    frame = days()
    frame.loc[10:11, "sold"] = np.nan
    frame = frame.drop(index=[40, 41])
    data = read_data(write(frame.iloc[order].to_csv(index=False)), target="sold")
    assert (np.diff(data.time_index) > np.timedelta64(0)).all()
    assert data.y_train[7:10].tolist() == [12.0, 13.5, 18.0]  # what is filled in is no target
    assert data.X_train[9, :4].tolist() == [13.5, 13.5, 13.5, 12.0]
    assert np.diff(data.time_index[8:10]) == np.timedelta64(3, "D")
    assert "Rows without 'sold', neither learnt from nor judged: 2." in data.notes
    assert "Steps of another length: 1. Missing time stamps are not filled in." in data.notes
    assert "Missing numbers, which carry the last known value: 2." in data.notes


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "B", "h"])
def test_months_quarters_years_and_working_days_are_even_steps(write, freq):
    when = pd.date_range("1950-01-01", periods=70, freq=freq)
    frame = pd.DataFrame({"when": when, "sold": np.arange(70) * 1.5})
    data = read_data(write(frame.to_csv(index=False)), target="sold")
    assert (data.task, data.kind) == ("forecasting", "series")
    gaps = [note for note in data.notes if "Steps of another length" in note]
    assert bool(gaps) == (freq == "B")
    assert ("about" in data.notes[1]) == (freq not in "Bh")
    if freq == "MS":
        months = frame.assign(when=when.strftime("%Y-%m"))
        same = read_data(write(months.to_csv(index=False)), target="sold")
        np.testing.assert_array_equal(same.X_train, data.X_train)


def test_dates_of_events_are_no_even_steps(write):
    rng = np.random.RandomState(0)
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.choice(900, 300, False), unit="D")
    frame = pd.DataFrame({"when": when, "size": rng.normal(size=300), "paid": rng.normal(size=300)})
    assert read_data(write(frame.to_csv(index=False)), target="paid").task == "regression"


def test_a_time_column_orders_other_tasks_too(write):
    frame = days().sample(frac=1, random_state=0)
    path = write(frame.to_csv(index=False))
    data = read_data(path, target="shop", time="day")
    assert (data.task, data.kind) == ("classification", "table")
    assert (np.diff(data.time_index) > np.timedelta64(0)).all()
    assert "the last fifth in time" in data.notes[-1]
    regression = read_data(path, target="sold", task="regression", time="day")
    assert regression.y_test.min() > regression.y_train.max()


SERIES_FAULTS = [
    (lambda f: pd.concat([f, f.tail(1)]), {"time": "day"}, r"once, but '2021-04-10.* one series"),
    (lambda f: f.head(8), {"time": "day"}, "at least 10 rows with all numbers known, got 8"),
    (lambda f: f.assign(day="x"), {"time": "day"}, "time must name a column of dates or numbers"),
    (
        lambda f: f.assign(day=f["day"].where(f.index != 5)),
        {"time": "day"},
        "'day' is missing in 1 rows, first in row 6",
    ),
    (lambda f: f.assign(day="x"), {"task": "forecasting"}, "time must name .* none|no column"),
    (lambda f: f, {"target": "shop", "task": "forecasting"}, "'shop' does not"),
    (lambda f: pd.concat([f, f.tail(1)]), {}, "row 101 of 'day' holds '2021-04-10' once more; a"),
    (lambda f: f.assign(day=f["day"].where(f.index != 5)), {}, "even steps, but row 6 .* empty"),
    (
        lambda f: f.assign(day=f["day"].astype(str).where(f.index != 5, "soon")),
        {"task": "forecasting"},
        "row 6 of 'day' holds 'soon'; .* task='regression' to take",
    ),
    (
        lambda f: f.assign(sold=f["sold"].astype(str).where(f.index != 5, "-?")),
        {},
        "target must hold numbers or names, but row 6 of 'sold' holds '-\\?'",
    ),
]


@pytest.mark.parametrize(("change", "arguments", "message"), SERIES_FAULTS)
def test_a_series_that_cannot_be_used_says_why(write, change, arguments, message):
    path = write(change(days()).to_csv(index=False))
    with pytest.raises(ValueError, match=message):
        read_data(path, **{"target": "sold", **arguments})


# --- what is wrong with a table -------------------------------------------------------------------

TABLE_FAULTS = [
    ("", "empty"),
    ("\n \n", "empty"),
    ("a,b\n", "must hold rows of data, but has only the names of columns"),
    ("a,b\n1,2\n3\n", r"mine\.csv, line 3: every row must have 2 fields .* got 1"),
    ("a,b\n1,2\n\n3,4,5\n", r"line 4: every row must have 2 fields .* got 3"),
    ('a,b\n"1\n2",3\n4,5,6\n', r"line 4: every row must have 2 fields .* got 3"),
    ("a,b,a\n1,2,3\n", r"line 1: .* name of its own, but 'a' stands over columns 1, 3"),
    ("1,2\n3,4\n", r"line 1: the first line must name the columns, but holds numbers only"),
    ("a,b\n1\n", r"got 1; a value is missing, or a ','"),
    ("a,b\n1,2,3\n", r"got 3; put quotes around a value that holds a ','"),
    ('a,b,c\n1,"x,2\n3,y,4\n', r"line 2: .* got 2; a quote that is opened in that line is not"),
    (bytes(range(256)), r"line 2: a table must be text, but there are bytes that no text holds"),
    ("a,b\n1,\0\n", r"line 2: a table must be text"),
    ("a,b\n1,x\n2,caf\xe9\n".encode("latin-1"), r"line 3: byte 0xe9 is not utf-8; .*'cp1252'"),
    ("a,b\n1,2\n".encode("utf-16"), r"line 1: byte 0xff is not utf-8; .*encoding='utf-16'"),
    ("a,b\n1,inf\n2,3\n", "column 'b' must hold finite numbers, but its row 1 is infinite"),
    ("a,b\n" + "1,2\n2,2\n" * 20, "at least two different values, but all 40 rows hold '2'"),
    ("a,b\n" + "1,2\n1,3\n" * 20, "a column that varies besides the target, got none"),
    ("a,b\n" + "".join(f"{i},n{i}\n" for i in range(40)), r"5 rows for each class on average"),
]


@pytest.mark.parametrize(("content", "message"), TABLE_FAULTS)
def test_a_table_that_cannot_be_read_says_where(write, content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_data(write(content), target="b")
    assert "\n" not in str(caught.value)


ARGUMENT_FAULTS = [
    ({}, r"target must name the column to predict; the columns are 'id', 'age'.* 2 more"),
    ({"target": "chrun"}, "no 'chrun'; did you mean 'churn'"),
    ({"target": "churn", "groups": "persn"}, "groups must name a column"),
    ({"target": "churn", "time": "sinc"}, "time must name a column.*'since'"),
    ({"target": "churn", "task": "guess"}, "read_data: task must be one of 'auto'"),
    ({"target": "churn", "task": "regression"}, "must hold numbers for regression, 'churn' does"),
    ({"target": "plan", "task": "anomaly"}, "two different values for anomaly.*'plan' holds 3"),
    ({"target": "churn", "encoding": "utf-9"}, "encoding must be one that Python knows"),
]


@pytest.mark.parametrize(("arguments", "message"), ARGUMENT_FAULTS)
def test_a_wrong_argument_is_named(write, arguments, message):
    with pytest.raises(ValueError, match=message):
        read_data(write(customers().to_csv(index=False)), **arguments)


def test_another_file_or_none_is_refused(write, tmp_path):
    with pytest.raises(ValueError, match=r"path must name a file .*absent\.csv does not exist"):
        read_data(tmp_path / "absent.csv", target="y")
    with pytest.raises(ValueError, match="save a spreadsheet as CSV"):
        read_data(write("x", "mine.xlsx"), target="y")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.parquet", r"mine\.parquet must be an undamaged Parquet file, as its ending says"),
        ("mine.csv.gz", r"mine\.csv\.gz must be an undamaged gzip file, as its ending says"),
    ],
)
def test_a_file_that_is_not_what_its_ending_says_is_refused_by_name(write, name, message):
    with pytest.raises(ValueError, match=message):
        read_data(write("a,b\n1,2\n", name), target="b")


def test_very_long_and_odd_names_stay_short_in_messages_and_whole_in_the_data(write):
    name, label = "<script>" + "n" * 10_000, "<b>" + "v" * 10_000
    rows = [f'{i},"{label if i % 2 else "short"}"' for i in range(40)]
    data = read_data(write("\n".join([f"{name},y", *rows])), target="y")
    assert list(data.X_train) == [name]
    assert data.target_names == (label, "short")
    assert max(map(len, data.notes)) < 300
    with pytest.raises(ValueError, match="no 'zzz'") as caught:
        read_data(write("\n".join([f"{name},y", *rows])), target="zzz")
    assert len(str(caught.value)) < 300


# --- images ---------------------------------------------------------------------------------------


@pytest.fixture
def photographs(tmp_path):
    """Return a folder with two classes of six red and six blue pictures."""
    folder = tmp_path / "photographs"
    for name, colour in (("blue", (0, 0, 250)), ("red", (250, 0, 0))):
        (folder / name).mkdir(parents=True)
        for i in range(6):
            Image.new("RGB", (12, 10), colour).save(folder / name / f"{i}.png")
    return folder


def test_a_folder_is_a_class_and_pixels_are_kept(photographs):
    (photographs / "red" / "notes.txt").write_text("no image")
    (photographs / "red" / ".hidden.png").write_text("no image")
    data = read_data(photographs)
    assert (data.name, data.kind, data.image_shape) == ("photographs", "image", (10, 12, 3))
    assert data.X_train.dtype == np.uint8
    assert len(data.y_train) + len(data.y_test) == 12
    for image, label in zip(data.X_train, data.y_train, strict=True):
        assert image[5, 5].tolist() == ([250, 0, 0] if label == "red" else [0, 0, 250])
    assert data.notes[0] == "12 images of 2 classes, the sub-folders."


def test_images_of_other_sizes_and_modes_become_one_and_it_is_said(photographs):
    Image.new("RGBA", (40, 30), (250, 0, 0, 255)).save(photographs / "red" / "large.png")
    data = read_data(photographs)
    assert data.image_shape == (10, 12, 3)
    assert data.notes[1].startswith("Images of another size, resized to 12 x 10 pixels")
    assert data.notes[1].endswith(": 1.")


def test_grey_images_have_no_channel_axis_and_sixteen_bits_are_not_cut(tmp_path):
    for name, level in (("dark", 10), ("light", 240)):
        (tmp_path / name).mkdir()
        for i in range(6):
            if i:
                Image.new("L", (8, 8), level).save(tmp_path / name / f"{i}.png")
            else:
                Image.fromarray(np.full((8, 8), level * 256, np.uint16)).save(
                    tmp_path / name / "deep.png"
                )
    data = read_data(tmp_path)
    assert data.X_train.shape[1:] == (8, 8)
    assert data.image_shape == (8, 8, 1)
    both = np.concatenate([data.X_train, data.X_test])
    assert set(both.ravel()) == {10, 240}


def test_folders_train_and_test_are_the_parts(photographs, tmp_path):
    for part in ("train", "test"):
        (tmp_path / "set" / part).mkdir(parents=True)
    for name in ("blue", "red"):
        (photographs / name).rename(tmp_path / "set" / "train" / name)
        (tmp_path / "set" / "test" / name).mkdir()
        Image.new("RGB", (12, 10)).save(tmp_path / "set" / "test" / name / "0.png")
    data = read_data(tmp_path / "set")
    assert (len(data.y_train), len(data.y_test)) == (12, 2)
    assert not data.X_test.any()


def test_a_damaged_image_and_a_folder_without_classes_are_named(photographs):
    content = (photographs / "red" / "0.png").read_bytes()
    (photographs / "red" / "0.png").write_bytes(content[:50])
    with pytest.raises(ValueError, match=r"0\.png must be an image, but cannot be read"):
        read_data(photographs)
    with pytest.raises(ValueError, match="two or more sub-folders with images, one a class"):
        read_data(photographs / "red")
    with pytest.raises(ValueError, match="leave out target and task"):
        read_data(photographs, target="red")


# --- arrays ---------------------------------------------------------------------------------------

Y = np.arange(20) % 2
ARRAYS = [
    (np.arange(40.0).reshape(20, 2), "table", None),
    (np.zeros((20, 6, 5), np.uint8), "image", (6, 5, 1)),
    (np.zeros((20, 6, 5, 3), np.uint8), "image", (6, 5, 3)),
    (np.array(["some words here"] * 20), "text", None),
]


@pytest.mark.parametrize(("X", "kind", "shape"), ARRAYS)
def test_the_shape_of_an_array_tells_its_kind(tmp_path, X, kind, shape):
    np.savez(tmp_path / "mine.npz", X=X, y=Y)
    data = read_data(tmp_path / "mine.npz")
    assert (data.kind, data.image_shape, data.task) == (kind, shape, "classification")
    assert (len(data.y_train), len(data.y_test)) == (16, 4)


def test_parts_that_come_apart_stay_apart(tmp_path):
    X = np.arange(40.0).reshape(20, 2)
    np.savez(tmp_path / "a.npz", X_train=X[:15], y_train=Y[:15], X_test=X[15:], y_test=Y[15:])
    data = read_data(tmp_path / "a.npz")
    np.testing.assert_array_equal(data.X_train, X[:15])
    np.testing.assert_array_equal(data.y_test, Y[15:])


ARRAY_FAULTS = [
    ({"X": Y.reshape(-1, 1)}, "must hold X and y, .* it holds x"),
    ({"X": np.zeros((19, 2)), "y": Y}, "as many rows as each other, .* has 19 and 20"),
    ({"X": np.array([{}] * 20), "y": Y}, "npz file of numbers or strings, but cannot be read"),
    ({"X": np.zeros((20, 2)), "y": np.where(Y, np.nan, 1)}, "y must not hold NaN"),
    ({"X": np.full((20, 2), np.inf), "y": Y}, "x must hold finite numbers"),
    ({"X": np.zeros((20, 4, 4, 9)), "y": Y}, r"X must be strings .* got float64 of shape"),
]


@pytest.mark.parametrize(("arrays", "message"), ARRAY_FAULTS)
def test_arrays_that_cannot_be_used_say_why(tmp_path, arrays, message):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        read_data(tmp_path / "mine.npz")
    with pytest.raises(ValueError, match="groups is for files with columns"):
        read_data(tmp_path / "mine.npz", groups="g")


def test_a_cut_file_of_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "mine.npz", X=np.zeros((20, 2)), y=Y)
    content = (tmp_path / "mine.npz").read_bytes()
    (tmp_path / "mine.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"mine\.npz must be an \.npz file"):
        read_data(tmp_path / "mine.npz")
