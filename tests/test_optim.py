"""Optimisers, schedules and the moving average, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from estimators.deep._optim import (
    MovingAverage,
    Muon,
    Schedule,
    make_optimizer,
    orthogonalize,
    parameter_groups,
)
from estimators.deep._params import OPTIMIZERS, TrainingParams


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def network():
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))


def test_only_matrices_and_kernels_decay():
    net = network()
    decaying, spared = parameter_groups(net, 0.5)
    assert [p.shape for p in decaying["params"]] == [net[0].weight.shape, net[3].weight.shape]
    assert (decaying["weight_decay"], spared["weight_decay"]) == (0.5, 0.0)
    assert len(spared["params"]) == 4  # two biases, and scale and offset of the norm


@pytest.mark.parametrize("optimizer", sorted(set(OPTIMIZERS) - {"lbfgs"}))
def test_decay_shrinks_kernels_and_spares_norms(optimizer):
    net = network()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    step = make_optimizer(net, TrainingParams(optimizer=optimizer, weight_decay=0.1, lr=0.01))
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    step.step()
    assert net[0].weight.norm() < before["0.weight"].norm()
    for name in ("0.bias", "1.weight", "1.bias", "3.bias"):
        assert torch.equal(dict(net.named_parameters())[name], before[name])


@pytest.mark.parametrize("optimizer", sorted(set(OPTIMIZERS) - {"lbfgs"}))
def test_a_penalty_is_weaker_than_a_decoupled_decay_by_default(optimizer):
    strength = make_optimizer(network(), TrainingParams(optimizer=optimizer)).param_groups[0]
    assert strength["weight_decay"] == (0.01 if optimizer in ("adamw", "muon") else 1e-4)


def test_frozen_weights_are_left_out():
    net = network()
    net[0].weight.requires_grad_(False)
    assert len(parameter_groups(net, 0.0)[0]["params"]) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(6, 6), (4, 10), (10, 4)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape, dtype):
    matrix = torch.randn(*shape)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonalize(matrix, dtype)
    assert found.dtype is dtype
    found = found.float()
    assert torch.linalg.svdvals(found).min() > 0.5
    assert torch.linalg.svdvals(found).max() < 1.3
    torch.testing.assert_close(found, u @ v, atol=0.35, rtol=0)


def test_muon_steps_along_the_orthogonalised_gradient():
    weight = nn.Parameter(torch.zeros(8, 4))
    weight.grad = torch.randn(8, 4)
    group = [{"params": [weight], "weight_decay": 0.0}]
    Muon(group, lr=0.1, momentum=0.9, nesterov=False).step()
    torch.testing.assert_close(weight.data, -0.1 * math.sqrt(2) * orthogonalize(weight.grad))


def test_muon_computes_in_the_format_of_the_heavy_layers_and_keeps_float32_weights():
    weight, gradient = torch.randn(8, 4), torch.randn(8, 4)
    changed = {}
    for dtype in (torch.float32, torch.bfloat16):
        net = nn.Linear(4, 8, bias=False)
        net.weight = nn.Parameter(weight.clone())
        net.weight.grad = gradient
        make_optimizer(net, TrainingParams(optimizer="muon"), dtype).step()
        changed[dtype] = net.weight.detach()
    torch.testing.assert_close(*changed.values(), atol=0.05 * 0.02, rtol=0)  # of a step
    assert not torch.equal(*changed.values())


@pytest.mark.parametrize(
    ("kind", "warmup", "progress", "factor"),
    [
        (None, None, 0.7, 1.0),
        (None, 0.5, 0.25, 0.5),
        ("cosine", None, 0.0, 1.0),
        ("cosine", None, 0.5, 0.5),
        ("cosine", None, 1.0, 0.0),
        ("cosine", 0.2, 0.1, 0.5),
        ("cosine", 0.2, 0.6, 0.5),
        ("onecycle", None, 0.125, 0.5),
        ("onecycle", None, 0.25, 1.0),
        ("onecycle", None, 0.625, 0.5),
        ("onecycle", 0.0, 0.5, 0.5),
        ("onecycle", None, 1.0, 0.0),
    ],
)
def test_schedules(kind, warmup, progress, factor):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = Schedule(optimizer, kind, warmup=warmup)
    schedule.set(progress)
    assert schedule.lr == pytest.approx(2.0 * factor)


def test_plateau_waits_half_the_patience():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = Schedule(optimizer, "plateau", patience=4)
    rates = []
    for loss in (1.0, 0.9, 0.95, 0.91, 0.8, 0.85, 0.85):
        schedule.end_epoch(loss)
        schedule.set(0.5)
        rates.append(schedule.lr)
    assert rates == pytest.approx([1, 1, 1, 0.2, 0.2, 0.2, 0.04])


def test_the_moving_average_follows_its_recurrence():
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(0.0)
    average = MovingAverage(net, decay=0.5)
    expected = 0.0
    for step, value in enumerate((1.0, 2.0, 3.0, 4.0), start=1):
        net.weight.data.fill_(value)
        average.update()
        decay = min(0.5, step / (10 + step))
        expected = decay * expected + (1 - decay) * value
    with average.in_place():
        assert net.weight.item() == pytest.approx(expected)
    assert net.weight.item() == 4.0
    average.copy_to_module()
    assert net.weight.item() == pytest.approx(expected)
