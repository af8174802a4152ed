"""Weights: tied tensors are stored once, and what does not fit is told before anything is copied."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from seqtasks.errors import SeqtasksError
from seqtasks.models.state_dict import load_unique_state_dict, unique_state_dict


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2, bias=False)
        self.second = nn.Linear(2, 2)
        self.second.weight = self.first.weight


def test_a_tied_tensor_is_stored_once_and_loaded_for_both() -> None:
    stored = {name: tensor.clone() for name, tensor in unique_state_dict(Tied()).items()}
    assert list(stored) == ["first.weight", "second.bias"]
    model = Tied()
    load_unique_state_dict(model, stored)
    assert torch.equal(model.second.weight, stored["first.weight"])
    assert model.second.weight is model.first.weight


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"first.weight": torch.zeros(2, 2)}, "second.bias is missing"),
        ({"first.weight": torch.zeros(2, 2), "second.bias": torch.zeros(2), "x": torch.zeros(1)}, "x is unknown"),
        ({"first.weight": torch.zeros(2, 3), "second.bias": torch.zeros(2)}, "first.weight is 2x3, not 2x2"),
        ({}, "first.weight is missing and 1 more"),
    ],
)
def test_what_does_not_fit(tensors: dict[str, torch.Tensor], message: str) -> None:
    model = Tied()
    before = {name: tensor.clone() for name, tensor in unique_state_dict(model).items()}
    with pytest.raises(SeqtasksError, match=message):
        load_unique_state_dict(model, tensors)
    assert all(torch.equal(tensor, before[name]) for name, tensor in unique_state_dict(model).items())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(value: float) -> None:
    model = torch.nn.Linear(2, 2)
    tensors = {name: tensor.clone() for name, tensor in unique_state_dict(model).items()}
    tensors["weight"][1, 0] = value
    before = model.weight.clone()
    with pytest.raises(SeqtasksError, match="weight contains NaN or infinite values"):
        load_unique_state_dict(model, tensors)
    assert torch.equal(model.weight, before)


def test_whole_numbers_are_no_weights() -> None:
    model = torch.nn.Linear(2, 2)
    tensors = {name: tensor.to(torch.int32) for name, tensor in unique_state_dict(model).items()}
    with pytest.raises(SeqtasksError, match="weight holds int32, not numbers with a fraction"):
        load_unique_state_dict(model, tensors)
