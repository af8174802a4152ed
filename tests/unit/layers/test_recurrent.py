from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqtasks.layers.recurrent import BidirectionalLayer, Cell, recurrent_layer, recurrent_step, reversed_positions

REFERENCES: dict[Cell, type[nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
LENGTHS = [5, 1, 3]
MASK = torch.arange(6) < torch.tensor(LENGTHS).unsqueeze(1)

every_layer = pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
every_cell = pytest.mark.parametrize("cell", REFERENCES)


def twins(cell: Cell, both: bool) -> tuple[BidirectionalLayer, nn.RNNBase]:
    """The layer, and PyTorch's own with the same weights."""
    torch.manual_seed(1)
    layer = BidirectionalLayer(cell, 4, 6, both_directions=both)
    reference = REFERENCES[cell](4, 3 if both else 6, batch_first=True, bidirectional=both)
    for name, value in layer.forwards.named_parameters():
        reference.get_parameter(name).data.copy_(value)
    if layer.backwards is not None:
        for name, value in layer.backwards.named_parameters():
            reference.get_parameter(f"{name}_reverse").data.copy_(value)
    return layer, reference


def packed(reference: nn.RNNBase, inputs: Tensor) -> tuple[Tensor, Tensor]:
    outputs, last = reference(pack_padded_sequence(inputs, LENGTHS, batch_first=True, enforce_sorted=False))
    hidden = last[0] if isinstance(reference, nn.LSTM) else last
    return pad_packed_sequence(outputs, batch_first=True, total_length=6)[0], hidden.transpose(0, 1).flatten(1)


@every_cell
@every_layer
def test_equals_a_packed_sequence(cell: Cell, both: bool) -> None:
    layer, reference = twins(cell, both)
    inputs = torch.randn(3, 6, 4, requires_grad=True)
    outputs, summary = layer(inputs, MASK)
    expected, last = packed(reference, inputs)
    real = MASK.unsqueeze(2)
    assert torch.allclose(outputs * real, expected * real, atol=1e-6)
    assert torch.allclose(summary, last, atol=1e-6)

    weights, more = torch.randn_like(outputs) * real, torch.randn_like(summary)
    ours = torch.autograd.grad((outputs * weights).sum() + (summary * more).sum(), [inputs, *layer.parameters()])
    theirs = torch.autograd.grad((expected * weights).sum() + (last * more).sum(), [inputs, *reference.parameters()])
    assert len(ours) == len(theirs)
    for one, two in zip(ours, theirs, strict=True):
        assert torch.allclose(one, two, atol=1e-5)


@every_cell
@every_layer
def test_padding_changes_nothing(cell: Cell, both: bool) -> None:
    layer, _ = twins(cell, both)
    inputs = torch.randn(3, 6, 4)
    outputs, summary = layer(inputs, MASK)
    other = torch.where(MASK.unsqueeze(2), inputs, 1e6)
    longer, mask = torch.cat([other, other], dim=1), torch.cat([MASK, torch.zeros_like(MASK)], dim=1)
    for changed, changed_mask in ((other, MASK), (longer, mask)):
        again, same = layer(changed, changed_mask)
        assert torch.equal(again[:, :6][MASK], outputs[MASK])
        assert torch.equal(same, summary)


def test_mirror() -> None:
    mirror = reversed_positions(torch.tensor([[True, True, True, False], [True, False, False, False]]))
    assert mirror.tolist() == [2, 1, 0, 3, 4, 5, 6, 7]


def test_forget_gates_start_open() -> None:
    layer = recurrent_layer("lstm", 3, 5)
    total = layer.get_parameter("bias_ih_l0") + layer.get_parameter("bias_hh_l0")
    assert torch.equal(total[5:10], torch.ones(5))
    assert not torch.any(total[:5] == 1)


@every_cell
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.bfloat16, 0.03)])
@torch.no_grad()
def test_steps_one_by_one_are_the_layer_over_time(cell: Cell, dtype: torch.dtype, tolerance: float) -> None:
    torch.manual_seed(1)
    layer = recurrent_layer(cell, 6, 8).to(dtype)
    inputs = torch.randn(3, 2, 5, 6, dtype=dtype)
    states = tuple(torch.randn(2 if cell == "lstm" else 1, 3, 2, 8, dtype=dtype))
    start = tuple(each.flatten(0, 1).unsqueeze(0) for each in states)
    whole, last = layer(inputs.flatten(0, 1), start if cell == "lstm" else start[0])
    for time in range(5):
        states = recurrent_step(layer, inputs[:, :, time], states)
        assert states[0].dtype == dtype
        assert torch.allclose(states[0].flatten(0, 1), whole[:, time], atol=tolerance)
    for one, two in zip(states, last if cell == "lstm" else (last,), strict=True):
        assert torch.allclose(one.flatten(0, 1).float(), two[0].float(), atol=tolerance)
