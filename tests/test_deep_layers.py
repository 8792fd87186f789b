"""Blocks that several nets use, against their definitions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from estimators.deep._attention import SelfAttention
from estimators.deep._convolutions import GroupedConv2d
from estimators.deep._layers import Dropout


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5, 0.9, 0.999])
def test_dropout_zeroes_its_share_and_keeps_the_mean(p):
    x = torch.ones(200_003)
    y = Dropout(p)(x)
    rate = min(255, round(256 * p)) / 256
    assert (y == 0).float().mean().item() == pytest.approx(rate, abs=0.004)
    assert y[y != 0].unique().tolist() == pytest.approx([1 / (1 - rate)])


def test_dropout_is_even_over_all_places():
    dropped = sum((Dropout(0.25)(torch.ones(64)) == 0).float() for _ in range(4_000)) / 4_000
    assert dropped.min() > 0.22  # four standard deviations: a byte of a word is like any other
    assert dropped.max() < 0.28


def test_dropout_passes_the_gradient_of_what_it_kept_only():
    x = torch.ones(1_000, requires_grad=True)
    y = Dropout(0.5)(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_keeps_type_and_memory_layout(dtype):
    x = torch.ones(3, 5, 4, 4, dtype=dtype).to(memory_format=torch.channels_last)
    y = Dropout(0.3)(x)
    assert y.dtype is dtype
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert Dropout(0.3)(x.transpose(0, 1)[:, ::2]).shape == (5, 2, 4, 4)


def test_dropout_does_nothing_outside_training():
    x = torch.randn(10)
    assert torch.equal(Dropout(0.5).eval()(x), x)


@pytest.mark.parametrize("n_tokens", [5, 200])
def test_attention_in_bfloat16_is_that_in_float32(n_tokens):
    attention = SelfAttention(16, 4)
    x = torch.randn(3, n_tokens, 16, requires_grad=True)
    mask = torch.arange(n_tokens) < torch.tensor([[n_tokens], [3], [1]])
    single = attention(x, mask)
    (expected,) = torch.autograd.grad(single.square().sum(), x)
    with torch.autocast("cpu", torch.bfloat16):
        half = attention(x, mask)
    (gradient,) = torch.autograd.grad(half.float().square().sum(), x)
    assert half.dtype is torch.bfloat16
    for found, true in ((half.float(), single), (gradient, expected)):
        assert (found - true).norm() < 0.02 * true.norm()


def test_attention_in_bfloat16_drops_weights_in_training_only():
    attention, x = SelfAttention(8, 2, dropout=0.5), torch.randn(2, 6, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert not torch.equal(attention(x), attention(x))
        attention.eval()
        assert torch.equal(attention(x), attention(x))


@pytest.mark.parametrize(("kernel_size", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
def test_grouped_convolutions_in_bfloat16_are_those_of_torch(kernel_size, stride):
    torch_conv = nn.Conv2d(6, 6, kernel_size, stride, kernel_size // 2, groups=6, bias=False)
    ours = GroupedConv2d(6, 6, kernel_size, stride, kernel_size // 2, groups=6, bias=False)
    ours.load_state_dict(torch_conv.state_dict())
    x = torch.randn(4, 6, 9, 9, requires_grad=True)
    (expected,) = torch.autograd.grad(torch_conv(x).square().sum(), x)
    with torch.autocast("cpu", torch.bfloat16):
        half = ours(x.bfloat16())
    (gradient,) = torch.autograd.grad(half.float().square().sum(), x)
    assert half.dtype is torch.bfloat16
    for found, true in ((half.float(), torch_conv(x)), (gradient, expected)):
        assert (found - true).norm() < 0.02 * true.norm()
