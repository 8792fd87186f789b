"""The generative adversarial network: its losses, its parts, what it draws and what it warns of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from estimators import GAN, load, save
from estimators.deep._adversarial import (
    DISCRIMINATOR_LOSSES,
    GENERATOR_LOSSES,
    Game,
    gradient_penalty,
)
from estimators.deep._adversarial_layers import BatchSpread, nets

IMAGES = load_digits().images[:300]
QUICK = {"latent_dim": 4, "width": 4, "max_epochs": 2, "random_state": 0}

BY_HAND = [
    ("non-saturating", np.log(1 + np.exp(-2)) + np.log(1 + np.exp(0.5)), np.log(1 + np.exp(-0.5))),
    ("hinge", 0 + 1.5, -0.5),
    ("wgan-gp", -1.5, -0.5),
]


@pytest.mark.parametrize(("loss", "of_discriminator", "of_generator"), BY_HAND)
def test_losses_are_what_one_gets_by_hand(loss, of_discriminator, of_generator):
    real, fake = torch.tensor([2.0]), torch.tensor([0.5])
    assert float(DISCRIMINATOR_LOSSES[loss](real, fake)) == pytest.approx(of_discriminator)
    assert float(GENERATOR_LOSSES[loss](fake)) == pytest.approx(of_generator)


def test_the_penalty_of_a_plane_is_its_slope_less_one_squared():
    plane = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Flatten(0))
    with torch.no_grad():
        plane[0].weight.copy_(torch.tensor([[3.0, 4.0]]))
    penalty = gradient_penalty(plane, torch.zeros(7, 2), torch.ones(7, 2)).detach()
    assert penalty.item() == pytest.approx((5 - 1) ** 2)


@pytest.mark.parametrize("architecture", ["dense", "conv"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 13), (1, 28, 28)])
def test_drawn_rows_have_the_shape_of_the_real_ones(architecture, shape):
    generator, discriminator = nets(architecture, 5, shape, 2)
    drawn = generator(torch.randn(6, 5))
    assert drawn.shape == (6, *shape)
    assert drawn.abs().max() <= 1
    assert discriminator(drawn).shape == (6,)


@pytest.mark.parametrize(("n_rows", "steps"), [(40, 3), (200, 13), (1300, 65), (6400, 100)])
def test_an_epoch_of_few_rows_takes_smaller_batches(n_rows, steps, monkeypatch):
    seen = []
    monkeypatch.setattr(Game, "step_generator", lambda game, n: seen.append(n))
    X = np.random.RandomState(0).normal(size=(n_rows, 2))
    GAN(latent_dim=2, width=1, max_epochs=1, random_state=0).fit(X)
    assert len(seen) == steps


def test_copies_of_one_row_give_themselves_away():
    row = torch.randn(1, 3, 4, 4)
    copies, others = (
        BatchSpread()(row.expand(6, -1, -1, -1)),
        BatchSpread()(torch.randn(6, 3, 4, 4)),
    )
    assert copies[:, 3].max() < 1e-3 < 0.3 < others[:, 3].min()


CASES = [
    {"architecture": "conv"},
    {"loss": "hinge"},
    {"loss": "wgan-gp", "architecture": "conv"},
    {"ema": None},
]


@pytest.mark.parametrize("params", CASES, ids=str)
def test_samples_are_images_in_the_range_of_the_real_ones(params):
    gan = GAN(**QUICK, **params).fit(IMAGES)
    drawn = gan.sample(20, random_state=0)
    assert drawn.shape == (20, 8, 8)
    assert drawn.min() >= 0
    assert drawn.max() <= 16.0001
    assert_array_equal(drawn, gan.sample(20, random_state=0))
    assert not np.array_equal(drawn, gan.sample(20, random_state=1))
    row = gan.history_[-1]
    assert row["epoch"] == 2
    assert np.isfinite([row["discriminator_loss"], row["seconds"]]).all()


def test_bytes_stay_bytes_and_vectors_stay_vectors():
    images = (IMAGES * 15).astype(np.uint8)[..., None]
    drawn = GAN(architecture="conv", **QUICK).fit(images).sample(3, random_state=0)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (3, 8, 8, 1)
    rows = GAN(**QUICK).fit(IMAGES.reshape(300, 64)).sample(3, random_state=0)
    assert rows.shape == (3, 64)
    assert (rows[:, 0] == 0).all(), "a pixel that is always black"


def test_a_training_brings_the_mean_of_the_samples_to_that_of_the_rows():
    params = {**QUICK, "lr": 0.003}
    before, after = (GAN(**{**params, "max_epochs": n}).fit(IMAGES) for n in (1, 25))
    apart = [
        np.linalg.norm(gan.sample(200, random_state=0).mean(axis=0) - IMAGES.mean(axis=0))
        for gan in (before, after)
    ]
    assert apart[1] < 0.6 * apart[0]


def test_an_interpolation_starts_and_ends_at_its_codes_and_is_smooth_between():
    gan = GAN(**{**QUICK, "max_epochs": 15}).fit(IMAGES)
    a, b = np.random.RandomState(0).normal(size=(2, 4))
    way = gan.interpolate(a, b, steps=20)
    codes = np.random.RandomState(0)
    assert_allclose(way[[0, -1]], gan._decode(codes.normal(size=(2, 4))), atol=1e-4)
    hops = np.linalg.norm(np.diff(way.reshape(20, -1), axis=0), axis=1)
    assert hops.max() < 0.5 * np.linalg.norm(way[-1] - way[0])


def test_a_saved_generator_of_images_draws_the_same(tmp_path):
    gan = GAN(architecture="conv", **QUICK).fit(IMAGES)
    save(gan, tmp_path / "gan.skops")
    again = load(tmp_path / "gan.skops")
    assert_array_equal(again.sample(5, random_state=0), gan.sample(5, random_state=0))


def test_time_ends_the_training():
    gan = GAN(**{**QUICK, "max_epochs": 10_000, "max_seconds": 0.3}).fit(IMAGES)
    assert len(gan.history_) < 10_000


LOPSIDED = [
    ({"lr": 1e-9, "discriminator_lr": 0.01}, "the discriminator tells nearly all rows right"),
    ({"lr": 0.02, "discriminator_lr": 1e-9}, "the drawn rows are nearly all the same"),
]


@pytest.mark.parametrize(("rates", "message"), LOPSIDED)
def test_a_game_that_one_side_wins_is_pointed_out(rates, message):
    gan = GAN(**{**QUICK, "max_epochs": 80, "width": 8, **rates})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gan.fit(IMAGES)
    messages = [str(w.message) for w in caught if w.category is ConvergenceWarning]
    assert any(message in text for text in messages), (messages, gan.history_[-1])


@pytest.mark.parametrize(
    ("params", "rows", "message"),
    [
        ({"architecture": "conv"}, IMAGES.reshape(300, 64), "needs images of 4 x 4 .* got 1 x 64"),
        ({"loss": "wgan"}, IMAGES, "GAN: loss must be one of 'non-saturating', 'hinge', 'wgan-gp'"),
        ({"lr": 0}, IMAGES, "lr must be a number > 0, got lr=0"),
        ({}, np.ones((9, 4)), "X must hold rows that differ, got 9 times the same row"),
        ({}, IMAGES[:1], "1 sample"),
        ({}, np.where(IMAGES > 15, np.nan, IMAGES), "GAN does not accept missing values"),
    ],
)
def test_bad_input_is_named(params, rows, message):
    with pytest.raises(ValueError, match=message):
        GAN(**{**QUICK, **params}).fit(rows)


@pytest.mark.parametrize(("codes", "message"), [(3, "latent_dim=4"), (None, "not all zero")])
def test_codes_that_do_not_fit_are_named(codes, message):
    gan = GAN(**QUICK).fit(IMAGES)
    a = np.ones(codes) if codes else np.zeros(4)
    with pytest.raises(ValueError, match=message):
        gan.interpolate(a, a)
