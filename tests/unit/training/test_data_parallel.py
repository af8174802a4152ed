from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.processes import children, left_after
from helpers.toys import ToyBatches, ToyModel, ToyTask, toy_trainer
from pydantic import ValidationError
from torch import Tensor

from seqtasks.config.training import TrainingConfig
from seqtasks.device import share_memory_like
from seqtasks.errors import SeqtasksError
from seqtasks.models import Loss
from seqtasks.storage.bundle import read_bundle
from seqtasks.training.data_parallel import ForkedDataParallel, part_of
from seqtasks.training.events import StepEvent
from seqtasks.training.processes import choose_processes

CPU = torch.device("cpu")


class NoisyModel(ToyModel):
    """Random numbers take part in its loss."""

    def loss(self, batch: tuple[Tensor, ...]) -> Loss:
        inputs, wanted = batch
        return super().loss((inputs + torch.rand_like(inputs), wanted))


class FailingModel(ToyModel):
    """Works in the process that made it alone."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.home = os.getpid()

    def loss(self, batch: tuple[Tensor, ...]) -> Loss:
        if os.getpid() != self.home:
            raise ArithmeticError("not at home")
        return super().loss(batch)


class DyingModel(FailingModel):
    def loss(self, batch: tuple[Tensor, ...]) -> Loss:
        if os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().loss(batch)


class CountingModel(ToyModel):
    """Has a buffer that its loss changes, as batch normalization does, and takes longer where others would wait."""

    seen: Tensor

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.home = os.getpid()
        self.register_buffer("seen", torch.zeros(width))

    def loss(self, batch: tuple[Tensor, ...]) -> Loss:
        time.sleep(0.0 if os.getpid() == self.home else 0.01)
        self.seen.mul_(0.9).add_(batch[0].mean(0), alpha=0.1)
        return super().loss((batch[0] + self.seen, batch[1]))


class Task(ToyTask):
    def __init__(self, model: type[ToyModel]) -> None:
        super().__init__()
        self.model = model

    def build_model(self) -> ToyModel:
        return self.model(3)


def weights(trainer: Any) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.weights.items()}


@pytest.mark.parametrize("processes", [2, 3, 6])
def test_a_batch_is_the_same_however_many_processes_share_it(tmp_path: Path, processes: int) -> None:
    alone = toy_trainer(tmp_path / "alone", max_steps=8, gradient_accumulation_steps=2)
    shared = toy_trainer(tmp_path / "shared", max_steps=8, gradient_accumulation_steps=2, num_processes=processes)
    ours = [report for report in shared.run() if isinstance(report, StepEvent)]
    theirs = [report for report in alone.run() if isinstance(report, StepEvent)]
    assert [report.num_tokens for report in ours] == [report.num_tokens for report in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)
        assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-4)
    assert all(torch.allclose(tensor, weights(alone)[name], atol=1e-5) for name, tensor in weights(shared).items())


def test_resumed_training_is_the_same_training(tmp_path: Path) -> None:
    def trainer(name: str, steps: int) -> Any:
        return toy_trainer(tmp_path / name, Task(NoisyModel), max_steps=steps, num_processes=3)

    list(trainer("straight", 12).run())
    list(trainer("stopped", 5).run())
    resumed = trainer("stopped", 12)
    assert resumed.resume() == 5
    list(resumed.run())
    ours, theirs = (read_bundle(tmp_path / name / "step-12").trainer() for name in ("stopped", "straight"))
    assert all(torch.equal(ours["weights"][name], tensor) for name, tensor in theirs["weights"].items())
    assert torch.equal(ours["random"], theirs["random"])


def test_processes_draw_different_numbers(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, Task(NoisyModel), num_processes=2)
    inputs, wanted = torch.ones(1, 3), torch.zeros(1)
    assert isinstance(trainer.processes, ForkedDataParallel)
    losses = set()
    for _ in range(3):
        trainer.processes.start((inputs.repeat(2, 1), wanted.repeat(2)))
        losses.add(trainer.processes.finish()[0])
        losses.add(trainer.backward((inputs, wanted))[0])
    assert len(losses) == 6


def test_buffers_are_those_of_the_rows_here(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, Task(CountingModel), num_processes=2)
    list(trainer.run())
    expected = torch.zeros(3)
    for index in range(1, 13):
        expected.mul_(0.9).add_(ToyBatches(3, frozenset()).batch(index)[0][::2].mean(0), alpha=0.1)
    assert torch.equal(trainer.model.seen, expected)


def test_an_error_elsewhere_is_told_here(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)training process failed.*not at home"):
        list(toy_trainer(tmp_path, Task(FailingModel), num_processes=2).run())


def test_a_process_that_dies_is_told_here(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="A training process died"):
        list(toy_trainer(tmp_path, Task(DyingModel), num_processes=2).run())


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
def test_processes_end_with_the_training(tmp_path: Path) -> None:
    before = children(os.getpid())
    trainer = toy_trainer(tmp_path, num_processes=3)
    made = children(os.getpid()) - before
    assert len(made) == 2
    list(trainer.run())
    assert not left_after(20, made)


def test_parts_are_all_rows_once() -> None:
    batch = ToyBatches(3, frozenset()).batch(3)
    parts = [part_of(batch, slice(number, None, 4)) for number in range(4)]
    for place, whole in enumerate(batch):
        together = torch.cat([part[place] for part in parts])
        assert sorted(together.flatten().tolist()) == sorted(whole.flatten().tolist())


def test_shared_tensors_are_zeros_of_the_same_kind() -> None:
    like = [torch.ones(2, 3), torch.ones((), dtype=torch.long), torch.ones(0), torch.ones(5, dtype=torch.bool)]
    for ours, theirs in zip(share_memory_like(like), like, strict=True):
        assert torch.equal(ours, torch.zeros_like(theirs))
        assert ours.dtype == theirs.dtype


def test_how_many_processes() -> None:
    assert choose_processes(0, 0, 2, CPU) == 2
    assert choose_processes(0, 0, 64, CPU) == 4
    assert choose_processes(0, 3, 8, CPU) == 1
    assert choose_processes(3, 0, 2, CPU) == 3
    assert choose_processes(0, 0, 8, torch.device("cuda")) == 1
    with pytest.raises(SeqtasksError, match="only on a CPU"):
        choose_processes(2, 0, 8, torch.device("cuda"))
    with pytest.raises(ValidationError, match="not both"):
        TrainingConfig(num_processes=2, num_threads=2)
