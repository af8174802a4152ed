from __future__ import annotations

import pytest
import torch

from seqtasks.layers.loss import doubly_stochastic_regularization

TARGETS = torch.arange(5) < torch.tensor([[5], [2], [1]])
SOURCES = torch.arange(4) < torch.tensor([[4], [4], [3]])


def attention(seed: int = 1) -> torch.Tensor:
    """Weights that sum to 1 over the real places."""
    torch.manual_seed(seed)
    return torch.randn(3, 5, 4).masked_fill(~SOURCES.unsqueeze(1), -float("inf")).softmax(dim=2)


def test_is_the_sum_of_equation_14() -> None:
    weights = attention()
    expected = 0.0
    for row, (steps, places) in enumerate([(5, 4), (2, 4), (1, 3)]):
        missed = [1 - sum(weights[row, step, place].item() for step in range(steps)) for place in range(places)]
        expected += sum(each**2 for each in missed) / places
    assert doubly_stochastic_regularization(weights, TARGETS, SOURCES).item() == pytest.approx(expected, rel=1e-5)


def test_is_zero_where_every_place_was_looked_at_once() -> None:
    once = torch.eye(4)[torch.tensor([[2, 0, 3, 1]])]
    everything = torch.ones(1, 4, dtype=torch.bool)
    assert doubly_stochastic_regularization(once, everything, everything).item() == 0
    twice = torch.cat([once, once], dim=1)
    assert doubly_stochastic_regularization(twice, torch.ones(1, 8, dtype=torch.bool), everything).item() == 1


def test_padding_changes_nothing() -> None:
    weights = attention()
    expected = doubly_stochastic_regularization(weights, TARGETS, SOURCES)
    other = torch.where(TARGETS.unsqueeze(2) & SOURCES.unsqueeze(1), weights, 7.0)
    longer = torch.nn.functional.pad(other, (0, 3, 0, 2), value=9.0)
    targets, sources = torch.nn.functional.pad(TARGETS, (0, 2)), torch.nn.functional.pad(SOURCES, (0, 3))
    assert torch.allclose(doubly_stochastic_regularization(longer, targets, sources), expected)


def test_gradient() -> None:
    weights = attention().double().requires_grad_()
    doubly_stochastic_regularization(weights, TARGETS, SOURCES).backward()
    assert weights.grad is not None
    missed = 1 - (weights.detach() * TARGETS.unsqueeze(2)).sum(dim=1, keepdim=True)
    real = TARGETS.unsqueeze(2) & SOURCES.unsqueeze(1)
    expected = -2 * missed * real / SOURCES.sum(dim=1)[:, None, None]
    assert torch.allclose(weights.grad, expected, atol=1e-6)


def test_sums_of_half_precision_are_float32() -> None:
    many = torch.full((1, 1000, 1), 1e-3).bfloat16()
    everything = torch.ones(1, 1000, dtype=torch.bool)
    total = doubly_stochastic_regularization(many, everything, everything[:, :1])
    assert total.dtype == torch.float32
    assert total.item() == pytest.approx((1 - 1000 * many[0, 0, 0].item()) ** 2, abs=1e-5)
