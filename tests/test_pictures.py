"""Folders of images: any mixture is read, and what is larger than the memory stays on disk."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from estimators import CNNClassifier
from estimators.deep._data import Rows
from pipelines import dataset, read_data
from pipelines.loaders import home, pictures
from pipelines.mapped import file_of
from reports.cli import main
from search.guards import check_data
from search.handover import load_data, write_data
from search.run_directory import RunDirectory
from tests.contests import in_process

__all__ = ["in_process"]  # a fixture

ROOT = Path(__file__).parent.parent
CNN = {"channels": (4, 8), "max_epochs": 2, "batch_size": 16, "random_state": 0}


def write_photos(folder, n, width=24, height=20):
    """Write two classes of ``n`` images each, of several sizes, PNG and JPEG by turns."""
    rng = np.random.default_rng(0)
    for name, channel in (("blue", 2), ("red", 0)):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 120, (height + i % 7, width + i % 5, 3), dtype=np.uint8)
            pixels[..., channel] += 100
            Image.fromarray(pixels).save(folder / name / f"{i}.{('png', 'jpg')[i % 2]}")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Return a folder of 120 images, and leave the user's cache alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_photos(tmp_path / "photos", 60)
    return tmp_path / "photos"


@pytest.fixture
def both(photos, monkeypatch):
    """Return the same data set in memory and on disk."""
    in_memory = read_data(photos)
    monkeypatch.setattr(pictures, "_SHARE", 0)
    return in_memory, read_data(photos)


def test_what_is_large_stays_on_disk_and_is_the_same(both):
    in_memory, on_disk = both
    assert file_of(in_memory.X_train) is None
    for part in ("X_train", "X_test"):
        kept, mapped = getattr(in_memory, part), getattr(on_disk, part)
        assert file_of(mapped).suffix == ".npy"
        assert type(mapped) is np.ndarray
        assert not mapped.flags.writeable
        np.testing.assert_array_equal(mapped, kept)
    assert on_disk.fingerprint == in_memory.fingerprint
    assert "kept in the user's cache" in on_disk.notes[2]
    assert on_disk.notes[3:] == in_memory.notes[2:]
    assert check_data(on_disk) == check_data(in_memory)


def test_a_net_is_trained_on_the_file_without_a_copy(both):
    in_memory, on_disk = both
    read = CNNClassifier()._read(on_disk.X_train, reset=True)
    rows = Rows.of(read)
    assert np.shares_memory(rows.X.numpy(), on_disk.X_train)
    assert rows.is_mapped
    assert not Rows.of(CNNClassifier()._read(in_memory.X_train, reset=True)).is_mapped
    nets = [CNNClassifier(**CNN).fit(data.X_train, data.y_train) for data in both]
    weights, others = (net.net_.module.state_dict() for net in nets)
    assert all(torch.equal(weights[name], others[name]) for name in weights)


def test_a_file_is_handed_on_by_its_name(both, tmp_path):
    for data in both:
        write_data(data, tmp_path / "data")
        found = load_data(tmp_path / "data")
        assert found.fingerprint == data.fingerprint
        assert found.notes == data.notes
        assert file_of(found.X_train) == file_of(data.X_train)
    assert (tmp_path / "data").stat().st_size < data.X_test.nbytes
    assert file_of(data.X_train[:7]) is None  # a part is no file


def test_a_comparison_takes_its_rows_from_the_file(both, photos, tmp_path, in_process):
    words = ["--models", "logistic", "--trials", "1", "--out", str(tmp_path / "run")]
    assert main(["compare", str(photos), *words]) == 0
    rows = RunDirectory(tmp_path / "run").rows()
    assert {row["status"] for row in rows} == {"complete"}


def test_images_are_decoded_once_until_one_of_them_changes(both, photos, monkeypatch):
    _, on_disk = both
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "_pixels", None)
        assert read_data(photos).fingerprint == on_disk.fingerprint
    Image.new("RGB", (24, 20)).save(photos / "red" / "0.png")
    changed = read_data(photos)
    assert changed.fingerprint != on_disk.fingerprint
    kept = {file_of(part) for part in (changed.X_train, changed.X_test)}
    assert set((home.cache_folder() / "decoded").iterdir()) == kept  # nothing older is left


def test_a_full_disk_and_a_damaged_image_leave_nothing_behind(photos, monkeypatch):
    monkeypatch.setattr(pictures, "_SHARE", 0)
    usage = shutil.disk_usage(photos)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100))
        with pytest.raises(ValueError, match=r"must have room for .* set XDG_CACHE_HOME"):
            read_data(photos)
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(photos / "red" / "0.png"))
        with pytest.raises(ValueError, match=r"must be a folder to write to, .* Not a directory"):
            read_data(photos)
    damaged = photos / "red" / "2.png"
    damaged.write_bytes(damaged.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"2\.png must be an image, .* mend the file, or remove"):
        read_data(photos)
    assert not list((home.cache_folder() / "decoded").iterdir())


def test_a_fingerprint_is_taken_piece_by_piece(monkeypatch):
    X = np.arange(600, dtype=">i4").reshape(20, 30)
    fields = {"name": "x", "task": "generation", "kind": "table", "y_test": X[:0, 0]}
    data = dataset.Dataset(X_train=X[::2], y_train=X[::2, 0], X_test=X[:0], **fields)
    monkeypatch.setattr(dataset, "_CHUNK", 50)
    pieces = dataset.Dataset(X_train=X[::2], y_train=X[::2, 0], X_test=X[:0], **fields)
    assert pieces.fingerprint == data.fingerprint
    other = dataset.Dataset(X_train=X[1::2], y_train=X[::2, 0], X_test=X[:0], **fields)
    assert other.fingerprint != data.fingerprint


# --- what a folder may hold -----------------------------------------------------------------------


def test_grey_colours_transparency_and_sixteen_bits_go_together(photos):
    deep = np.full((20, 24), 200 * 256, np.uint16)
    Image.fromarray(deep).save(photos / "red" / "deep.png")
    Image.fromarray(deep).save(photos / "red" / "deep.tif")
    (photos / "red" / "deep.pgm").write_bytes(b"P5 24 20 65535\n" + deep.astype(">u2").tobytes())
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK"):
        Image.new(mode, (24, 20)).save(
            photos / "blue" / f"{mode}.{'tif' if mode == 'CMYK' else 'png'}"
        )
    data = read_data(photos)
    assert data.image_shape == (23, 26, 3)
    both = np.concatenate([data.X_train, data.X_test])
    assert len(both) == 129
    assert ((both == 200).all(axis=(1, 2, 3))).sum() == 3  # none of the deep ones is cut off


def test_fractions_and_what_is_no_image_are_refused(photos):
    Image.fromarray(np.zeros((20, 24), np.float32)).save(photos / "red" / "x.tiff")
    with pytest.raises(ValueError, match=r"x\.tiff must hold whole numbers, of 8 or 16 bits"):
        read_data(photos)
    (photos / "red" / "x.tiff").write_bytes(b"")
    with pytest.raises(ValueError, match=r"x\.tiff must be an image"):
        read_data(photos)
    (photos / "red" / "x.tiff").unlink()
    (photos / "red" / "x.ppm").write_bytes(b"P6 many 20 255\n")
    with pytest.raises(ValueError, match=r"x\.ppm must be an image"):
        read_data(photos)


def test_an_empty_folder_is_said_and_a_class_of_one_image_trains(photos):
    for name in ("empty", "one", ".hidden"):
        (photos / name).mkdir()
    Image.new("L", (24, 20), 255).save(photos / "one" / "only.png")
    data = read_data(photos)
    assert data.notes[:2] == (
        "121 images of 3 classes, the sub-folders.",
        "Sub-folders without images, left out: 'empty'.",
    )
    assert "one" in data.y_train
    assert "one" not in data.y_test
    net = CNNClassifier(**CNN).fit(data.X_train, data.y_train)
    assert net.classes_.tolist() == ["blue", "one", "red"]


def test_two_images_in_all_can_train_but_not_be_split(tmp_path):
    write_photos(tmp_path / "train", 1)
    with pytest.raises(ValueError, match="at least 5 rows for each class"):
        read_data(tmp_path / "train")
    write_photos(tmp_path / "test", 1)
    data = read_data(tmp_path)
    net = CNNClassifier(**CNN).fit(data.X_train, data.y_train)
    assert np.isfinite(net.predict_proba(data.X_test)).all()


def test_a_photograph_is_decoded_at_a_smaller_scale_with_hardly_a_difference():
    x, y = np.meshgrid(np.arange(1200), np.arange(900))
    smooth = np.stack([x / 6, y / 5, (x + y) / 12], axis=2).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(smooth).save(file, "JPEG", quality=95)
    scaled = pictures._pixels(file, "RGB", (64, 48)).astype(int)
    full = np.asarray(Image.open(file).convert("RGB").resize((64, 48))).astype(int)
    assert np.abs(scaled - full).mean() < 1.5


@pytest.mark.slow
def test_reading_and_training_need_a_fraction_of_the_decoded_size(tmp_path):
    write_photos(tmp_path / "photos", 30, 128, 128)
    for path in list((tmp_path / "photos").glob("*/*")):
        for i in range(110):
            os.link(path, path.with_stem(f"{path.stem}-{i}"))
    code = f"""
import threading, time, psutil
from estimators import CNNClassifier
from pipelines import read_data
from pipelines.loaders import pictures
import torch
torch.set_num_threads(1)
own = lambda: (m := psutil.Process().memory_info()).rss - m.shared  # without pages of files
peak, before = 0, own()
def watch():
    global peak
    while True:
        peak = max(peak, own())
        time.sleep(0.01)
threading.Thread(target=watch, daemon=True).start()
pictures._SHARE = 0
data = read_data({str(tmp_path / "photos")!r})
data.fingerprint
net = CNNClassifier(channels=(4,), max_epochs=1, batch_size=8)
net.fit(data.X_train, data.y_train)
print(data.X_train.nbytes + data.X_test.nbytes, peak - before)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    size, peak = map(int, run.stdout.split())
    assert size > 300e6
    assert peak < 0.6 * size, (peak, size)  # some 150 MB, most of which training takes anyway
