"""What a report shows of autoencoders, detectors over reconstructions and Boltzmann machines."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline as in_a_row
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from estimators import BernoulliRBM, DeepBoltzmannMachine, VariationalAutoencoder
from pipelines import make_pipeline
from pipelines.dataset import Dataset
from reports import Report
from reports.blocks import Figures, Gallery, Table
from reports.figures import standalone
from reports.run import Run
from reports.sections import samples
from search import compare
from search.insights import insights
from tests.contests import dataset, run_here

X, Y = (part[:400] for part in load_digits(return_X_y=True))
VAE = VariationalAutoencoder(
    latent_dim=4, hidden_layer_sizes=(32,), max_epochs=20, lr=0.01, random_state=0
)
MACHINES = {
    "rbm": BernoulliRBM(16, n_iter=10, learning_rate=0.05, random_state=0),
    "dbm": DeepBoltzmannMachine(layer_sizes=(12, 6), n_iter=5, pretrain_iter=3, random_state=0),
}


def strange_digits():
    """Return noughts and ones, and other digits among the test rows."""
    normal, strange = np.flatnonzero(Y < 2), np.flatnonzero(Y > 6)
    test = np.concatenate([normal[60:], strange[:10]])
    return Dataset(
        name="noughts", task="anomaly", kind="image", image_shape=(8, 8, 1),
        X_train=X[normal[:60]].reshape(-1, 8, 8), y_train=np.zeros(60, dtype=int),
        X_test=X[test].reshape(-1, 8, 8), y_test=(Y[test] > 1).astype(int),
    )  # fmt: skip


def shown(pipeline, data):
    pipeline.fit(data.X_train, data.y_train)
    return insights(pipeline, data, {}).get("samples")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return a comparison of two models that give images back."""
    folder = tmp_path_factory.mktemp("runs") / "noughts"
    models = {"vae": VAE, "pca": "pca"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        compare(
            models, strange_digits(), n_trials=1, spaces={name: {} for name in models},
            run_dir=folder,
        )  # fmt: skip
    return folder


def blocks_of(path, name):
    section = samples.summarize(Run(path))
    return {
        block.name if not isinstance(block, Figures) else block.figures[0].name: block
        for fold in section.blocks
        if fold.model == name
        for block in fold.blocks
    }


def test_a_net_shows_rows_codes_new_rows_and_the_way_between_two(path):
    blocks = blocks_of(path, "vae")
    assert list(blocks) == ["back-vae", "codes-vae", "drawn-vae", "between-vae", "profile-vae"]
    assert isinstance(blocks["back-vae"], Gallery)
    assert len(blocks["drawn-vae"].pictures) == 12
    assert isinstance(blocks["codes-vae"], Table)
    assert [c.key for c in blocks["codes-vae"].columns][-1] == "code3"
    page = Report(path).to_html(path / "page.html").read_text(encoding="utf-8")
    assert "the way from one test row to another" in page


def test_the_worst_come_first_with_the_error_that_the_detector_counts(path):
    data = strange_digits()
    rows = blocks_of(path, "pca")["codes-pca"].rows
    pipeline = make_pipeline("pca", data, random_state=0).fit(data.X_train, data.y_train)
    errors = -pipeline.score_samples(data.X_test)
    assert [row["row"] for row in rows[:4]] == np.argsort(-errors)[:4].tolist()
    np.testing.assert_allclose([row["error"] for row in rows], errors[[r["row"] for r in rows]])


def test_the_way_between_two_rows_has_no_leap(path):
    steps = [row["distance"] for row in blocks_of(path, "vae")["profile-vae"].figures[0].table.rows]
    assert len(steps) == 7
    assert max(steps) < sum(steps) / 2


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_before_a_classifier_draws_fills_in_and_shows_its_filters(name):
    data = dataset(X, Y, name="digits", kind="image", image_shape=(8, 8, 1))
    model = in_a_row(MinMaxScaler(), MACHINES[name], LogisticRegression(max_iter=300))
    found = shown(make_pipeline(model, data), data)
    assert found["shape"] == [8, 8]
    assert np.shape(found["drawn"]) == (12, 64)
    assert set(found) == {"shape", "drawn", "filled", "filters"}
    for row in found["filled"]:
        assert row["given"][:32].tolist() == row["filled"][:32].tolist()
        assert row["given"][32:].tolist() != row["filled"][32:].tolist()
    n_units = 16 if name == "rbm" else 12 + 6
    assert np.shape(found["filters"]) == (n_units, 64)


def test_windows_of_a_series_are_shown_as_curves(tmp_path, monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    series = np.sin(np.arange(500) / 5)[:, None]
    strange = np.zeros(500, dtype=int)
    series[450:455] += 3
    strange[450:455] = 1
    parts = {"X_train": series[:300], "y_train": strange[:300]}
    data = Dataset(
        name="wave", task="anomaly", kind="series", X_test=series[300:], y_test=strange[300:],
        **parts,
    )  # fmt: skip
    compare(["pca"], data, n_trials=1, spaces={"pca": {}}, run_dir=tmp_path / "wave")
    blocks = blocks_of(tmp_path / "wave", "pca")
    (figure,) = blocks["back-pca"].figures
    assert len(figure.table.rows) == 30
    assert standalone(figure).count("<path") >= 12
    assert all(120 <= row["row"] <= 155 for row in blocks["codes-pca"].rows[:4])


def test_a_change_of_units_is_no_knowledge_of_rows():
    data = dataset(X, Y, name="digits")
    model = in_a_row(StandardScaler(), LogisticRegression(max_iter=300))
    assert shown(make_pipeline(model, data), data) is None
