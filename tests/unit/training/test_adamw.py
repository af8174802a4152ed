from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqtasks.training.adamw import AdamW

OPTIONS: dict[str, Any] = {"lr": 0.01, "betas": (0.9, 0.98), "eps": 1e-8}


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(7, 65), nn.LayerNorm(65), nn.Linear(65, 3), nn.Linear(3, 3))


def groups(net: nn.Module) -> list[dict[str, Any]]:
    matrices = [parameter for parameter in net.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in net.parameters() if parameter.dim() == 1]
    return [
        {"params": matrices, "weight_decay": 0.1, "scale": 1.0},
        {"params": vectors, "weight_decay": 0.0, "scale": 0.5},
        {"params": [], "weight_decay": 0.1, "scale": 0.1},
    ]


def update(net: nn.Module, optimizer: Any, number: int) -> None:
    generator = torch.Generator().manual_seed(number)
    for place, parameter in enumerate(net.parameters()):
        if (place + number) % 5:  # some have no gradient in some of the updates
            parameter.grad = torch.randn(parameter.shape, generator=generator)
    for group in optimizer.param_groups:
        group["lr"] = 0.01 / number * group["scale"]
    optimizer.step()
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())


def weights(net: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in net.parameters()]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(first, second) for first, second in zip(one, other, strict=True))


def test_updates_are_those_of_pytorch_to_the_last_bit() -> None:
    ours, theirs = model(), model()
    own, peer = AdamW(groups(ours), **OPTIONS), torch.optim.AdamW(groups(theirs), fused=True, **OPTIONS)
    for number in range(1, 20):
        update(ours, own, number)
        update(theirs, peer, number)
        assert same(weights(ours), weights(theirs))
    one, other = own.state_dict(), peer.state_dict()
    assert one["state"].keys() == other["state"].keys()
    for number, state in one["state"].items():
        assert same(list(state.values()), [other["state"][number][name] for name in state])
    for group, there in zip(one["param_groups"], other["param_groups"], strict=True):
        assert group == {key: there[key] for key in group}


@pytest.mark.parametrize("saved_by_pytorch", [False, True])
def test_a_resumed_training_goes_on_as_if_nothing_had_been(saved_by_pytorch: bool) -> None:
    whole = model()
    optimizer = AdamW(groups(whole), **OPTIONS)
    for number in range(1, 8):
        update(whole, optimizer, number)
    first = model()
    saving = torch.optim.AdamW(groups(first), fused=True, **OPTIONS) if saved_by_pytorch else None
    before: Any = saving or AdamW(groups(first), **OPTIONS)
    for number in range(1, 4):
        update(first, before, number)
    kept = copy.deepcopy((first.state_dict(), before.state_dict()))
    second = model()
    after = AdamW(groups(second), lr=7.0, betas=(0.1, 0.1), eps=1.0)
    second.load_state_dict(kept[0])
    after.load_state_dict(kept[1])
    for number in range(4, 8):
        update(second, after, number)
    assert same(weights(second), weights(whole))


def test_the_state_of_another_model_is_refused() -> None:
    other = nn.Linear(2, 2)
    optimizer = AdamW([{"params": list(other.parameters()), "weight_decay": 0.0}], **OPTIONS)
    with pytest.raises(ValueError, match="groups of"):
        optimizer.load_state_dict(AdamW(groups(model()), **OPTIONS).state_dict())


def test_the_compiler_is_not_imported() -> None:
    code = (
        "import sys, torch; from seqtasks.training.adamw import AdamW; net = torch.nn.Linear(2, 2)\n"
        "optimizer = AdamW([{'params': list(net.parameters()), 'weight_decay': 0.1}], lr=0.1, betas=(0.9, 0.9))\n"
        "net(torch.ones(1, 2)).sum().backward(); torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)\n"
        "optimizer.step(); optimizer.zero_grad(); optimizer.load_state_dict(optimizer.state_dict())\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
