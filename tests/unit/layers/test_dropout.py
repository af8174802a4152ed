from __future__ import annotations

import pytest
import torch

from seqtasks.device import autocast
from seqtasks.layers.dropout import Dropout, keep_mask


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5, 0.99])
def test_share_and_expectation(probability: float) -> None:
    torch.manual_seed(1)
    kept = Dropout(probability)(torch.ones(1000, 1001))
    share = (kept == 0).float().mean().item()
    assert share == pytest.approx(round(probability * 256) / 256, abs=3e-3)
    assert kept.mean().item() == pytest.approx(1, abs=0.03)
    assert kept.max().item() == pytest.approx(256 / (256 - round(probability * 256)))


def test_every_element_is_dropped_as_often_and_on_its_own() -> None:
    torch.manual_seed(2)
    masks, _ = keep_mask(torch.empty(4000, 16), 0.5)
    centred = masks - 0.5
    assert masks.mean(0) == pytest.approx(torch.full((16,), 0.5), abs=0.05)
    correlations = (centred.T @ centred / len(masks) * 4).fill_diagonal_(0)
    assert correlations.abs().max() < 0.09


@pytest.mark.parametrize("shape", [(), (1,), (7,), (8,), (9,), (3, 5, 7), (0, 4)])
def test_any_size(shape: tuple[int, ...]) -> None:
    values = torch.rand(shape) + 1
    kept = Dropout(0.5)(values)
    assert kept.shape == values.shape
    assert torch.all((kept == 0) | torch.isclose(kept, 2 * values))


def test_gradient_is_the_mask() -> None:
    values = (torch.rand(13, 11) + 1).requires_grad_()
    kept = Dropout(0.3)(values)
    upstream = torch.randn(13, 11)
    kept.backward(upstream)
    assert torch.allclose(values.grad, upstream * (kept / values).detach(), atol=1e-6)
    assert (values.grad == 0).any()
    assert (values.grad != 0).any()


def test_added_to_a_residual() -> None:
    residual, values = torch.randn(5, 9, requires_grad=True), (torch.rand(5, 9) + 1).requires_grad_()
    dropout = Dropout(0.4)
    torch.manual_seed(3)
    added = dropout.add(residual, values)
    torch.manual_seed(3)
    kept = dropout(values)
    assert torch.allclose(added, residual + kept)
    upstream = torch.randn(5, 9)
    by_sum = torch.autograd.grad(residual + kept, (residual, values), upstream)
    at_once = torch.autograd.grad(added, (residual, values), upstream)
    assert all(torch.allclose(one, two, atol=1e-6) for one, two in zip(by_sum, at_once, strict=True))


def test_a_residual_keeps_its_precision() -> None:
    residual = torch.randn(5, 9, requires_grad=True)
    values = torch.ones(5, 9, dtype=torch.bfloat16, requires_grad=True)
    with autocast(torch.device("cpu"), torch.bfloat16):
        added = Dropout(0.5).add(residual, values)
    assert added.dtype == torch.float32
    assert torch.all((added == residual) | torch.isclose(added, residual + 2))
    added.sum().backward()
    assert residual.grad is not None
    assert torch.equal(residual.grad, torch.ones(5, 9))
    assert values.grad.dtype == torch.bfloat16
    assert set(values.grad.unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize(("probability", "training"), [(0.5, False), (0.0, True), (0.001, True)])
def test_nothing_is_dropped(probability: float, training: bool) -> None:
    dropout = Dropout(probability).train(training)
    residual, values = torch.randn(4, 5), torch.randn(4, 5)
    assert torch.equal(dropout(values), values)
    assert torch.equal(dropout.add(residual, values), residual + values)


def test_the_seed_decides() -> None:
    dropout, values = Dropout(0.5), torch.ones(50, 3)
    torch.manual_seed(4)
    first = dropout(values)
    second = dropout(values)
    torch.manual_seed(4)
    assert torch.equal(dropout(values), first)
    assert not torch.equal(first, second)


def test_strides_do_not_matter() -> None:
    values = torch.rand(6, 10, 4) + 1
    dropout = Dropout(0.5)
    torch.manual_seed(5)
    expected = dropout(values.transpose(0, 2).contiguous())
    torch.manual_seed(5)
    assert torch.equal(dropout(values.transpose(0, 2)), expected)


def test_by_row_every_position_has_the_mask_of_its_row() -> None:
    torch.manual_seed(7)
    values = (torch.rand(4, 6, 50) + 1).requires_grad_()
    dropout = Dropout(0.5)
    kept = dropout.by_row(values)
    mask = (kept / values).detach()
    assert torch.all((mask == 0) | torch.isclose(mask, torch.tensor(2.0)))
    assert torch.allclose(mask, mask[:, :1].expand_as(mask), atol=1e-6)
    assert not torch.equal(mask[0, 0] == 0, mask[1, 0] == 0)
    assert 0.3 < (mask == 0).float().mean() < 0.7
    upstream = torch.randn(4, 6, 50)
    kept.backward(upstream)
    assert torch.allclose(values.grad, upstream * mask, atol=1e-6)
    assert dropout.eval().by_row(values) is values
