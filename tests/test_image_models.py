"""The image models have the published numbers of parameters, and take any size of image."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from estimators import registry
from estimators.deep.densenet import densenet
from estimators.deep.efficientnet import efficientnet
from estimators.deep.resnet import resnet
from estimators.deep.vgg import vgg
from estimators.deep.vit import VisionTransformer

IMAGENET = ((3, 224, 224), 1000)


def vision_transformer_base(shape, n_outputs):
    sizes = {"dim": 768, "depth": 12, "heads": 12, "mlp_dim": 3072, "patch_size": 16}
    return VisionTransformer(shape, n_outputs, **sizes)


@pytest.mark.parametrize(
    ("build", "options", "published"),
    [
        (resnet, {"depth": 18}, 11_689_512),
        (resnet, {"depth": 34}, 21_797_672),
        (resnet, {"depth": 50}, 25_557_032),
        (densenet, {"depth": 121}, 7_978_856),
        (densenet, {"depth": 169}, 14_149_480),
        (vgg, {"depth": 11, "batch_norm": False}, 132_863_336),
        (vgg, {"depth": 13, "batch_norm": False}, 133_047_848),
        (vgg, {"depth": 16, "batch_norm": False}, 138_357_544),
        (vgg, {"depth": 19, "batch_norm": False}, 143_667_240),
        (efficientnet, {"variant": "b0"}, 5_288_548),
        (efficientnet, {"variant": "b1"}, 7_794_184),
        (efficientnet, {"variant": "b2"}, 9_109_994),
        (efficientnet, {"variant": "b3"}, 12_233_232),
        (vision_transformer_base, {}, 86_567_656),
    ],
)
def test_the_number_of_parameters_at_imagenet_size_is_the_published_one(build, options, published):
    with torch.device("meta"), torch.random.fork_rng(devices=()):
        module = build(*IMAGENET, **options)
    assert sum(p.numel() for p in module.parameters()) == published


@pytest.mark.parametrize("shape", [(1, 1, 20), (1, 8, 8), (1, 28, 28), (3, 33, 31), (4, 64, 64)])
@pytest.mark.parametrize(
    ("build", "options"),
    [
        (resnet, {"width": 4}),
        (densenet, {"growth": 2}),
        (vgg, {"width": 4, "dense_sizes": (8,)}),
        (efficientnet, {}),
    ],
)
def test_images_of_any_size_and_number_of_channels_pass_through(build, options, shape):
    with torch.device("meta"), torch.random.fork_rng(devices=()):
        module = build(shape, 7, **options)
        assert module(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize(
    "name", ["cnn", "vgg", "inception", "resnet", "densenet", "efficientnet", "vit"]
)
@pytest.mark.parametrize(
    ("shape", "y"),
    [((8, 8, 1), [0, 1]), ((9, 31, 4), [0, 0, 0, 0, 0, 0, 1]), ((2, 2, 3), [0, 1, 2, 0, 1])],
    ids=["two in all", "a class of one", "four pixels, a batch of one over"],
)
def test_few_images_are_learned(name, shape, y):
    spec = registry.get(name)
    net = spec.tasks["classification"](**{**spec.fast, "max_epochs": 1, "batch_size": 4})
    X = np.random.RandomState(0).randint(0, 255, (len(y), *shape)).astype(np.uint8)
    probability = net.fit(X, y).predict_proba(X)
    assert probability.shape == (len(y), max(y) + 1)
    assert np.isfinite(probability).all()
