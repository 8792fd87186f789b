"""Self-organising maps against MiniSom, against values worked by hand, and against bad input."""

from __future__ import annotations

import itertools
import threading
import warnings

import numpy as np
import pytest
from minisom import MiniSom
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.datasets import load_iris, make_moons
from sklearn.metrics import normalized_mutual_info_score
from sklearn.preprocessing import normalize, scale
from threadpoolctl import threadpool_info, threadpool_limits

from estimators import SelfOrganizingMap, SOMClassifier
from estimators.classical._slabs import over_slabs
from estimators.classical._som_step import batch_step, best_two, closeness, low_rank
from estimators.classical.som_grid import Neighborhood, adjacency, positions, u_matrix

IRIS, SPECIES = load_iris(return_X_y=True)
FOUR = np.array([[0.0], [1.0], [2.0], [5.0]])


def test_a_batch_step_on_four_points_is_what_one_gets_by_hand():
    """Units at 0 and 4 win {0, 1, 2} and {5}; each pulls the other with half its strength.

    The tie at 2 goes to the first. Unit 0: (3 + 0.5 * 5) / (3 + 0.5) = 5.5 / 3.5;
    unit 1: (0.5 * 3 + 5) / (0.5 * 3 + 1) = 6.5 / 2.5.
    """
    weights = np.array([[0.0], [4.0]])
    pull = np.array([[1.0, 0.5], [0.5, 1.0]])
    moved = batch_step(FOUR, weights, pull, "euclidean", 1.0)
    assert_allclose(moved, [[5.5 / 3.5], [6.5 / 2.5]])
    half = batch_step(FOUR, weights, pull, "euclidean", 0.5)
    assert_allclose(half, (weights + moved) / 2)


def test_a_whole_fit_on_four_points_is_what_one_gets_by_hand():
    """Narrow neighbourhoods leave the means of {0, 1, 2} and {5}."""
    som = SelfOrganizingMap(shape=(1, 2), sigma=0.1, final_sigma=0.1, n_iter=5, random_state=0)
    som.fit(FOUR)
    order = np.argsort(som.weights_.ravel())
    assert_allclose(som.weights_.ravel()[order], [1, 5], rtol=1e-6)
    assert_array_equal(som.hit_map_.ravel()[order], [3, 1])
    assert som.quantization_error_ == pytest.approx((1 + 0 + 1 + 0) / 4, abs=1e-6)
    assert_allclose(som.u_matrix_, [[4, 4]], rtol=1e-6)


def test_a_unit_that_nothing_pulls_stays_where_it_is():
    weights = np.array([[0.0], [5.0], [100.0]])
    moved = batch_step(FOUR, weights, np.eye(3), "euclidean", 1.0)
    assert_allclose(moved, [[1.0], [5.0], [100.0]])


ONLINE = [
    {},
    {"topology": "hexagonal", "sigma": 1.5},
    {"neighborhood": "bubble", "sigma": 2.0, "sigma_decay": "asymptotic"},
    {"neighborhood": "triangle", "sigma": 2.0, "lr_decay": "linear"},
    {"neighborhood": "mexican_hat", "sigma": 1.0, "lr": 0.1},
    {"distance": "cosine", "sigma_decay": "inverse"},
    {"distance": "manhattan", "lr_decay": "inverse"},
    {"distance": "chebyshev", "lr": 0.9},
]
MINISOM = {
    "neighborhood": "neighborhood_function",
    "distance": "activation_distance",
    "lr": "learning_rate",
}


def _minisom(params, n_features=4, shape=(3, 4), seed=7):
    given = {MINISOM.get(name, name): value for name, value in params.items()}
    lr_decay = given.pop("lr_decay", "asymptotic")
    sigma_decay = given.pop("sigma_decay", "linear")
    to_zero = "asymptotic_decay" if lr_decay == "asymptotic" else f"{lr_decay}_decay_to_zero"
    to_one = "asymptotic_decay" if sigma_decay == "asymptotic" else f"{sigma_decay}_decay_to_one"
    given = {"sigma": max(shape) / 2, **given}
    return MiniSom(
        *shape,
        n_features,
        decay_function=to_zero,
        sigma_decay_function=to_one,
        random_seed=seed,
        **given,
    )


@pytest.mark.parametrize("params", ONLINE, ids=str)
@pytest.mark.parametrize("init", ["random", "sample", "pca"])
def test_online_weights_are_those_of_minisom_to_the_last_bit(params, init):
    som = SelfOrganizingMap(
        shape=(3, 4), algorithm="online", init=init, n_iter=2, random_state=7, **params
    )
    with warnings.catch_warnings():  # MiniSom says that a triangle ignores hexagons
        warnings.simplefilter("ignore")
        expected = _minisom(params)
    {
        "random": lambda X: None,
        "sample": expected.random_weights_init,
        "pca": expected.pca_weights_init,
    }[init](IRIS)
    expected.train(IRIS, 2 * len(IRIS), random_order=True)
    assert_array_equal(som.fit(IRIS).weights_, expected.get_weights())


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("neighborhood", ["gaussian", "bubble", "triangle"])
def test_grid_and_neighborhood_are_those_of_minisom(topology, neighborhood):
    with warnings.catch_warnings():  # MiniSom says that a triangle ignores hexagons
        warnings.simplefilter("ignore")
        expected = _minisom({"topology": topology, "neighborhood": neighborhood, "sigma": 2.0})
    plane = np.stack(expected.get_euclidean_coordinates(), axis=-1).reshape(-1, 2)
    assert_allclose(positions((3, 4), topology), plane)
    pull = Neighborhood(neighborhood, (3, 4), topology)(1.7)
    for unit, index in enumerate(np.ndindex(3, 4)):
        assert_allclose(pull[unit], expected.neighborhood(index, 1.7).ravel(), atol=1e-12)


@pytest.mark.parametrize("sigma_decay", ["asymptotic", "linear", "inverse"])
@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_batch_steps_are_those_of_minisoms_offline_training(sigma_decay, topology):
    params = {"topology": topology, "sigma_decay": sigma_decay, "sigma": 2.0}
    expected = _minisom(params)
    expected.random_weights_init(IRIS)
    som = SelfOrganizingMap(shape=(3, 4), n_iter=6, **params).fit(IRIS)
    som.weights_, som.n_iter_ = expected.get_weights().copy(), 0
    for _ in range(6):
        som.partial_fit(IRIS)
    expected.train_batch_offline(IRIS, 6)
    assert_allclose(som.weights_, expected.get_weights(), atol=1e-4)


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_errors_and_hits_are_those_of_minisom(topology):
    som = SelfOrganizingMap(shape=(3, 4), topology=topology, random_state=0).fit(IRIS)
    judge = _minisom({"topology": topology})
    judge.get_weights()[:] = som.weights_
    assert som.quantization_error_ == pytest.approx(judge.quantization_error(IRIS))
    assert som.topographic_error_ == pytest.approx(judge.topographic_error(IRIS))
    assert_array_equal(som.hit_map_, judge.activation_response(IRIS))
    assert som.hit_map_.sum() == len(IRIS)


def test_the_u_matrix_is_that_of_minisom_on_a_rectangle():
    som = SelfOrganizingMap(shape=(3, 4), random_state=0).fit(IRIS)
    judge = _minisom({})
    judge.get_weights()[:] = som.weights_
    ours = som.u_matrix_
    assert_allclose(ours / ours.max(), judge.distance_map(scaling="mean"))


def test_units_of_a_hexagonal_grid_have_six_neighbours_one_apart():
    touching = adjacency((5, 5), "hexagonal")
    where = positions((5, 5), "hexagonal")
    assert touching[12].sum() == 6
    assert_allclose(cdist(where, where)[touching], 1)
    assert_array_equal(touching, touching.T)


def test_labels_are_the_nearest_units_and_distances_say_so():
    som = SelfOrganizingMap(shape=(3, 4), random_state=0).fit(IRIS)
    assert_array_equal(som.labels_, som.predict(IRIS))
    apart = som.transform(IRIS)
    assert_allclose(apart, cdist(IRIS, som.weights_.reshape(-1, 4)), atol=1e-7)
    assert_array_equal(apart.argmin(axis=1), som.labels_)
    assert som.quantization_error_ == pytest.approx(apart.min(axis=1).mean())
    first, second = np.argsort(apart, axis=1)[:, :2].T
    assert_array_equal(best_two(IRIS, som.weights_.reshape(-1, 4), "euclidean"), (first, second))


@pytest.mark.parametrize("distance", ["cosine", "manhattan", "chebyshev"])
def test_other_distances_choose_the_nearest_unit_too(distance):
    som = SelfOrganizingMap(shape=(3, 4), distance=distance, random_state=0).fit(IRIS)
    assert_array_equal(som.transform(IRIS).argmin(axis=1), som.predict(IRIS))


def test_minibatches_come_out_near_the_whole():
    whole = SelfOrganizingMap(shape=(4, 4), random_state=0).fit(IRIS)
    small = SelfOrganizingMap(shape=(4, 4), batch_size=25, random_state=0).fit(IRIS)
    assert small.quantization_error_ < 1.1 * whole.quantization_error_


def test_all_rows_as_one_minibatch_is_twenty_partial_fits():
    step = SelfOrganizingMap(shape=(3, 3), n_iter=20, random_state=0)
    fit = clone(step).set_params(batch_size=len(IRIS)).fit(IRIS)
    for _ in range(20):
        step.partial_fit(IRIS)
    assert_allclose(step.weights_, fit.weights_, atol=1e-4)


def test_online_passes_one_by_one_spread_the_map_too():
    som = SelfOrganizingMap(shape=(3, 3), algorithm="online", n_iter=5, random_state=0)
    for _ in range(5):
        som.partial_fit(scale(IRIS))
    assert som.quantization_error_ < 0.7 * np.linalg.norm(scale(IRIS), axis=1).mean()


def test_large_offsets_do_not_cost_precision():
    som = SelfOrganizingMap(shape=(4, 4), random_state=0).fit(IRIS)
    far = SelfOrganizingMap(shape=(4, 4), random_state=0).fit(IRIS + 1e5)
    assert far.quantization_error_ == pytest.approx(som.quantization_error_, rel=1e-3)


def test_a_longer_fit_unfolds_two_moons():
    X, _ = make_moons(300, noise=0.05, random_state=0)
    som = SelfOrganizingMap(shape=(8, 8), n_iter=20, random_state=0)
    errors = [som.partial_fit(X).quantization_error_ for _ in range(20)]
    assert errors[-1] < 0.7 * errors[0]


def test_planes_dead_units_and_names_of_the_columns():
    som = SelfOrganizingMap(shape=(2, 3), random_state=0).fit(IRIS)
    assert som.component_planes_.shape == (4, 2, 3)
    assert_array_equal(som.component_planes_[2], som.weights_[:, :, 2])
    assert list(som.dead_units_) == [u for u in range(6) if u not in som.labels_]
    assert som.get_feature_names_out()[-1] == "selforganizingmap5"


def test_a_map_of_one_unit_is_the_mean():
    som = SelfOrganizingMap(shape=(1, 1), n_iter=2).fit(IRIS)
    assert_allclose(som.weights_[0, 0], IRIS.mean(axis=0), rtol=1e-5)
    assert som.topographic_error_ == 0
    assert u_matrix(som.weights_, "rectangular") == [[0]]


@pytest.mark.parametrize(("shape", "width"), [((10, 10), 1.05), ((30, 8), 1.55)])
def test_the_last_neighbourhood_is_wider_on_larger_maps(shape, width):
    X = np.random.RandomState(0).normal(size=(300, 3))
    maps = [
        SelfOrganizingMap(shape=shape, final_sigma=end, n_iter=3, random_state=0).fit(X).weights_
        for end in (None, width)
    ]
    assert_allclose(*maps)


def test_three_units_on_iris_find_the_species():
    """Scaling and width are chosen by the error relative to the spread; labels only judge."""
    scores = []
    for seed in range(20):
        found = {}
        for X, sigma in itertools.product((IRIS, scale(IRIS), normalize(IRIS)), (0.3, 0.5, 1.0)):
            som = SelfOrganizingMap(
                shape=(1, 3), final_sigma=sigma, init="sample", random_state=seed
            ).fit(X)
            spread = np.linalg.norm(X - X.mean(axis=0), axis=1).mean()
            found[som.quantization_error_ / spread] = som.labels_
        scores.append(normalized_mutual_info_score(SPECIES, found[min(found)]))
    assert np.median(scores) >= 0.813


@pytest.mark.parametrize(
    ("params", "rows", "message"),
    [
        ({"shape": (0, 3)}, IRIS, "shape must be a tuple of 2 items, each an integer >= 1"),
        ({"neighborhood": "mexican_hat"}, IRIS, "neighborhood must be .* take algorithm='online'"),
        ({"algorithm": "online", "sigma_decay": "exponential"}, IRIS, "sigma_decay must be one of"),
        ({}, np.ones((9, 3)), "X must hold rows that differ, got 9 times the same row"),
        ({}, IRIS[:1], "1 sample"),
        ({}, np.where(IRIS > 7, np.nan, IRIS), "SelfOrganizingMap does not accept missing values"),
        ({}, IRIS[0], "Expected 2D array"),
    ],
)
def test_bad_input_is_named(params, rows, message):
    with pytest.raises(ValueError, match=message):
        SelfOrganizingMap(**{"shape": (2, 2), **params}).fit(rows)


def test_a_map_larger_than_the_data_is_pointed_out():
    with pytest.warns(UserWarning, match=r"has 25 units for 10 rows, so at least 15 of them stay"):
        som = SelfOrganizingMap(shape=(5, 5)).fit(IRIS[:10])
    assert len(som.dead_units_) >= 15


def test_a_constant_feature_does_no_harm():
    X = np.hstack([IRIS, np.full((len(IRIS), 1), 3.0)])
    som = SelfOrganizingMap(shape=(3, 3), random_state=0).fit(X)
    assert_allclose(som.component_planes_[4], 3, rtol=1e-5)


def test_a_classifier_labels_units_by_majority_and_passes_over_empty_ones():
    X = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]])
    y = np.array(["low", "low", "high", "high", "high"])
    model = SOMClassifier(shape=(1, 4), sigma=0.1, final_sigma=0.1, random_state=0).fit(X, y)
    assert (model.counts_.sum(axis=1) == 0).any(), "the point of the test: an empty unit"
    assert_array_equal(model.predict([[0.05], [4.0], [20.0]]), ["low", "low", "high"])
    shares = model.predict_proba(X)
    assert_allclose(shares.sum(axis=1), 1)
    assert_array_equal(model.counts_.sum(axis=0), [3, 2])


def test_a_classifier_reads_a_four_by_four_map_of_iris():
    order = np.random.RandomState(0).permutation(len(IRIS))
    train, test = order[:100], order[100:]
    model = SOMClassifier(shape=(4, 4), random_state=0).fit(IRIS[train], SPECIES[train])
    assert model.score(IRIS[test], SPECIES[test]) > 0.9


def test_torch_computes_what_numpy_computes():
    import torch  # only here: the others need none

    rows = torch.as_tensor(IRIS.astype(np.float32))
    weights = IRIS[:6].astype(np.float32) + 0.01
    pull = Neighborhood("gaussian", (2, 3), "rectangular")(1.0).astype(np.float32)
    expected = batch_step(IRIS.astype(np.float32), weights, pull, "euclidean", 1.0)
    moved = batch_step(rows, torch.as_tensor(weights), torch.as_tensor(pull), "euclidean", 1.0)
    assert_allclose(moved.numpy(), expected, rtol=1e-5)


def test_thin_factors_of_a_smooth_map_name_the_same_winners():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(2000, 200)).astype(np.float32)
    pull = Neighborhood("gaussian", (10, 10), "rectangular")(4.0).astype(np.float32)
    weights = pull @ X[:100] / pull.sum(axis=1)[:, None]
    factors = low_rank(weights)
    assert factors[0].shape[1] <= 32
    assert_allclose(factors[0] @ factors[1], weights, atol=1e-4)
    whole = closeness(weights, "euclidean")(X)
    thin = closeness(weights, "euclidean", factors)(X)
    assert (whole.argmax(axis=1) == thin.argmax(axis=1)).mean() > 0.999


def test_a_rugged_map_has_no_thin_factors():
    assert low_rank(np.random.RandomState(0).normal(size=(100, 60)).astype(np.float32)) is None


def test_slabs_come_in_order_and_every_thread_computes_alone():
    def look(rows):
        blas = {
            library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
        }
        return rows.start, max(blas), threading.current_thread().name

    with threadpool_limits(2, user_api="blas"):
        starts, counts, names = zip(*over_slabs(look, 5000), strict=True)
        assert max(library["num_threads"] for library in threadpool_info()) == 2
    assert starts == (0, 1250, 2500, 3750)
    assert set(counts) == {1}
    assert threading.current_thread().name not in names


def test_maps_of_one_and_of_two_threads_are_the_same():
    X = np.random.RandomState(0).normal(size=(5000, 20))
    maps = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            maps.append(SelfOrganizingMap(shape=(4, 4), n_iter=5, random_state=0).fit(X))
    assert_allclose(maps[0].weights_, maps[1].weights_, rtol=1e-5)
    assert_array_equal(maps[0].labels_, maps[1].labels_)
