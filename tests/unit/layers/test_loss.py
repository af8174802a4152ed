from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.device import autocast
from seqtasks.layers import loss
from seqtasks.layers.loss import smoothed_cross_entropy

VOCABULARY, DIM = 37, 11


def inputs(positions: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(positions)
    states = torch.randn(positions, DIM, dtype=dtype, requires_grad=True)
    weight = torch.randn(VOCABULARY, DIM, requires_grad=True)
    bias = torch.randn(VOCABULARY, requires_grad=True)
    return states, weight, bias, torch.randint(0, VOCABULARY, (positions,))


def reference(states: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    logits = states.float() @ weight.T + bias
    return functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("positions", [0, 1, 16, 17, 50])
def test_equals_torch(monkeypatch: pytest.MonkeyPatch, positions: int, smoothing: float) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", 1)  # 16 positions a chunk
    *leaves, targets = inputs(positions)
    found = smoothed_cross_entropy(*leaves, targets, smoothing)
    expected = reference(*leaves, targets, smoothing)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for one, two in zip(torch.autograd.grad(3 * found, leaves), torch.autograd.grad(3 * expected, leaves), strict=True):
        assert torch.allclose(one, two, atol=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_positions_count_as_often_as_their_factors_say(monkeypatch: pytest.MonkeyPatch, smoothing: float) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", 1)
    *leaves, targets = inputs(50)
    factors = torch.randn(50)
    found = smoothed_cross_entropy(*leaves, targets, smoothing, factors)
    logits = leaves[0] @ leaves[1].T + leaves[2]
    each = functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="none")
    expected = (each * factors).sum()
    assert found.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-3)
    for one, two in zip(torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves), strict=True):
        assert torch.allclose(one, two, atol=1e-4)


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    *leaves, targets = inputs(200)
    whole = smoothed_cross_entropy(*leaves, targets, 0.1)
    monkeypatch.setattr(loss, "CHUNK_BYTES", 4 * VOCABULARY * 23)
    cut = smoothed_cross_entropy(*leaves, targets, 0.1)
    assert cut.item() == pytest.approx(whole.item(), rel=1e-6)


def test_half_precision_states() -> None:
    *leaves, targets = inputs(300, torch.bfloat16)
    with autocast(torch.device("cpu"), torch.bfloat16):
        found = smoothed_cross_entropy(*leaves, targets, 0.1)
    expected = reference(*leaves, targets, 0.1)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected.item(), rel=1e-3)
    gradients = torch.autograd.grad(found, leaves)
    assert [gradient.dtype for gradient in gradients] == [torch.bfloat16, torch.float32, torch.float32]
    for one, two in zip(gradients, torch.autograd.grad(expected, leaves), strict=True):
        assert (one - two).norm() < 0.01 * two.norm()


def test_no_gradient_is_computed_where_none_is_wanted() -> None:
    *leaves, targets = inputs(20)
    with torch.no_grad():
        found = smoothed_cross_entropy(*leaves, targets, 0.1)
    assert not found.requires_grad
    assert found.item() == pytest.approx(reference(*leaves, targets, 0.1).item(), rel=1e-5)


def test_a_broken_state_is_not_hidden() -> None:
    *leaves, targets = inputs(20)
    with torch.no_grad():
        leaves[0][3, 2] = torch.nan
    assert smoothed_cross_entropy(*leaves, targets, 0.1).isnan()
