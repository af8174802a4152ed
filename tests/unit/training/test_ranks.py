"""Processes that torchrun starts train the model that one process trains."""

from __future__ import annotations

import os
import signal
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny_runs
from helpers.ranks import in_ranks
from helpers.toys import ToyModel, ToyTask, toy_trainer
from torch import Tensor

import seqtasks
from seqtasks.encoders import backbones
from seqtasks.errors import SeqtasksError
from seqtasks.models import Loss
from seqtasks.storage.bundle import read_bundle
from seqtasks.training.events import StepEvent
from seqtasks.training.ranks import join_ranks

WITHOUT_DROPOUT = {
    "translation": ("embedding_dropout", "word_dropout", "encoder.dropout", "decoder.dropout"),
    "generation": ("embedding_dropout", "dropout", "encoder.dropout", "encoder.weight_dropout"),
    "captioning": ("embedding_dropout", "encoder.dropout", "decoder.dropout"),
}
"""Settings of the model without which nothing is random but the order of the batches."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a directory with the data of the tiny runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(backbones, "make_backbone_spec", tiny_runs.tiny_trunk)
    tiny_runs.write_data(Path("data"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def train(task: str, out: str, *, resume: bool = False, stop: int = 12, **settings: Any) -> list[float]:
    """The losses of the tiny run of a task, shortened, until it is stopped."""
    document = tomllib.loads(tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING)
    short = {"training.max_steps": 12, "training.save_steps": 8, "training.eval_steps": 8, "training.num_processes": 0}
    run = seqtasks.TrainingRun(document, out, resume=resume, **short | settings)
    losses = []
    for event in run:
        if isinstance(event, StepEvent):
            losses.append(event.loss)
            if event.step == stop < 12:
                run.stop()
    return losses


def weights(out: str, step: int = 12) -> dict[str, Tensor]:
    trained: dict[str, Tensor] = read_bundle(Path(out, f"step-{step}")).trainer()["weights"]
    return trained


@pytest.mark.parametrize("count", [2, 6])
def test_a_batch_is_the_same_however_many_ranks_share_it(tmp_path: Path, count: int) -> None:
    """With accumulation, and with batches that have fewer rows than there are ranks."""

    def work() -> list[tuple[float, float, float]]:
        trainer = toy_trainer(tmp_path / "ranks", max_steps=8, gradient_accumulation_steps=2, ranks=join_ranks())
        events = [event for event in trainer.run() if isinstance(event, StepEvent)]
        return [(event.loss, event.num_tokens, event.gradient_norm) for event in events]

    alone = toy_trainer(tmp_path / "alone", max_steps=8, gradient_accumulation_steps=2)
    wanted = [event for event in alone.run() if isinstance(event, StepEvent)]
    found = in_ranks(count, work)
    assert found[1:] == found[:-1], "every rank knows the same"
    for event, (loss, tokens, norm) in zip(wanted, found[0], strict=True):
        assert tokens == event.num_tokens
        assert loss == pytest.approx(event.loss, rel=1e-4)
        assert norm == pytest.approx(event.gradient_norm, rel=1e-4)
    ours = read_bundle(tmp_path / "ranks" / "step-8").trainer()["weights"]
    assert all(torch.allclose(ours[name], tensor, atol=1e-5) for name, tensor in alone.weights.items())


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("task", tiny_runs.CONFIGURATIONS)
def test_two_ranks_train_what_two_forked_processes_do(task: str) -> None:
    """To the bit, with dropout, carried states and averaged weights, stopped and resumed in between."""
    in_ranks(2, lambda: train(task, "ranks", stop=6))
    resumed = in_ranks(2, lambda: train(task, "ranks", resume=True))
    losses = train(task, "forked", **{"training.num_processes": 2, "training.num_threads": 0})
    assert resumed == [losses[6:]] * 2
    ours, theirs = weights("ranks"), weights("forked")
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())
    assert sorted(path.name for path in Path("ranks").iterdir()) == sorted(
        path.name for path in Path("forked").iterdir()
    )


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("task", WITHOUT_DROPOUT)
def test_training_goes_on_with_another_number_of_ranks(task: str) -> None:
    """From the same place in the data, with the states that all ranks have carried: as if one had trained it."""
    plain: dict[str, Any] = {f"model.{name}": 0.0 for name in WITHOUT_DROPOUT[task]}
    if task == "captioning":  # the statistics of batch normalization are those of the rows of a rank
        plain |= {"model.encoder.trainable_from_block": None, "images.horizontal_flip": False}
    alone = train(task, "alone", **plain)
    three = in_ranks(3, lambda: train(task, "ranks", stop=6, **plain))
    two = in_ranks(2, lambda: train(task, "ranks", resume=True, stop=9, **plain))
    one = train(task, "ranks", resume=True, **plain)
    assert three[0] + two[0] + one == pytest.approx(alone, rel=1e-5)


class DyingModel(ToyModel):
    """Kills its process, where that is the last one, when it has trained a while."""

    losses = 0

    def loss(self, batch: tuple[Tensor, ...]) -> Loss:
        self.losses += 1
        if self.losses == 5 and os.environ.get("RANK") == str(int(os.environ["WORLD_SIZE"]) - 1):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().loss(batch)


class Dying(ToyTask):
    def build_model(self) -> ToyModel:
        return DyingModel(3)


def test_a_rank_that_dies_ends_the_training_of_all(tmp_path: Path) -> None:
    found = in_ranks(3, lambda: list(toy_trainer(tmp_path, Dying(), ranks=join_ranks()).run()), seconds=30)
    assert found[2] is None
    assert all(isinstance(error, SeqtasksError) for error in found[:2])
    assert "Another process of this training is gone" in str(found[0])
    assert (tmp_path / "step-4").is_dir()


@pytest.mark.usefixtures("data")
def test_a_stop_in_one_rank_ends_the_training_of_all() -> None:
    def work() -> tuple[int, bool]:
        run = seqtasks.TrainingRun(
            tomllib.loads(tiny_runs.CONFIGURATIONS["tagging"] + tiny_runs.TRAINING),
            "ranks",
            training={"num_processes": 0},
        )
        for event in run:
            if isinstance(event, StepEvent) and event.step == 4 and os.environ["RANK"] == "1":
                run.stop()
        return run.result.step, run.result.interrupted

    assert in_ranks(2, work) == [(4, True)] * 2
    assert Path("ranks/step-4").is_dir()


@pytest.mark.usefixtures("data")
def test_what_is_wrong_with_several_ranks_is_told() -> None:
    for settings, message in (
        ({"training.num_processes": 2, "training.num_threads": 0}, "torchrun has started 2 processes already"),
    ):
        found = in_ranks(2, lambda given=settings: train("tagging", "ranks", **given))
        assert all(message in str(error) for error in found)

    def other_data() -> list[float]:
        if os.environ["RANK"] == "1":
            Path("other").mkdir()
            tiny_runs.write_data(Path("other/data"))
            os.chdir("other")
            lines = Path("data/train.conllu").read_text().replace("dog", "cat")
            Path("data/train.conllu").write_text(lines)
        return train("tagging", str(Path(os.environ["HERE"], "others")))

    os.environ["HERE"] = os.getcwd()
    found = in_ranks(2, other_data)
    assert "Process 1 reads other training data than process 0" in str(found[1])

    def other_disk() -> list[float]:
        return train("tagging", f"disk-{os.environ['RANK']}", resume=True)

    train("tagging", "disk-0", **{"training.num_processes": 1})
    assert "has to be on a disk that all machines share" in str(in_ranks(2, other_disk)[1])
