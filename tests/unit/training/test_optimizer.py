from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from seqtasks.config.training import TrainingConfig
from seqtasks.training.optimizer import learning_rate, make_optimizer, set_learning_rate


@pytest.mark.parametrize(
    ("options", "rates"),
    [
        ({"lr_scheduler": "constant", "warmup_steps": 0}, {1: 1, 7: 1, 1000: 1}),
        ({"lr_scheduler": "constant", "warmup_steps": 4}, {1: 0.25, 2: 0.5, 3: 0.75, 4: 1, 5: 1}),
        ({"lr_scheduler": "inverse_sqrt", "warmup_steps": 0}, {1: 1, 4: 0.5, 100: 0.1}),
        ({"lr_scheduler": "inverse_sqrt", "warmup_steps": 100}, {1: 0.01, 50: 0.5, 100: 1, 400: 0.5, 10_000: 0.1}),
        ({"lr_scheduler": "cosine", "warmup_steps": 0, "max_steps": 100}, {50: 0.5, 100: 0, 200: 0}),
        (
            {"lr_scheduler": "cosine", "warmup_steps": 20, "max_steps": 100},
            {10: 0.5, 20: 1, 40: (1 + math.sqrt(0.5)) / 2, 60: 0.5, 100: 0},
        ),
        ({"lr_scheduler": "cosine", "warmup_steps": 100, "max_steps": 50}, {25: 0.25, 50: 0.5}),
    ],
)
def test_learning_rates(options: dict[str, Any], rates: dict[int, float]) -> None:
    settings = TrainingConfig(learning_rate=0.01, **options)
    for step, share in rates.items():
        assert learning_rate(step, settings) == pytest.approx(0.01 * share, abs=1e-9)


def test_only_matrices_decay() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3))
    model[0].weight.grad, model[0].bias.grad = torch.zeros(3, 2), torch.zeros(3)
    model[1].weight.grad, model[1].bias.grad = torch.zeros(3), torch.zeros(3)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    make_optimizer(model, TrainingConfig(learning_rate=0.1, weight_decay=0.5)).step()
    for name, value in model.named_parameters():
        factor = 0.95 if name == "0.weight" else 1.0
        assert torch.allclose(value, before[name] * factor)


def test_frozen_parameters_stay_out() -> None:
    model = nn.Linear(2, 2)
    model.bias.requires_grad_(False)
    groups = make_optimizer(model, TrainingConfig()).param_groups
    assert [len(group["params"]) for group in groups] == [1, 0]


def test_a_part_with_a_scale_learns_more_slowly() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)))
    model[1].lr_multiplier = 0.1
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = make_optimizer(model, TrainingConfig())
    set_learning_rate(optimizer, 0.5, step=1)
    optimizer.step()
    for name, value in model.named_parameters():  # Adam's first step is as long as its learning rate
        assert torch.allclose(before[name] - value, torch.tensor(0.5 if name.startswith("0") else 0.05), atol=1e-4)


def test_a_part_that_learns_later_stays_as_it_is_until_then() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)), nn.Linear(3, 1))
    model[0].learns_from, model[0].lr_multiplier = 3, 0.1
    model[1].learns_from = 2
    optimizer = make_optimizer(model, TrainingConfig(weight_decay=0.1))
    began: dict[str, int] = {}
    for step in range(1, 5):
        before = {name: value.detach().clone() for name, value in model.named_parameters()}
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        set_learning_rate(optimizer, 0.5, step)
        optimizer.step()
        for name, value in model.named_parameters():
            if not torch.equal(value, before[name]):
                began.setdefault(name, step)
    assert began == {name: {"0": 3, "1": 2, "2": 1}[name[0]] for name, _ in model.named_parameters()}
    assert {group["lr"] for group in optimizer.param_groups if group["params"]} == {0.05, 0.5}


def test_parts_inside_of_parts_have_the_last_word() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model.learns_from, model[1].learns_from = 9, 4
    groups = make_optimizer(model, TrainingConfig()).param_groups
    found = {parameter: group["learns_from"] for group in groups for parameter in group["params"]}
    assert [found[parameter] for parameter in model.parameters()] == [9, 9, 4, 4]


def test_what_a_model_had_already_learns_more_slowly_than_new_parts() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    settings = TrainingConfig(pretrained_lr_scale=0.1)
    optimizer = make_optimizer(model, settings, lambda name: name.startswith("1"))
    set_learning_rate(optimizer, 0.5, step=1)
    optimizer.step()
    for name, value in model.named_parameters():
        assert torch.allclose(before[name] - value, torch.tensor(0.05 if name.startswith("0") else 0.5), atol=1e-4)
