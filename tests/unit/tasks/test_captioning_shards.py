"""Captioners that are trained on images in tar shards, which are opened when they are needed, or before."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.shards import sample, write_shards, write_tar
from helpers.squares import configuration, write_squares

import seqtasks
from seqtasks.config.run import read_config, to_toml
from seqtasks.data.captions import tar_shards
from seqtasks.tasks import CaptioningTask
from seqtasks.tasks.captioning import task as captioning
from seqtasks.training.trainer import Trainer

COLORS = ("red", "green", "blue", "yellow", "black", "white")
COUNT = 12


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = [(f"{number:02}.png", COLORS[number % len(COLORS)]) for number in range(COUNT)]
    return write_squares(tmp_path_factory.mktemp("squares"), named)


@pytest.fixture(scope="module")
def shards(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [f"a {COLORS[number % 6]} square\nsomething {COLORS[number % 6]}" for number in range(COUNT)]
    return write_shards(tmp_path_factory.mktemp("shards"), sorted(squares.glob("*.png")), texts, 5)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run_of(images: Path, cache: Path, **settings: Any) -> Any:
    changes = {"images.size": 64, "model.decoder": '{kind="lstm",hidden_size=16,num_layers=1}', **settings}
    return read_config(None, text=configuration(images, cache), overrides=[f"{k}={v}" for k, v in changes.items()])


def trainer_of(run: Any, out: Path) -> Trainer:
    prepared = CaptioningTask.prepare(run.task, run.seed)
    return Trainer(prepared.task, run.training, out=out, seed=run.seed, config_toml=to_toml(run), data=prepared.data)


@pytest.mark.parametrize("trained_cnn", [True, False])
def test_images_in_shards_train_what_images_in_a_folder_do(
    squares: Path, shards: Path, tmp_path: Path, trained_cnn: bool
) -> None:
    settings = {"model.encoder.trainable_from_block": -1} if trained_cnn else {}
    trainers = []
    for images in (squares, shards):
        trainer = trainer_of(run_of(images, tmp_path / "features", **settings), tmp_path / f"run-{len(trainers)}")
        list(trainer.run())
        trainers.append(trainer)
    in_folder, in_shards = trainers
    assert all(torch.equal(in_folder.weights[name], tensor) for name, tensor in in_shards.weights.items())
    held_out = [[each.image.name for each in trainer.task.validation] for trainer in (in_folder, in_shards)]
    assert held_out[0] == held_out[1]
    assert in_folder.scores == in_shards.scores


@pytest.mark.parametrize("trained_cnn", [True, False])
def test_streaming_opens_no_image_before_it_is_needed_and_trains_alike(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_cnn: bool
) -> None:
    settings: dict[str, Any] = {"model.encoder.trainable_from_block": -1} if trained_cnn else {}
    before = trainer_of(run_of(shards, tmp_path / "features", **settings), tmp_path / "before")
    losses = [event.loss for event in before.run() if isinstance(event, seqtasks.StepEvent)]
    monkeypatch.setattr(captioning, "unreadable_and_blank", None)
    monkeypatch.setattr(captioning, "FeatureCache", None)
    streaming = trainer_of(run_of(shards, tmp_path / "none", **settings, **{"data.streaming": "true"}), tmp_path / "s")
    [remark] = streaming.remarks
    assert remark.startswith("images are opened when they are trained on (data.streaming)")
    assert ("data.streaming = false" in remark) == (not trained_cnn)
    streamed = [event.loss for event in streaming.run() if isinstance(event, seqtasks.StepEvent)]
    assert streamed == pytest.approx(losses, rel=1e-4)
    assert not (tmp_path / "none").exists()


def test_many_images_in_shards_are_streamed(
    shards: Path, squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioning, "STREAMED", 9)
    for images, asked, expected in ((shards, None, True), (squares, None, False), (shards, "false", False)):
        settings = {} if asked is None else {"data.streaming": asked}
        run = run_of(images, tmp_path / "features", **settings)
        assert CaptioningTask.prepare(run.task, run.seed).task.streams == expected
    monkeypatch.setattr(captioning, "STREAMED", 10)
    run = run_of(shards, tmp_path / "features")
    assert not CaptioningTask.prepare(run.task, run.seed).task.streams


def test_streamed_training_goes_on_as_it_would_have(shards: Path, tmp_path: Path) -> None:
    def trainer(name: str, steps: int) -> Trainer:
        settings = {"training.max_steps": steps, "training.save_steps": 3, "data.streaming": "true"}
        settings |= {"images.min_crop_scale": 0.5}
        return trainer_of(run_of(shards, tmp_path / "features", **settings), tmp_path / name)

    list(trainer("straight", 6).run())
    list(trainer("stopped", 3).run())
    resumed = trainer("stopped", 6)
    assert resumed.resume() == 3
    list(resumed.run())
    straight, ours = (seqtasks.read_bundle(tmp_path / name / "step-6").tensors() for name in ("straight", "stopped"))
    assert all(torch.equal(ours[name], tensor) for name, tensor in straight.items())


def test_broken_images_are_told_and_train_nothing(squares: Path, tmp_path: Path) -> None:
    images = sorted(squares.glob("*.png"))
    members = [
        member
        for number, image in enumerate(images)
        for member in sample(image.stem, image.read_bytes()[: 60 if number % 2 else None], COLORS[number % 6])
    ]
    archive = write_tar(tmp_path / "a.tar", members)
    settings = {"data.streaming": "true", "training.batch_tokens": 7, "training.max_steps": 30}
    trainer = trainer_of(run_of(archive, tmp_path / "features", **settings), tmp_path / "run")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        events = [event for event in trainer.run() if isinstance(event, seqtasks.StepEvent)]
    assert {event.num_tokens for event in events} == {0, 2, 4}
    assert all(event.loss == 0 for event in events if event.num_tokens == 0)
    messages = {str(each.message) for each in told}
    once = [str(each.message) for each in told if str(each.message).endswith("It is left out.")]
    assert len(once) == len(set(once))
    held_out = {str(each.image) for each in trainer.task.validation}
    left_out = {each.partition(".png: ")[0] for each in messages if each.endswith("It is left out.")}
    assert left_out == {f"{archive}:{number:02}" for number in range(1, COUNT, 2)} - {each[:-4] for each in held_out}
    assert any(each.startswith("Validation images: skipped ") for each in messages)


def test_ranks_that_share_a_batch_agree_on_it(shards: Path, tmp_path: Path) -> None:
    run = run_of(shards, tmp_path / "features", **{"data.streaming": "true"})
    task = CaptioningTask.prepare(run.task, run.seed).task
    whole, first, second = (task.batches(60, 1) for _ in range(3))
    first.share, second.share = slice(0, None, 2), slice(1, None, 2)
    for every, one, other in itertools.islice(zip(whole, first, second, strict=True), 5):
        assert torch.equal(every.source[::2], one.source[::2])
        assert torch.equal(every.source[1::2], other.source[1::2])
        assert torch.equal(every.target, one.target)


def test_the_preset_holds_out_fewer_of_many(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "validation_split" not in CaptioningTask.preset([shards], {})["data"]
    monkeypatch.setattr("seqtasks.tasks.captioning.presets.STREAMED", 12)
    assert CaptioningTask.preset([shards], {})["data"]["validation_split"] == 1_000
    assert tar_shards.STREAMED == 20_000


@pytest.mark.filterwarnings("ignore:METEOR")
def test_a_captioner_is_evaluated_on_shards(squares: Path, shards: Path, tmp_path: Path) -> None:
    list(trainer_of(run_of(shards, tmp_path / "features"), tmp_path / "run").run())
    in_folder, in_shards = (seqtasks.evaluate(tmp_path / "run", each) for each in (squares, shards))
    assert in_folder.scores == in_shards.scores
