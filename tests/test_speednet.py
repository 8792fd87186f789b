"""The fast network: whitened patches, kernels that keep their length, small and odd images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from estimators import SpeedNetClassifier
from estimators.deep.speednet import SteadyConv2d, WhitenedPatches


@pytest.fixture(scope="module")
def images():
    """Return smooth colour images, whose neighbouring pixels are alike."""
    noise = np.random.RandomState(0).rand(300, 10, 10, 3)
    smooth = (noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2)) / 3
    return (255 * smooth).astype(np.uint8)


def test_the_directions_of_the_patches_are_uncorrelated_and_of_unit_variance(images):
    layer, rows = WhitenedPatches((3, 10, 10)), torch.from_numpy(images)
    layer.adapt(rows, torch.arange(len(rows)))
    with torch.no_grad():
        maps = layer(rows).transpose(0, 1).flatten(1)
    half = len(maps) // 2
    assert_allclose(torch.cov(maps[:half].double()), np.eye(half), atol=0.02)
    assert_allclose(maps[half:], -maps[:half], atol=1e-5)


def test_training_leaves_the_directions_and_the_length_of_the_kernels_alone(images):
    y = images[:, 0, 0, 0] > 100
    net = SpeedNetClassifier(width=4, max_epochs=2, random_state=0).fit(images, y)
    input_layer, model = net.net_.module
    fresh = WhitenedPatches((3, 10, 10))
    fresh.adapt(torch.from_numpy(images), torch.arange(len(images)))
    assert_allclose(input_layer.directions, fresh.directions, atol=1e-6)
    assert input_layer.bias.abs().max() > 0
    for conv in (module for module in model if isinstance(module, SteadyConv2d)):
        # one step of the optimiser has gone by since it was last brought back
        assert_allclose(conv.weight.detach().norm(), conv.out_channels**0.5, rtol=0.02)


def test_a_convolution_starts_as_the_identity_on_its_first_maps():
    conv = SteadyConv2d(2, 3).eval()
    x = torch.randn(1, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert_allclose(conv(x)[:, :2], x)


def test_at_its_own_size_it_has_the_parameters_of_the_published_one():
    with torch.device("meta"), torch.random.fork_rng(devices=()):
        module = SpeedNetClassifier().build_module((3, 32, 32), 10)
        n_parameters = sum(p.numel() for p in module.parameters())
    assert n_parameters == 1_972_480  # 1.97 million; the directions and their offsets come before


@pytest.mark.parametrize(
    "shape", [(1, 20, 1), (8, 8, 1), (5, 3, 1), (28, 28, 1), (33, 31, 3), (9, 9, 4)]
)
def test_images_of_any_size_and_number_of_channels_are_learned(shape):
    X = np.random.RandomState(0).rand(20, *shape).astype(np.float32)
    net = SpeedNetClassifier(width=2, max_epochs=1, random_state=0).fit(X, np.arange(20) % 3)
    assert net.predict_proba(X).shape == (20, 3)
