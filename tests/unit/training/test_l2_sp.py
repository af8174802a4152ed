"""Weights that stay near their start (L2-SP), and a validation of the start."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers.toys import ToyTask, toy_trainer
from torch import nn

from seqtasks.errors import SeqtasksError
from seqtasks.training.events import StepEvent, ValidationEvent
from seqtasks.training.l2_sp import L2SP
from seqtasks.training.trainer import Trainer


def start(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.weights.items()}


def distance(trainer: Trainer, before: dict[str, torch.Tensor]) -> float:
    return sum((trainer.weights[name] - tensor).norm().item() for name, tensor in before.items())


def test_each_update_goes_a_share_of_the_way_back() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    slow, fast = list(model[0].parameters()), list(model[1].parameters())
    groups = [{"params": slow, "lr": 0.1}, {"params": fast, "lr": 0.5}]
    pull = L2SP(model, 0.4, lambda name: name == "1.bias")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1.0
    moved = {name: own.detach().clone() for name, own in model.named_parameters()}
    pull.after_step(torch.optim.SGD(groups))
    back = {name: (moved[name] - own.detach()) for name, own in model.named_parameters()}
    for name, share in {"0.weight": 0.04, "0.bias": 0.04, "1.weight": 0.2, "1.bias": 0.0}.items():
        assert torch.allclose(back[name], torch.full_like(back[name], share)), name


def test_a_pulled_model_stays_nearer_to_its_start_and_without_strength_nothing_changes(tmp_path: Path) -> None:
    distances = {}
    for strength in (None, 0.0, 5.0, 200.0):
        settings = {} if strength is None else {"l2_sp": strength}
        trainer = toy_trainer(tmp_path / str(strength), max_steps=20, **settings)
        before = start(trainer)
        list(trainer.run())
        distances[strength] = distance(trainer, before)
    assert distances[None] == distances[0.0] > 1.5 * distances[200.0]
    assert distances[0.0] > distances[5.0] > distances[200.0] > 0


def test_a_resumed_run_is_pulled_to_the_same_start(tmp_path: Path) -> None:
    whole = toy_trainer(tmp_path / "whole", max_steps=12, save_steps=6, l2_sp=20.0)
    list(whole.run())
    first = toy_trainer(tmp_path / "parts", max_steps=6, save_steps=6, l2_sp=20.0)
    list(first.run())
    second = toy_trainer(tmp_path / "parts", max_steps=12, save_steps=6, l2_sp=20.0)
    assert second.resume() == 6
    list(second.run())
    for name, tensor in whole.weights.items():
        assert torch.equal(second.weights[name], tensor), name


def test_a_checkpoint_without_a_starting_point_is_told(tmp_path: Path) -> None:
    list(toy_trainer(tmp_path, max_steps=4, save_steps=4).run())
    with pytest.raises(SeqtasksError, match="was trained without it"):
        toy_trainer(tmp_path, max_steps=8, l2_sp=1.0).resume()


def test_the_start_is_validated_where_it_is_asked_for_and_may_stay_the_best(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, ToyTask(scores=[7, 3, 5]), max_steps=4, eval_steps=2, eval_on_start=True)
    before = start(trainer)
    told = [each for each in trainer.run() if isinstance(each, StepEvent | ValidationEvent)]
    assert [(type(each), each.step) for each in told[:2]] == [(ValidationEvent, 0), (StepEvent, 1)]
    assert [each.best for each in told if isinstance(each, ValidationEvent)] == [True, False, False]
    assert distance(trainer, before) > 0
    assert trainer.best.value == 7


def test_a_validation_of_the_start_changes_no_update(tmp_path: Path) -> None:
    plain, told = (
        toy_trainer(tmp_path / str(asked), max_steps=8, eval_steps=4, eval_on_start=asked) for asked in (False, True)
    )
    list(plain.run())
    list(told.run())
    for name, tensor in plain.weights.items():
        assert torch.equal(told.weights[name], tensor), name
