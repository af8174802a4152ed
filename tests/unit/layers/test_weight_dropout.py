"""Recurrent layers some of whose hidden-to-hidden weights are dropped, against layers that have such weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from seqtasks.layers.recurrent import CELLS, Cell, recurrent_layer, recurrent_step
from seqtasks.layers.weight_dropout import WeightDropout

ROWS, LENGTH, INPUTS, DIM = 3, 6, 4, 5
every_cell = pytest.mark.parametrize("cell", CELLS)


def states(cell: Cell) -> tuple[Tensor, ...]:
    return tuple(torch.randn(2 if cell == "lstm" else 1, ROWS, DIM))


class Given(WeightDropout):
    """Drops what it was told to."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(0.5)
        self.mask = mask

    def forward(self, values: Tensor) -> Tensor:
        return values * self.mask * 2


@every_cell
@pytest.mark.parametrize("started", [False, True])
def test_equals_the_layer_with_those_weights(cell: Cell, started: bool) -> None:
    torch.manual_seed(1)
    layer, reference = recurrent_layer(cell, INPUTS, DIM), recurrent_layer(cell, INPUTS, DIM)
    inputs, start = torch.randn(ROWS, LENGTH, INPUTS), states(cell) if started else None
    hidden = layer.get_parameter("weight_hh_l0")
    dropping = Given((torch.rand(hidden.shape) < 0.5).float()).train()
    reference.load_state_dict(layer.state_dict() | {"weight_hh_l0": dropping(hidden).detach()})
    outputs, last = dropping.run(layer, inputs, start)
    expected, kept = dropping.eval().run(reference, inputs, start)
    for one, two in zip((outputs, *last), (expected, *kept), strict=True):
        assert torch.allclose(one, two, atol=1e-6)

    weights = torch.randn_like(outputs)
    ours = torch.autograd.grad((outputs * weights).sum(), list(layer.parameters()))
    theirs = torch.autograd.grad((expected * weights).sum(), list(reference.parameters()))
    for (name, _), one, two in zip(layer.named_parameters(), ours, theirs, strict=True):
        assert torch.allclose(one, dropping(two) if name == "weight_hh_l0" else two, atol=1e-5)


@every_cell
@torch.no_grad()
def test_the_layer_goes_on_from_given_states(cell: Cell) -> None:
    torch.manual_seed(2)
    layer, run = recurrent_layer(cell, INPUTS, DIM), WeightDropout(0.0).run
    inputs, start = torch.randn(ROWS, LENGTH, INPUTS), states(cell)
    outputs, last = run(layer, inputs, start)
    half, between = run(layer, inputs[:, :2], start)
    rest, end = run(layer, inputs[:, 2:], between)
    assert torch.allclose(torch.cat([half, rest], dim=1), outputs, atol=1e-6)
    now = start
    for time in range(LENGTH):
        now = recurrent_step(layer, inputs[:, time], now)
        assert torch.allclose(now[0], outputs[:, time], atol=1e-6)
    for one, two, three in zip(last, end, now, strict=True):
        assert torch.allclose(one, two, atol=1e-6)
        assert torch.allclose(one, three, atol=1e-6)


@every_cell
@torch.no_grad()
def test_other_weights_are_dropped_in_every_call_and_none_out_of_training(cell: Cell) -> None:
    torch.manual_seed(3)
    layer, dropping = recurrent_layer(cell, INPUTS, DIM), WeightDropout(0.5).train()
    inputs, start = torch.randn(ROWS, LENGTH, INPUTS), states(cell)
    whole, _ = WeightDropout(0.0).train().run(layer, inputs, start)
    one, two = (dropping.run(layer, inputs, start)[0] for _ in range(2))
    assert not torch.allclose(one, two, atol=1e-3)
    assert not torch.allclose(one, whole, atol=1e-3)
    assert torch.equal(dropping.eval().run(layer, inputs, start)[0], whole)


@torch.no_grad()
def test_one_mask_is_for_all_rows_and_positions() -> None:
    """Rows that begin alike and read the same stay alike."""
    torch.manual_seed(4)
    layer, dropping = recurrent_layer("lstm", INPUTS, DIM), WeightDropout(0.5).train()
    inputs = torch.randn(1, LENGTH, INPUTS).expand(ROWS, -1, -1).contiguous()
    outputs, _ = dropping.run(layer, inputs, None)
    assert torch.allclose(outputs, outputs[:1].expand_as(outputs), atol=1e-6)


@torch.no_grad()
def test_the_mean_over_masks_is_what_all_weights_give() -> None:
    """For one step of a layer that is nearly linear: its hidden states are small."""
    torch.manual_seed(5)
    layer, dropping = recurrent_layer("rnn", INPUTS, DIM), WeightDropout(0.5).train()
    inputs, start = 0.01 * torch.randn(ROWS, 1, INPUTS), (0.01 * torch.randn(ROWS, DIM),)
    for name in ("bias_ih_l0", "bias_hh_l0"):
        layer.get_parameter(name).zero_()
    whole, _ = dropping.eval().run(layer, inputs, start)
    dropping.train()
    mean = torch.stack([dropping.run(layer, inputs, start)[0] for _ in range(600)]).mean(dim=0)
    assert torch.allclose(mean, whole, atol=1.5e-3)
    assert whole.abs().max() > 5e-3
