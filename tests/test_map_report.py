"""What a report shows of self-organising maps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

from estimators import SelfOrganizingMap, SOMClassifier
from pipelines.dataset import Dataset
from reports import Report
from reports.figures import standalone
from reports.run import Run
from reports.sections import maps
from search import compare
from search.insight_maps import map_of
from search.insights import read_insights
from tests.contests import dataset, run_here

HEXAGONAL = SOMClassifier(shape=(3, 4), topology="hexagonal", n_iter=10, random_state=0)
LINE = SOMClassifier(shape=(1, 3), final_sigma=0.3, n_iter=10, random_state=0)
SPECIES = ["setosa", "versicolor", "virginica"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return a comparison of two maps on iris."""
    X, y = load_iris(return_X_y=True)
    data = dataset(X, y, name="iris", target_names=tuple(SPECIES))
    folder = tmp_path_factory.mktemp("runs") / "iris"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        models = {"line": LINE, "hexagonal": HEXAGONAL}
        compare(models, data, n_trials=1, spaces={name: {} for name in models}, run_dir=folder)
    return folder


@pytest.fixture(scope="module")
def section(path):
    return maps.summarize(Run(path))


def figures_of(section):
    return {f.name: f for fold in section.blocks for f in fold.blocks[0].figures}


def test_every_map_has_its_fold_and_every_plot_its_table(section):
    assert {fold.model for fold in section.blocks} == {"line", "hexagonal"}
    figures = figures_of(section)
    assert set(figures) == {
        f"{what}-{name}"
        for what in ("u-matrix", "hits", "view", "planes")
        for name in ("line", "hexagonal")
    }
    assert all(len(f.table.rows) == (3 if "line" in f.name else 12) for f in figures.values())
    assert len({f.table.name for f in figures.values()}) == len(figures)


def test_hits_are_the_training_rows_and_every_row_is_near_its_unit(section, path):
    figures, n_train = figures_of(section), Run(path).data["n_train"]
    assert sum(row["hits"] for row in figures["hits-hexagonal"].table.rows) == n_train
    view = figures["view-line"].data
    rows, units = np.array(view["rows"]), np.array(view["units"])
    nearest = np.linalg.norm(rows[:, None] - units, axis=-1).argmin(axis=1)
    assert (nearest == view["unit_of"]).mean() > 0.95  # in the plane of two components
    assert view["edges"] == [[0, 1], [1, 2]]


def test_units_are_called_by_the_commonest_class_of_their_rows(section):
    rows = figures_of(section)["u-matrix-line"].table.rows
    assert [(row["row"], row["column"]) for row in rows] == [(0, 0), (0, 1), (0, 2)]
    assert {row["class"] for row in rows} == set(SPECIES)


def test_both_topologies_are_drawn_and_the_page_holds_them(section, path, tmp_path):
    for figure in figures_of(section).values():
        assert standalone(figure).count("<path") > 2 or "<image" in standalone(figure)
    page = Report(path).to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "component planes, one column at a time" in page
    assert "U-matrix" in page


def test_a_map_of_images_shows_its_units_as_images():
    X, y = load_digits(return_X_y=True)
    data = Dataset(
        name="digits", task="classification", kind="image", image_shape=(8, 8, 1),
        X_train=X[:300], y_train=y[:300], X_test=X[300:400], y_test=y[300:400],
    )  # fmt: skip
    som = SelfOrganizingMap(shape=(3, 2), n_iter=5, random_state=0).fit(X[:300])
    found = map_of(som, X[:300], data, [str(i) for i in range(64)])
    assert np.shape(found["units"]) == (3, 2, 8, 8)
    assert (np.min(found["units"]), np.max(found["units"])) == (0, 1)
    assert "planes" not in found
    brightest = np.argmax(np.mean(found["units"], axis=(2, 3)))
    assert brightest == np.argmax(som.weights_.mean(axis=2))


def test_a_plane_of_two_columns_is_shown_as_it_is_and_one_column_not_at_all():
    X = np.random.RandomState(0).uniform(size=(50, 2))
    y = np.arange(50) % 2
    data = dataset(X, y, name="square")
    som = SelfOrganizingMap(shape=(2, 2), n_iter=5, random_state=0).fit(X)
    view = map_of(som, X, data, ["width", "height"])["view"]
    assert view["axes"] == ["width", "height"]
    np.testing.assert_allclose(view["units"], som.weights_.reshape(-1, 2), atol=1e-3)
    narrow = SelfOrganizingMap(shape=(1, 2), n_iter=5, random_state=0).fit(X[:, :1])
    assert map_of(narrow, X[:, :1], data, ["width"])["view"] is None


def test_a_map_too_large_to_be_shown_is_left_out():
    X = np.random.RandomState(0).uniform(size=(1200, 2))
    som = SelfOrganizingMap(shape=(31, 31), n_iter=1, random_state=0).fit(X)
    assert map_of(som, X, dataset(X, np.arange(1200) % 2), ["a", "b"]) is None


def test_what_is_kept_is_small(path):
    text = (path / "insights" / "hexagonal.json").read_text(encoding="utf-8")
    assert json.loads(text) == read_insights(Run(path).directory, "hexagonal")
    assert len(text) < 20_000


def test_a_comparison_on_images_keeps_the_map(tmp_path, monkeypatch):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    X, y = load_digits(return_X_y=True)
    data = dataset(
        X[:200].reshape(-1, 8, 8), y[:200], name="digits", kind="image", image_shape=(8, 8, 1)
    )
    compare({"line": LINE}, data, n_trials=1, spaces={"line": {}}, run_dir=tmp_path / "run")
    names = figures_of(maps.summarize(Run(tmp_path / "run")))
    assert set(names) == {f"{what}-line" for what in ("u-matrix", "hits", "view", "units")}
