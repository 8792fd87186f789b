"""Autoencoders: their exact sizes, codes and back, noise, layer by layer, and what can be drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch.distributions import Bernoulli, Normal, kl_divergence

from estimators import (
    Autoencoder,
    ConvAutoencoder,
    LSTMAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)
from estimators.deep._reconstruction import Corruption
from estimators.deep._stacked_lstm import StackedLSTM
from estimators.deep._variational import VariationalNet, elbo

IMAGES = load_digits().images[:400] / 16
ROWS = IMAGES.reshape(400, -1)
QUICK = {"max_epochs": 3, "random_state": 0}


@pytest.mark.parametrize(
    ("model", "shape", "n_parameters"),
    [
        (Autoencoder(hidden_layer_sizes=(512, 32, 512)), (1000,), 1_058_824),
        (Autoencoder(hidden_layer_sizes=(400, 200, 100, 200, 400)), (784,), 829_284),
        (StackedAutoencoder(hidden_layer_sizes=(400, 200, 100)), (784,), 829_284),
        (ConvAutoencoder(channels=(16, 8)), (28, 28), 3_217),
        (ConvAutoencoder(channels=(32, 16, 4)), (64, 312), 11_193),
        (Autoencoder(hidden_layer_sizes=(7, 5, 4, 5, 7)), (30,), 588),
        (Autoencoder(hidden_layer_sizes=(15, 14, 7, 14)), (30,), 1_356),
        (LSTMAutoencoder(hidden_sizes=(4, 5, 15)), (30, 1), 4_193),
    ],
)
def test_a_model_has_the_published_number_of_parameters(model, shape, n_parameters):
    rows = np.random.default_rng(0).random((4, *shape))
    assert model.set_params(max_epochs=1).fit(rows).n_parameters_ == n_parameters


@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (1, 9), (5, 7, 3)])
@pytest.mark.parametrize("code_size", [None, 3])
def test_images_of_every_size_come_back_in_it(shape, code_size):
    images = np.random.default_rng(0).integers(0, 256, size=(6, *shape), dtype=np.uint8)
    model = ConvAutoencoder(channels=(4, 2), code_size=code_size, max_epochs=1).fit(images)
    back = model.inverse_transform(model.transform(images))
    assert back.shape == images.shape
    assert 0 <= back.min() < 255
    assert back.max() > 1, "in the units of the pixels"


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (Autoencoder(**QUICK), ROWS),
        (StackedAutoencoder(**QUICK), ROWS),
        (LSTMAutoencoder(**QUICK), ROWS),
        (ConvAutoencoder(**QUICK), IMAGES),
        (VariationalAutoencoder(**QUICK), IMAGES),
    ],
)
def test_the_score_is_minus_the_squared_error_of_what_comes_back(model, rows):
    back = model.fit(rows).inverse_transform(model.transform(rows))
    errors = np.square(back - rows).reshape(len(rows), -1).mean(axis=1)
    np.testing.assert_allclose(model.score_samples(rows), -errors, rtol=1e-3)
    assert model.score(rows) == pytest.approx(-errors.mean(), rel=1e-3)
    assert model.predict(rows).tolist() == np.where(errors > model.threshold_, -1, 1).tolist()


def test_a_linear_autoencoder_is_as_good_as_principal_components():
    linear = Autoencoder(
        hidden_layer_sizes=(8,), activation="identity", weight_decay=0.0, max_epochs=150, lr=0.03,
        lr_schedule="cosine", random_state=0,
    ).fit(ROWS)  # fmt: skip
    pca = PCA(8).fit(ROWS)
    least = np.square(pca.inverse_transform(pca.transform(ROWS)) - ROWS).mean()
    assert 0.999 * least < -linear.score(ROWS) < 1.01 * least


@pytest.mark.parametrize("kind", ["gaussian", "masking"])
def test_a_denoising_autoencoder_cleans_better_than_one_that_saw_clean_rows(kind):
    rng = np.random.default_rng(0)
    noise = {
        "gaussian": ROWS + rng.normal(0, 0.3, ROWS.shape),
        "masking": ROWS * (rng.random(ROWS.shape) > 0.3),
    }
    errors = []
    for corruption in (None, kind):
        model = Autoencoder(corruption=corruption, max_epochs=40, random_state=0).fit(ROWS)
        cleaned = model.inverse_transform(model.transform(noise[kind]))
        errors.append(np.square(cleaned - ROWS).mean())
    assert errors[1] < 0.9 * errors[0]


def test_rows_are_corrupted_in_training_only():
    layer, rows = Corruption("masking", 0.25), torch.ones(100, 100)
    assert torch.equal(layer.eval()(rows), rows)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert layer.train()(rows).mean() == pytest.approx(0.75, abs=0.02)
        spread = (Corruption("gaussian", 0.5)(rows) - rows).std()
    assert spread == pytest.approx(0.5, abs=0.02)


def test_a_stack_keeps_what_it_was_before_fine_tuning():
    model = StackedAutoencoder(
        hidden_layer_sizes=(32, 8), activation="tanh", pretrain_epochs=20, **QUICK
    ).fit(ROWS)
    assert [len(layer.history_) for layer in model.layers_] == [20, 20]
    before = np.square(model.pretrained_reconstruction(ROWS) - ROWS).mean()
    assert before < 0.5 * ROWS.var(axis=0).mean(), "it has learnt something"
    assert -model.score(ROWS) < before
    first, _ = model.layers_
    by_hand = first.inverse_transform(model.layers_[1].inverse_transform(
        model.layers_[1].transform(first.transform(ROWS))))  # fmt: skip
    np.testing.assert_array_equal(model.pretrained_reconstruction(ROWS), by_hand)


def test_fine_tuning_starts_from_the_stack():
    tuned = StackedAutoencoder(
        hidden_layer_sizes=(32, 8), pretrain_epochs=20, max_epochs=1, lr=1e-9, random_state=0
    ).fit(ROWS)
    back = tuned.inverse_transform(tuned.transform(ROWS))
    # the layers were trained at that rate too, so start and end agree whatever they are
    np.testing.assert_allclose(back, tuned.pretrained_reconstruction(ROWS), atol=1e-4)


def test_sequences_may_be_three_dimensional():
    rows = np.random.default_rng(0).random((20, 10, 3))
    brought = LSTMAutoencoder(hidden_sizes=(4,), **QUICK).fit(rows)
    told = LSTMAutoencoder(hidden_sizes=(4,), n_channels=3, **QUICK).fit(rows.reshape(20, -1))
    np.testing.assert_array_equal(brought.transform(rows), told.transform(rows.reshape(20, -1)))
    assert brought.inverse_transform(brought.transform(rows)).shape == rows.shape
    with pytest.raises(ValueError, match="n_channels must divide the length of a row"):
        LSTMAutoencoder(n_channels=3).fit(np.ones((4, 10)))


@pytest.mark.parametrize("sizes", [(4, 5, 15), (15, 5, 4), (8, 4), (12, 20)])
@pytest.mark.parametrize("n_steps", [1, 30])
def test_narrow_layers_have_the_same_states_together_as_one_by_one(sizes, n_steps):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        stack, x = StackedLSTM(3, sizes), torch.randn(7, n_steps, 3)
    one_by_one = stack(x)
    with torch.inference_mode():
        together = stack(x)
    assert one_by_one.requires_grad
    torch.testing.assert_close(together, one_by_one.detach(), rtol=0, atol=1e-6)


def test_a_recurrent_net_leaves_the_mean_of_its_windows_behind_soon():
    noise = np.random.default_rng(0).normal(0, 0.1, 600)
    windows = np.lib.stride_tricks.sliding_window_view(np.sin(np.arange(600) / 4) + noise, 24)
    model = LSTMAutoencoder(hidden_sizes=(4, 5, 15), max_epochs=20, random_state=0).fit(windows)
    assert -model.score(windows) < 0.2 * windows.var()


def test_windows_score_the_same_on_one_thread_and_on_two():
    windows = np.random.default_rng(0).normal(size=(1500, 10))
    model = LSTMAutoencoder(hidden_sizes=(4, 2), max_epochs=1, random_state=0).fit(windows)
    before, found = torch.get_num_threads(), {}
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            found[n_threads] = model.score_samples(windows)
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found[1], found[2])


def test_codes_of_another_width_are_refused():
    model = Autoencoder(hidden_layer_sizes=(8,), **QUICK).fit(ROWS)
    with pytest.raises(ValueError, match=r"codes of 8 numbers, got an array of shape \(2, 7\)"):
        model.inverse_transform(np.ones((2, 7)))


# --- the variational one --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def variational():
    return VariationalAutoencoder(latent_dim=4, max_epochs=60, random_state=0).fit(IMAGES)


@pytest.mark.parametrize("kind", ["gaussian", "bernoulli"])
def test_the_bound_is_that_of_torchs_distributions(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = VariationalNet(
            torch.nn.Linear(6, 4), torch.nn.Linear(2, 6), torch.nn.Identity(), kind
        )
        x = torch.rand(5, 6)
        decoded, _, mean, log_variance, noise = output = net.draw(x)
    values = (
        Bernoulli(logits=decoded, validate_args=False)
        if kind == "bernoulli"
        else Normal(decoded, (noise / 2).exp())
    )
    distance = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    expected = values.log_prob(x).sum(1) - 3 * distance
    torch.testing.assert_close(elbo(output, kind, beta=3.0), expected)


@pytest.mark.parametrize("architecture", ["dense", "conv"])
@pytest.mark.parametrize("reconstruction", ["gaussian", "bernoulli"])
def test_both_architectures_learn_with_both_likelihoods(architecture, reconstruction):
    model = VariationalAutoencoder(
        architecture=architecture, reconstruction=reconstruction, latent_dim=8, max_epochs=30,
        channels=(16, 32), hidden_layer_sizes=(64,), random_state=0,
    ).fit(IMAGES)  # fmt: skip
    assert -model.score(IMAGES) < 0.6 * IMAGES.var(axis=0).mean()
    assert model.history_[-1]["train_loss"] < model.history_[0]["train_loss"]


def test_samples_look_like_the_rows(variational):
    drawn = variational.sample(500, random_state=0)
    assert drawn.shape == (500, 8, 8)
    away = np.abs(drawn.mean(axis=0) - IMAGES.mean(axis=0)).mean()
    assert away < 0.1 * IMAGES.std()
    np.testing.assert_array_equal(drawn, variational.sample(500, random_state=0))
    assert not np.array_equal(drawn, variational.sample(500, random_state=1))


def test_a_larger_beta_draws_the_codes_together():
    strict = VariationalAutoencoder(latent_dim=2, beta=30.0, max_epochs=40, random_state=0)
    codes = strict.fit(IMAGES).transform(IMAGES)
    loose = VariationalAutoencoder(latent_dim=2, beta=0.01, max_epochs=40, random_state=0)
    wide = loose.fit(IMAGES).transform(IMAGES)
    assert np.square(codes).mean() < np.square(wide).mean()


def test_the_way_between_two_rows_starts_and_ends_at_their_reconstructions(variational):
    way = variational.interpolate(IMAGES[0], IMAGES[1], steps=5)
    ends = variational.inverse_transform(variational.transform(IMAGES[:2]))
    np.testing.assert_allclose(way[[0, -1]], ends, atol=1e-5)
    assert way.shape == (5, 8, 8)


def test_the_bound_is_higher_for_rows_like_those_of_the_training(variational):
    strange = np.random.default_rng(0).permuted(IMAGES.reshape(400, -1), axis=1)
    usual = variational.elbo(IMAGES, random_state=0)
    assert usual.mean() > variational.elbo(strange.reshape(IMAGES.shape), random_state=0).mean() + 5
    assert usual.mean() == pytest.approx(variational.elbo(IMAGES, random_state=1).mean(), abs=1.0)
