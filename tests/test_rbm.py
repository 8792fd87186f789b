"""What one asks of a Boltzmann machine, against sums over all states of a small one."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import minmax_scale

from estimators import (
    BernoulliRBM,
    LogisticRegression,
    rbm_inpaint,
    rbm_pseudo_likelihood,
    rbm_reconstruction_error,
    rbm_sample,
)
from pipelines import make_pipeline as build_pipeline
from pipelines.dataset import Dataset

STATES = np.array(list(itertools.product([0.0, 1.0], repeat=4)))


@pytest.fixture(scope="module")
def small():
    """A machine of four visible and three hidden units with known, sizeable weights."""
    rng = np.random.RandomState(0)
    rbm = BernoulliRBM(3, n_iter=1, random_state=0).fit(STATES)
    rbm.components_ = rng.normal(scale=1.0, size=(3, 4))
    rbm.intercept_visible_, rbm.intercept_hidden_ = rng.normal(size=4), rng.normal(size=3)
    return rbm


@pytest.fixture(scope="module")
def likelihood(small):
    """The probability of each of the 16 states, by the sum over all hidden states."""
    hidden = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    energy = -(
        STATES @ small.components_.T @ hidden.T
        + (STATES @ small.intercept_visible_)[:, None]
        + hidden @ small.intercept_hidden_
    )
    weight = np.exp(-energy).sum(axis=1)
    return weight / weight.sum()


def test_the_pseudo_likelihood_is_the_sum_over_all_states(small, likelihood):
    index = {tuple(state): p for state, p in zip(STATES, likelihood, strict=True)}
    expected = []
    for state in STATES:
        flipped = [tuple(np.where(np.arange(4) == i, 1 - state, state)) for i in range(4)]
        p = index[tuple(state)]
        expected.append(sum(np.log(p / (p + index[other])) for other in flipped))
    assert_allclose(rbm_pseudo_likelihood(small, STATES), expected)


def test_scikit_learns_estimate_scatters_around_the_pseudo_likelihood(small):
    rows = np.tile(STATES[5], (4000, 1))
    assert small.score_samples(rows).mean() == pytest.approx(
        rbm_pseudo_likelihood(small, rows[:1])[0], rel=0.05
    )


def test_samples_have_the_frequencies_of_the_machine(small, likelihood):
    shades = rbm_sample(small, 4000, n_steps=50, random_state=0)
    assert_allclose(shades.mean(axis=0), likelihood @ STATES, atol=0.02)


def test_gaps_are_filled_with_the_conditional_mean(small, likelihood):
    known = np.isin(np.arange(4), [0, 2])
    fits = (STATES[:, known] == [1, 0]).all(axis=1)
    expected = likelihood[fits] @ STATES[fits] / likelihood[fits].sum()
    filled = rbm_inpaint(
        small, np.tile([1, np.nan, 0, np.nan], (500, 1)), ~known, n_steps=60, random_state=0
    )
    assert_array_equal(filled[:, known], np.tile([1, 0], (500, 1)))
    assert_allclose(filled.mean(axis=0), expected, atol=0.02)


def test_the_reconstruction_goes_there_and_back_by_probabilities(small):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    h = sigmoid(STATES @ small.components_.T + small.intercept_hidden_)
    back = sigmoid(h @ small.components_ + small.intercept_visible_)
    expected = ((back - STATES) ** 2).mean(axis=1)
    assert_allclose(rbm_reconstruction_error(small, STATES), expected)


def test_a_machine_learns_digits_and_its_features_serve_a_classifier():
    X, y = load_digits(n_class=3, return_X_y=True)
    X = minmax_scale(X)
    rbm = BernoulliRBM(32, learning_rate=0.05, n_iter=20, random_state=0).fit(X)
    blank = BernoulliRBM(32, n_iter=0, random_state=0).fit(X)
    for better, rule in ((rbm_reconstruction_error, np.less), (rbm_pseudo_likelihood, np.greater)):
        assert rule(better(rbm, X).mean(), better(blank, X).mean())
    model = make_pipeline(rbm, LogisticRegression(max_iter=1000)).fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > 0.95


@pytest.mark.parametrize("answer", [rbm_pseudo_likelihood, rbm_reconstruction_error])
def test_values_outside_of_zero_and_one_are_named(small, answer):
    with pytest.raises(ValueError, match=r"X must lie in \[0, 1\], got values from -2 to 1; scale"):
        answer(small, [[0, 1, 0, -2]])
    with pytest.raises(ValueError, match="X must have 4 features, got 3"):
        answer(small, [[0, 1, 0]])


def test_a_mask_of_another_shape_is_named(small):
    with pytest.raises(ValueError, match=r"mask must have the shape of X, \(2, 4\), .* got \(3,\)"):
        rbm_inpaint(small, np.zeros((2, 4)), [True, False, True])


@pytest.mark.parametrize("params", [{"n_samples": 0}, {"n_steps": -1}, {"n_steps": 0.5}])
def test_counts_are_whole_and_positive(small, params):
    with pytest.raises(
        ValueError, match=f"rbm_sample: {next(iter(params))} must be an integer >= 1"
    ):
        rbm_sample(small, **params)


def test_a_machine_that_is_not_fitted_is_named():
    with pytest.raises(ValueError, match="not fitted yet"):
        rbm_sample(BernoulliRBM())


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("form", [np.asarray, csr_matrix, pd.DataFrame])
def test_negative_rows_are_refused(method, form):
    with pytest.raises(ValueError, match=r"probabilities, got -2; scale them with MinMaxScaler"):
        getattr(BernoulliRBM(2), method)(form(STATES - 2 * STATES[5]))


def test_a_machine_learns_what_scikit_learns_own_does():
    ours = BernoulliRBM(3, n_iter=5, random_state=0).fit(STATES)
    theirs = neural_network.BernoulliRBM(3, n_iter=5, random_state=0).fit(STATES)
    assert_array_equal(ours.components_, theirs.components_)


def test_a_pipeline_by_name_brings_negative_rows_between_zero_and_one():
    X = load_digits().data[:100] - 8
    data = Dataset(
        name="below zero", task="generation", kind="table",
        X_train=X, y_train=np.zeros(100), X_test=X - 5, y_test=np.zeros(100),
    )  # fmt: skip
    pipeline = build_pipeline("rbm", data, params={"n_iter": 1}, random_state=0).fit(X)
    rows = pipeline[:-1].transform(X)
    assert (rows.min(), rows.max()) == (0, 1)
    assert np.isfinite(rbm_reconstruction_error(pipeline[-1], rows)).all()


def test_samples_without_a_seed_leave_the_global_generator_alone(small):
    before = np.random.get_state()
    rbm_sample(small, 3)
    after = np.random.get_state()
    assert_array_equal(after[1], before[1])
    assert after[2] == before[2]
