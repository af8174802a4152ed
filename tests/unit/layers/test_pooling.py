"""Pooling against the same words said row by row."""

from __future__ import annotations

import pytest
import torch

from seqtasks.layers.pooling import AttentionPooling, Pooling, PoolingKind
from seqtasks.layers.recurrent import BidirectionalLayer

KINDS: tuple[PoolingKind, ...] = ("last", "mean", "max", "attention")
LENGTHS = [5, 1, 3, 0]
DIM = 6


def states_and_mask() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(len(LENGTHS), 5, DIM), torch.arange(5) < torch.tensor(LENGTHS)[:, None]


def pooling(kind: PoolingKind, *, both_directions: bool = False) -> Pooling:
    torch.manual_seed(2)
    return Pooling(kind, DIM, both_directions=both_directions)


def one_row(pool: Pooling, states: torch.Tensor) -> torch.Tensor:
    """What one row without padding gives, straight from the definition."""
    if pool.attention is not None:
        seen = torch.tanh(states @ pool.attention.hidden.weight.T + pool.attention.hidden.bias)
        weights = torch.softmax(seen @ pool.attention.score.weight[0], dim=0)
        return sum(weight * state for weight, state in zip(weights, states, strict=True))
    if pool.kind == "last":
        return torch.cat([states[-1, :3], states[0, 3:]]) if pool.both_directions else states[-1]
    return states.mean(dim=0) if pool.kind == "mean" else states.max(dim=0).values


@pytest.mark.parametrize("both_directions", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_pooled_as_if_it_were_alone(kind: PoolingKind, both_directions: bool) -> None:
    pool = pooling(kind, both_directions=both_directions)
    states, mask = states_and_mask()
    pooled = pool(states, mask)
    for row, length in enumerate(LENGTHS[:3]):
        assert torch.allclose(pooled[row], one_row(pool, states[row, :length]), atol=1e-6)
    assert torch.equal(pooled[3], torch.zeros(DIM)), "nothing to pool"


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind: PoolingKind) -> None:
    pool = pooling(kind, both_directions=True)
    states, mask = states_and_mask()
    other = torch.where(mask.unsqueeze(2), states, 1e6)
    assert torch.equal(pool(other, mask), pool(states, mask))
    longer = torch.cat([states, torch.full((4, 30, DIM), -1e6)], dim=1)
    pooled = pool(longer, torch.cat([mask, torch.zeros(4, 30, dtype=torch.bool)], dim=1))
    assert torch.allclose(pooled, pool(states, mask), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_learns_nothing(kind: PoolingKind) -> None:
    pool = pooling(kind)
    states, mask = states_and_mask()
    states.requires_grad_()
    pool(states, mask).square().sum().backward()
    assert states.grad is not None
    assert not states.grad[~mask].any()
    assert states.grad[mask].isfinite().all()


@pytest.mark.parametrize("both_directions", [False, True])
def test_last_is_the_last_state_of_each_direction(both_directions: bool) -> None:
    torch.manual_seed(3)
    inputs, mask = states_and_mask()
    layer = BidirectionalLayer("gru", DIM, DIM, both_directions=both_directions)
    states, summary = layer(inputs[:3], mask[:3])
    assert torch.equal(pooling("last", both_directions=both_directions)(states, mask[:3]), summary)


def test_attention_weights_are_a_distribution_over_real_states() -> None:
    torch.manual_seed(4)
    states, mask = states_and_mask()
    weights = AttentionPooling(DIM).weights(states[:3], mask[:3])
    assert torch.allclose(weights.sum(dim=1), torch.ones(3))
    assert not weights[~mask[:3]].any()
    assert weights[mask[:3]].min() > 0
