"""Data sets by name: what is promised of each, and what happens when files are not right."""

from __future__ import annotations

import bz2
import functools
import gzip
import hashlib
import http.server
import io
import json
import math
import shutil
import subprocess
import sys
import tarfile
import threading

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import dump_svmlight_file
from sklearn.neighbors import KNeighborsClassifier

from pipelines import DamagedFileError, DataNotFoundError, dataset_names, load_dataset
from pipelines.loaders import CATALOGUE, home, images, text
from pipelines.loaders.catalogue import Entry, File
from pipelines.loaders.split import grouped_fifth, stratified_fifth

BUNDLED = ["digits", "iris", "wine", "breast-cancer", "diabetes-regression", "moons"]


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """Let the data home and the user's cache be empty folders."""
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "home"


# --- what ships with scikit-learn ---------------------------------------------------------------


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_need_no_file(name, empty_home):
    data = load_dataset(name)
    assert data.name == name
    assert len(data.y_test) == math.ceil((len(data.y_train) + len(data.y_test)) / 5)
    assert data.description
    assert data.source


def test_the_split_of_digits_never_changes():
    data = load_dataset("digits")
    assert data.X_train.dtype == np.uint8
    assert data.X_train.shape == (1437, 8, 8)
    assert data.X_train.max() == 16
    assert data.image_shape == (8, 8, 1)
    assert np.bincount(data.y_test).tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]
    assert data.fingerprint.startswith("9d171095")


def test_names_are_listed_by_kind_and_task_and_every_entry_is_complete():
    assert dataset_names()[: len(BUNDLED)] == BUNDLED
    assert "ag-news" in dataset_names(kind="text")
    assert "digits" not in dataset_names(kind="text")
    assert dataset_names(task="forecasting")[0] == "temperature-brussels"
    assert len(dataset_names()) == len(CATALOGUE)
    origins = {name: CATALOGUE[name].origin for name in ("iris", "cifar10", "pima")}
    assert origins == {"iris": "scikit-learn", "cifar10": "download", "pima": "data home"}
    for name, entry in CATALOGUE.items():
        assert all((entry.title, entry.description, entry.source, entry.licence)), name
        assert all(f.sha256 or f.md5 or f.content_md5 for f in entry.files), name
        assert all(f.sha256 or f.md5 for f in entry.files if f.url), name


def test_listing_the_catalogue_loads_no_library_of_tables_or_models():
    code = (
        "import sys; from pipelines.loaders import CATALOGUE; assert CATALOGUE; "
        "print({'pandas', 'sklearn', 'skrub', 'torch', 'pooch'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnits", "did you mean 'mnist'"),
        ("zzz", "known are digits, iris"),
        ("iris/3", "it has no parts, got iris/3"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(name)


# --- what lies in the data home -----------------------------------------------------------------

PROMISED = [
    # name, training rows, test rows, shape of a row, classes
    ("mnist", 60_000, 10_000, (28, 28), 10),
    ("usps", 7_291, 2_007, (16, 16), 10),
    ("animals3", 2_400, 600, (64, 64, 3), 3),
    ("smiles", 10_532, 2_633, (32, 32), 2),
    ("ag-news", 23_692, 7_600, (), 4),
    ("sms-spam", 4_457, 1_115, (), 2),
    ("ionosphere", 200, 151, (34,), 2),
    ("pima", 614, 154, (8,), 2),
    ("satimage", 4_435, 2_000, (36,), 6),
    ("shuttle", 43_500, 14_500, (9,), 7),
    ("glass", 171, 43, (9,), 6),
    ("yeast", 1_187, 297, (8,), 10),
    ("wine-quality", 5_197, 1_300, (12,), 7),
    ("adult", 26_048, 6_513, (13,), 2),
    ("credit-default", 19_200, 4_800, (23,), 2),
]


@pytest.mark.parametrize(("name", "n_train", "n_test", "shape", "n_classes"), PROMISED)
def test_labelled_sets_have_the_promised_size(data_home, name, n_train, n_test, shape, n_classes):
    data = load_dataset(name)
    assert data.X_train.shape == (n_train, *shape)
    assert data.X_test.shape == (n_test, *shape)
    assert len(np.unique(data.y_train)) == len(data.target_names) == n_classes


def test_published_splits_are_kept(data_home):
    mnist = load_dataset("mnist")
    assert mnist.X_train.dtype == np.uint8
    assert mnist.X_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert np.bincount(mnist.y_train)[[0, 5]].tolist() == [5923, 5421]
    labels, counts = np.unique(load_dataset("ionosphere").y_train, return_counts=True)
    assert dict(zip(labels, counts, strict=True)) == {"bad": 99, "good": 101}
    assert np.bincount(load_dataset("ag-news").y_train).tolist() == [6740, 5054, 5044, 6854]


def test_the_nearest_neighbour_on_usps_scores_what_is_published(data_home):
    data = load_dataset("usps")
    rows, judged = data.X_train.reshape(7291, -1), data.X_test.reshape(2007, -1)
    model = KNeighborsClassifier(1).fit(rows, data.y_train)
    assert model.score(judged, data.y_test) == pytest.approx(0.9437, abs=5e-5)


@pytest.mark.slow
def test_cifar10_is_decoded_once_and_says_that_it_is_jpeg(data_home, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    data = load_dataset("cifar10")
    means = data.X_train.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4913, 0.4821, 0.4465], atol=5e-5)
    assert np.bincount(data.y_train).tolist() == [5000] * 10
    assert "CIFAR-10 (JPEG re-encoding)" in data.notes[0]
    monkeypatch.setattr(images, "_decode", None)
    assert load_dataset("cifar10").fingerprint == data.fingerprint


def test_heart_sounds_train_on_normal_ones_of_other_persons(data_home):
    first, second = load_dataset("heart-sounds"), load_dataset("heart-sounds/1")
    for data in (first, second):
        train, test = np.split(data.groups, [len(data.y_train)])
        assert not set(train) & set(test)
        assert set(data.y_train) == {0}
        assert np.bincount(data.y_test)[1] == 141
        assert data.image_shape == (64, 312, 1)
    assert first.fingerprint != second.fingerprint


def test_temperatures_are_known_one_day_before(data_home):
    data = load_dataset("temperature-brussels")
    np.testing.assert_array_equal(data.X_train[1:, 0], data.y_train[:-1])
    assert data.X_test[0, 0] == data.y_train[-1]
    assert np.mean((data.X_test[:, 0] - data.y_test) ** 2) == pytest.approx(4.38, abs=0.01)
    assert -30 < min(data.y_train) < max(data.y_train) < 40
    assert str(data.time_index[-1])[:10] == "2014-04-06"
    assert "12 missing days" in data.notes[1]


def test_all_series_of_nab_hold_the_labelled_rows(data_home):
    series = [
        member.removesuffix(".csv")
        for member in json.loads((data_home / "nab/combined_windows.json").read_text())
    ]
    sets = [load_dataset(f"nab/{name}") for name in series]
    assert len(sets) == 52
    assert sum(len(s.y_train) + len(s.y_test) for s in sets) == 355_948
    assert sum(s.y_train.sum() + s.y_test.sum() for s in sets) == 32_535
    assert all(len(s.y_train) <= 750 for s in sets)
    with pytest.raises(ValueError, match="did you mean 'realKnownCause/nyc_taxi'"):
        load_dataset("nab/nyc_taxis")


# --- other forms of the same data ---------------------------------------------------------------


def test_the_original_archive_of_cifar10_is_read_without_a_note(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    path = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for i, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
            planes = pixels[2 * i : 2 * i + 2].transpose(0, 3, 1, 2).reshape(2, -1)
            records = np.column_stack([np.array([i, 9 - i], np.uint8), planes]).tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(records)
            archive.addfile(member, io.BytesIO(records))
    parts = images.cifar10({path.name: path})
    np.testing.assert_array_equal(parts["X_train"], pixels[:10])
    np.testing.assert_array_equal(parts["X_test"], pixels[10:])
    assert parts["y_train"].tolist() == [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]
    assert "notes" not in parts


def test_usps_of_libsvm_has_the_same_scale_and_classes(tmp_path):
    levels = np.random.default_rng(0).random((4, 256))
    for name in ("usps.bz2", "usps.t.bz2"):
        dump_svmlight_file(levels * 2 - 1, [1, 10, 3, 4], str(tmp_path / name), zero_based=False)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(bz2.compress(content))
    parts = images.usps({name: tmp_path / name for name in ("usps.bz2", "usps.t.bz2")})
    np.testing.assert_allclose(parts["X_train"].reshape(4, -1), levels, atol=1e-6)
    assert parts["y_test"].tolist() == [0, 9, 2, 3]


def test_ag_news_takes_the_full_training_file_where_it_is(tmp_path):
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text('"3","Oil  up","It rose."\n"1","A ""quote""","Said\\nhe."\n')
    parts = text.ag_news({name: tmp_path / name for name in ("train.csv", "test.csv")})
    assert parts["X_train"].tolist() == ["Oil up It rose.", 'A "quote" Said\\nhe.']
    assert parts["y_train"].tolist() == [2, 0]
    assert parts["notes"] == []


# --- files that are missing, damaged or downloaded ----------------------------------------------


def test_missing_files_are_named_with_their_folder_and_source(empty_home):
    with pytest.raises(DataNotFoundError) as caught:
        load_dataset("pima")
    message = str(caught.value)
    assert str(empty_home) in message
    assert "pima/pima_indians_diabetes.csv.gz" in message
    assert "UCI Machine Learning Repository" in message
    assert "\n" not in message


def test_no_network_says_so_and_lists_every_file(empty_home, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionError("no route")

    monkeypatch.setattr("pooch.retrieve", refuse)
    with pytest.raises(DataNotFoundError, match=r"download from https://ossci.* failed") as caught:
        load_dataset("mnist")
    assert str(caught.value).count("-ubyte.gz") == 4


@pytest.mark.parametrize("harm", ["byte", "cut"])
def test_a_damaged_file_is_refused(data_home, empty_home, harm):
    path = empty_home / "ionosphere/ionosphere.csv.gz"
    path.parent.mkdir(parents=True)
    content = (data_home / "ionosphere/ionosphere.csv.gz").read_bytes()
    changed = content[:200] + b"\0" + content[201:]
    path.write_bytes(content[:-100] if harm == "cut" else changed)
    with pytest.raises(DamagedFileError, match=r"ionosphere\.csv\.gz is damaged .* must be 829fcd"):
        load_dataset("ionosphere")


def test_a_packed_file_is_known_by_its_content(data_home, empty_home):
    folder = empty_home / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        shutil.copy(data_home / f"mnist/{name}-ubyte.gz", folder)
    packed = folder / "train-images-idx3-ubyte.gz"
    content = gzip.decompress((data_home / "mnist/train-images-idx3-ubyte.gz").read_bytes())
    packed.write_bytes(gzip.compress(content, compresslevel=1, mtime=1))
    assert len(load_dataset("mnist").y_train) == 60_000
    packed.write_bytes(packed.read_bytes()[:-1000])
    with pytest.raises(DamagedFileError, match="cannot be unpacked"):
        load_dataset("mnist")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Serve a folder with one file over HTTP; return its address, content and folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "rows.csv").write_text("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield f"http://127.0.0.1:{server.server_port}/rows.csv", (folder / "rows.csv").read_bytes()
    server.shutdown()
    thread.join()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Keep the test's output clean."""


def entry_of(url, **checksums) -> Entry:
    return Entry(
        title="Rows",
        task="classification",
        kind="table",
        loader="tables:csv",
        description="Rows.",
        source="a test",
        options={"target": "b"},
        files=(File(path="rows/rows.csv", url=url, **checksums),),
    )


def test_a_download_is_verified_and_kept(site, empty_home, monkeypatch):
    url, content = site
    entry = entry_of(url, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(CATALOGUE, "rows", entry)
    assert len(load_dataset("rows").y_train) == 32
    kept = home.cache_folder() / "rows/rows.csv"
    assert kept.read_bytes() == content
    monkeypatch.setattr("pooch.retrieve", None)
    assert len(load_dataset("rows").y_test) == 8


def test_a_download_of_another_content_is_refused(site, empty_home, monkeypatch):
    url, _ = site
    monkeypatch.setitem(CATALOGUE, "rows", entry_of(url, sha256="0" * 64))
    with pytest.raises(DamagedFileError, match=r"rows\.csv gave another file than expected"):
        load_dataset("rows")
    assert not list(home.cache_folder().rglob("rows.csv"))


def test_a_file_where_the_system_puts_it_is_found(tmp_path, empty_home, monkeypatch):
    (tmp_path / "system").mkdir()
    (tmp_path / "system/rows.csv").write_text("a,b\n" + "1,0\n2,1\n" * 20)
    file = File(path="rows/rows.csv", places=(str(tmp_path / "system"),))
    entry = Entry(**{**entry_of(None).__dict__, "files": (file,)})
    monkeypatch.setitem(CATALOGUE, "rows", entry)
    assert len(load_dataset("rows").y_train) == 32


# --- the cache of decoded images ----------------------------------------------------------------


def test_a_cached_array_is_made_once_and_again_when_damaged(empty_home):
    calls = []

    def make():
        calls.append(1)
        return np.arange(1000)

    for _ in range(3):
        np.testing.assert_array_equal(home.cached_array("numbers", make), np.arange(1000))
    assert len(calls) == 1
    (path,) = home.cache_folder().rglob("*.npy")
    path.write_bytes(path.read_bytes()[:500])
    np.testing.assert_array_equal(home.cached_array("numbers", make), np.arange(1000))
    assert len(calls) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert home.cached_array("numbers", lambda: np.ones(3)).sum() == 3


def test_a_full_disk_leaves_no_broken_file(empty_home, monkeypatch):
    def full(file, array, **kwargs):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert home.cached_array("numbers", lambda: np.ones(3)).sum() == 3
    assert not [path for path in home.cache_folder().rglob("*") if path.is_file()]


def test_jpeg_streams_lie_end_to_end():
    colours = np.array([[200, 10, 30], [0, 90, 250]], dtype=np.uint8)
    streams = []
    for colour in colours:
        buffer = io.BytesIO()
        Image.fromarray(np.tile(colour, (8, 8, 1))).save(buffer, "JPEG", quality=95)
        streams.append(np.frombuffer(buffer.getvalue(), np.uint8))
    offsets = np.cumsum([0, *map(len, streams)])
    decoded = images._decode(np.concatenate(streams), offsets)
    np.testing.assert_allclose(decoded.mean(axis=(1, 2)), colours, atol=2)


# --- splits -------------------------------------------------------------------------------------


def test_a_class_of_one_row_trains():
    train, test = stratified_fifth(np.array(["a"] * 10 + ["b"] * 9 + ["c"]))
    assert 19 in train
    assert sorted([*train, *test]) == list(range(20))
    assert len(test) == 4


def test_too_few_rows_for_the_classes_are_refused():
    with pytest.raises(ValueError, match=r"at least 5 rows for each class .* got 8 rows and 4"):
        stratified_fifth(np.repeat(list("abcd"), 2))


@pytest.mark.parametrize("stratify", [True, False])
def test_no_group_is_in_both_parts(stratify):
    rng = np.random.default_rng(0)
    groups, y = rng.integers(0, 30, 300), rng.integers(0, 2, 300)
    train, test = grouped_fifth(y, groups, stratify)
    assert not set(groups[train]) & set(groups[test])
    assert len(train) + len(test) == 300
    assert 30 <= len(test) <= 90
