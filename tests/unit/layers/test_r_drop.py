from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from seqtasks.layers import r_drop
from seqtasks.layers.r_drop import bidirectional_kl_divergence


@pytest.mark.parametrize("positions", [0, 1, 7, 50])
def test_equals_the_divergences_of_torch(monkeypatch: pytest.MonkeyPatch, positions: int) -> None:
    monkeypatch.setattr(r_drop, "CHUNK_POSITIONS", 7)
    torch.manual_seed(positions)
    one, other = (torch.randn(positions, 5, requires_grad=True) for _ in range(2))
    weight, bias = torch.randn(11, 5, requires_grad=True), torch.randn(11, requires_grad=True)
    leaves = (one, other, weight, bias)
    found = bidirectional_kl_divergence(*leaves)
    logs = [(states @ weight.T + bias).log_softmax(dim=1) for states in (one, other)]
    expected = sum(
        functional.kl_div(logs[left], logs[right], reduction="sum", log_target=True) for left, right in ((0, 1), (1, 0))
    )
    expected = expected / 2
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    if positions:
        for ours, theirs in zip(torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
