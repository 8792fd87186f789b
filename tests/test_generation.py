"""Numbers for generators, against formulas worked out elsewhere and against frauds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.utils import shuffle

from estimators import KNeighborsClassifier, TorchMLPClassifier, VariationalAutoencoder
from search.generation import (
    features,
    frechet_distance,
    generation_scores,
    precision_recall,
    reconstruction_scores,
)
from tests.test_examples import run_example

X, Y = shuffle(*load_digits(return_X_y=True), random_state=0)
TRAIN, TEST, DRAWN = X[:700], X[700:1200], X[1200:1700]


@pytest.fixture(scope="module")
def net():
    return TorchMLPClassifier(hidden_layer_sizes=(24,), max_epochs=8, random_state=0).fit(
        TRAIN, Y[:700]
    )


def test_the_frechet_distance_is_that_of_the_matrix_square_root():
    rng = np.random.RandomState(0)
    first, second = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)) for _ in range(2))
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    expected = ((first.mean(0) - second.mean(0)) ** 2).sum()
    expected += np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet_distance(first, second) == pytest.approx(expected)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-8)


def test_precision_and_recall_are_those_of_all_pairs():
    rng = np.random.RandomState(0)
    real, drawn = rng.normal(size=(80, 3)), 0.5 * rng.normal(size=(60, 3)) + 1
    found = []
    for support, rows in ((real, drawn), (drawn, real)):
        radius = np.sort(pairwise_distances(support), axis=1)[:, 3]
        found.append((pairwise_distances(rows, support) <= radius).any(axis=1).mean())
    assert_allclose(precision_recall(real, drawn), found)
    assert 0 < found[1] < found[0] <= 1, "the point of the test: narrower draws miss some"


def test_features_are_what_the_last_layer_sees(net):
    weights = [p.detach().numpy() for p in net.net_.module.parameters()]
    logits = features(net, X) @ weights[-2].T + weights[-1]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert_allclose(shares / shares.sum(axis=1, keepdims=True), net.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("n_rows", [1, 13, 100])
def test_features_of_few_rows_are_those_among_many(net, n_rows):
    assert_allclose(features(net, X[:n_rows]), features(net, X)[:n_rows], atol=1e-5)


def test_real_rows_are_good_noise_is_not_and_copies_are_found(net):
    real = generation_scores(DRAWN, TRAIN, TEST, net)
    noise = np.random.RandomState(0).uniform(0, 16, size=DRAWN.shape)
    bad = generation_scores(noise, TRAIN, TEST, net)
    copied = generation_scores(TRAIN[:500], TRAIN, TEST, net)
    assert real.frechet_distance < 0.2 * bad.frechet_distance
    assert real.precision > 0.8 > bad.precision
    assert real.recall > 0.8 > bad.recall
    assert real.memorised < 0.2 < copied.memorised == 1
    assert_allclose(copied.nearest, np.arange(500))
    assert real.class_shares.sum() == pytest.approx(1)
    assert real.class_shares.min() > 0.03


def test_one_row_again_and_again_has_no_recall(net):
    scores = generation_scores(np.repeat(TEST[:1], 500, axis=0), TRAIN, TEST, net)
    assert scores.recall < 0.05
    assert scores.class_shares.max() == 1


def test_a_classifier_without_a_net_is_named():
    with pytest.raises(ValueError, match="classifier must be a fitted net of ours"):
        features(KNeighborsClassifier().fit(TRAIN, Y[:700]), TEST)


def test_more_neighbours_than_rows_are_named():
    with pytest.raises(ValueError, match="k must be less than the number of rows, got k=3 for 2"):
        precision_recall(X[:2], X[:9])


def test_a_longer_training_raises_the_bound_of_unseen_rows():
    params = {"latent_dim": 4, "hidden_layer_sizes": (32,), "lr": 0.01, "random_state": 0}
    short, long = (
        reconstruction_scores(VariationalAutoencoder(max_epochs=n, **params).fit(TRAIN), TEST)
        for n in (1, 15)
    )
    assert long["elbo"] > short["elbo"]
    assert long["reconstruction_error"] < short["reconstruction_error"]


def test_the_example_draws_with_every_generator(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    assert f"Drawn: {tmp_path / 'drawn.svg'}" in run_example("generators", tmp_path)
    assert "<svg" in (tmp_path / "drawn.svg").read_text()
