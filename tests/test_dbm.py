"""The deep Boltzmann machine against sums over all states of a small one, and on digits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.datasets import load_digits

from estimators import DeepBoltzmannMachine, LogisticRegression
from estimators.classical._dbm_layers import Layers
from estimators.classical._dbm_training import pretrain

SIZES = (4, 3, 2)
STATES = np.array(list(itertools.product([0.0, 1.0], repeat=sum(SIZES))))
PARTS = np.split(STATES, np.cumsum(SIZES)[:-1], axis=1)
DIGITS, Y = load_digits(n_class=3, return_X_y=True)
QUICK = {"layer_sizes": (16, 8), "n_iter": 10, "pretrain_iter": 5, "random_state": 0}


@pytest.fixture(scope="module")
def layers():
    """A machine of four, three and two units with known, sizeable weights."""
    rng = np.random.RandomState(0)
    weights = [rng.normal(size=shape) for shape in itertools.pairwise(SIZES)]
    return Layers(weights, [rng.normal(size=n) for n in SIZES])


@pytest.fixture(scope="module")
def likelihood(layers):
    """The probability of each of the 512 states, by its energy."""
    energy = -sum(part @ bias for part, bias in zip(PARTS, layers.biases, strict=True))
    for lower, weights, upper in zip(PARTS, layers.weights, PARTS[1:], strict=False):
        energy -= ((lower @ weights) * upper).sum(axis=1)
    weight = np.exp(-energy)
    return weight / weight.sum()


@pytest.fixture(scope="module")
def small(layers):
    machine = DeepBoltzmannMachine(**QUICK).fit(PARTS[0])
    machine.weights_, machine.biases_ = layers.weights, layers.biases
    return machine


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_unit_turns_on_as_often_as_the_energy_says(layers, likelihood, layer):
    state = [part[137:138] for part in PARTS]
    others = [i for i in range(3) if i != layer]
    fits = np.all([(PARTS[i] == state[i]).all(axis=1) for i in others], axis=0)
    expected = likelihood[fits] @ PARTS[layer][fits] / likelihood[fits].sum()
    assert_allclose(layers.probabilities(state, layer)[0], expected)


def test_samples_have_the_frequencies_of_the_machine(small, likelihood):
    drawn = small.sample(4000, random_state=0, n_steps=60)
    assert_allclose(drawn.mean(axis=0), likelihood @ PARTS[0], atol=0.02)


def test_gaps_are_filled_with_the_conditional_mean(small, likelihood):
    known = np.isin(np.arange(4), [0, 2])
    fits = (PARTS[0][:, known] == [1, 0]).all(axis=1)
    expected = likelihood[fits] @ PARTS[0][fits] / likelihood[fits].sum()
    rows = np.tile([1, np.nan, 0, np.nan], (500, 1))
    filled = small.inpaint(rows, ~known, n_steps=60, random_state=0)
    assert_array_equal(filled[:, known], np.tile([1, 0], (500, 1)))
    assert_allclose(filled.mean(axis=0), expected, atol=0.02)


def test_mean_field_ends_where_all_layers_agree(layers):
    state = layers.mean_field(PARTS[0][:5], 500)
    for layer in (1, 2):
        assert_allclose(state[layer], layers.probabilities(state, layer), atol=1e-6)


def test_learning_raises_what_goes_together_in_the_data(layers):
    data = [np.ones((2, n)) for n in SIZES]
    model = [np.zeros((5, n)) for n in SIZES]
    moved = Layers([w.copy() for w in layers.weights], [b.copy() for b in layers.biases])
    moved.learn(data, model, 0.1)
    for before, after in zip(
        layers.weights + layers.biases, moved.weights + moved.biases, strict=True
    ):
        assert_allclose(after, before + 0.1)


def test_two_layers_trained_alone_are_a_restricted_machine():
    X = np.repeat([[0.0, 0, 1, 1], [1, 1, 0, 0]], 100, axis=0)
    weights, visible, hidden = pretrain(
        X, 6, np.random.RandomState(0), scales=(1, 1), lr=0.2, n_iter=100, batch_size=10
    )
    back = expit(expit(X @ weights + hidden) @ weights.T + visible)
    assert ((back - X) ** 2).mean() < 0.02


def test_digits_are_learnt_and_their_features_serve_a_classifier():
    X = DIGITS / 16
    params = {"layer_sizes": (48, 24), "random_state": 0}
    short, long = (
        DeepBoltzmannMachine(n_iter=n, pretrain_iter=n, **params).fit(X[:300]) for n in (1, 15)
    )
    assert long.history_[-1]["train_loss"] < 0.8 * short.history_[-1]["train_loss"]
    model = LogisticRegression(max_iter=2000).fit(long.transform(X[:300]), Y[:300])
    assert model.score(long.transform(X[300:]), Y[300:]) > 0.9


def test_features_and_filters_of_all_layers():
    machine = DeepBoltzmannMachine(**QUICK).fit(DIGITS)
    features = machine.transform(DIGITS[:7])
    assert features.shape == (7, 24)
    assert ((features > 0) & (features < 1)).all()
    assert [f.shape for f in machine.filters_] == [(16, 64), (8, 64)]
    assert_allclose(machine.filters_[1], (machine.weights_[0] @ machine.weights_[1]).T)
    assert machine.get_feature_names_out()[-1] == "deepboltzmannmachine23"


def test_values_above_one_are_divided_by_the_greatest():
    grey = DeepBoltzmannMachine(**QUICK).fit(DIGITS / 16)
    shades = DeepBoltzmannMachine(**QUICK).fit(DIGITS.astype(np.uint8))
    assert shades.scale_ == 16
    assert_allclose(shades.transform(DIGITS), grey.transform(DIGITS / 16))
    assert_allclose(
        shades.sample(3, random_state=0, n_steps=5),
        16 * grey.sample(3, random_state=0, n_steps=5),
    )


@pytest.mark.parametrize(
    ("params", "rows", "message"),
    [
        ({"layer_sizes": ()}, DIGITS, "layer_sizes must be a tuple of 1 or more items"),
        ({"lr": -1}, DIGITS, "lr must be a number > 0, got lr=-1"),
        ({}, DIGITS - 1, "Negative values .* got -1; scale them with MinMaxScaler first"),
        ({}, np.ones((9, 3)), "X must hold rows that differ, got 9 times the same row"),
        ({}, DIGITS[:1], "1 sample"),
        ({}, np.where(DIGITS > 15, np.nan, DIGITS), "does not accept missing values"),
    ],
)
def test_bad_input_is_named(params, rows, message):
    with pytest.raises(ValueError, match=message):
        DeepBoltzmannMachine(**{**QUICK, **params}).fit(rows)


def test_bad_questions_are_named(small):
    with pytest.raises(ValueError, match=r"mask must have the shape of X, \(2, 4\), .* got \(3,\)"):
        small.inpaint(np.zeros((2, 4)), [True, False, True])
    with pytest.raises(ValueError, match="Negative values"):
        small.inpaint(np.full((2, 4), -0.5), [True, False, True, True])
    with pytest.raises(ValueError, match="n must be an integer >= 1, got n=0"):
        small.sample(0)


def test_a_constant_feature_does_no_harm():
    X = np.hstack([DIGITS / 16, np.zeros((len(DIGITS), 1))])
    machine = DeepBoltzmannMachine(**QUICK).fit(X)
    assert machine.sample(20, random_state=0, n_steps=50)[:, -1].max() < 0.2
