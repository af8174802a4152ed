from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.squares import configuration, write_squares
from PIL import Image

import seqtasks
from seqtasks.config.run import read_config, to_toml
from seqtasks.encoders import CnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import ImageError
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.inference.outputs import Caption
from seqtasks.storage.bundle import read_bundle
from seqtasks.tasks import CaptioningTask
from seqtasks.training.trainer import Trainer

COLORS = ("red", "green", "blue", "yellow", "black", "white")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Colored squares with two captions each."""
    squares = [(f"{number:02}.png", COLORS[number % len(COLORS)]) for number in range(12)]
    return write_squares(tmp_path_factory.mktemp("pictures"), squares)


def run_of(pictures: Path, cache: Path, **settings: Any) -> Any:
    changes = {"images.size": 64, "model.decoder": '{kind="lstm",hidden_size=16,num_layers=1}', **settings}
    overrides = [f"{name}={value}" for name, value in changes.items()]
    return read_config(None, text=configuration(pictures, cache), overrides=overrides)


def trainer_of(run: Any, out: Path) -> Trainer:
    prepared = CaptioningTask.prepare(run.task, run.seed)
    return Trainer(prepared.task, run.training, out=out, seed=run.seed, config_toml=to_toml(run), data=prepared.data)


@pytest.fixture(scope="module")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    list(trainer_of(run_of(pictures, out / "cache"), out / "run").run())
    return out / "run"


def test_a_trained_model_captions_pictures(trained: Path, pictures: Path) -> None:
    predictor = seqtasks.load(trained, dtype="float32", threads=1)
    assert isinstance(predictor, CaptioningPipeline)
    files = sorted(pictures.glob("*.png"))
    found = predictor.caption(
        [files[0], files[1].read_bytes(), Image.open(files[2])], beam_size=2, nbest=2, attention=True
    )
    assert [each.image for each in found] == [str(files[0]), "unnamed image", "unnamed image"]
    for each in found:
        assert len(each.alternatives) == 1
        assert (
            each.score >= each.alternatives[0].score or each.normalized_score >= each.alternatives[0].normalized_score
        )
        assert each.attention is not None
        assert len(each.attention) == len(each.tokens) + 1
        assert {len(row) for row in each.attention} == {4}
        assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in each.attention)


def test_alone_and_among_others_a_picture_has_the_same_caption(trained: Path, pictures: Path) -> None:
    predictor = seqtasks.load(trained, dtype="float32", threads=1)
    files = sorted(pictures.glob("*.png"))
    together = predictor.caption(files, beam_size=3)
    for file, among in zip(files, together, strict=True):
        [alone] = predictor.caption([file], beam_size=3)
        assert (alone.text, alone.tokens) == (among.text, among.tokens)
        assert alone.score == pytest.approx(among.score, abs=1e-4)


def test_what_is_no_picture_is_told_and_the_others_are_described(trained: Path, pictures: Path) -> None:
    predictor = seqtasks.load(trained, dtype="float32", threads=1)
    files: list[Any] = [pictures / "00.png", pictures / "captions.csv", pictures / "missing.png", pictures / "01.png"]
    found = list(predictor.iter_captions(files, beam_size=1))
    assert [type(each) for each in found] == [Caption, ImageError, ImageError, Caption]
    assert "captions.csv" in str(found[1])
    with pytest.raises(ImageError, match=r"captions\.csv"):
        predictor.caption(files)
    with pytest.raises(SeqtasksError, match="not a list"):
        predictor.iter_captions("photo.jpg")


def test_cached_features_and_pixels_train_alike(pictures: Path, tmp_path: Path) -> None:
    run = run_of(pictures, tmp_path / "cache")
    trainer = trainer_of(run, tmp_path / "run")
    encoder = trainer.model.encoder
    assert isinstance(encoder, CnnEncoder)
    task = trainer.task
    assert isinstance(task, CaptioningTask)
    batches = task.batches(40, 1)
    cached = next(iter(batches))
    assert cached.source.dtype == torch.float16
    batches = task.batches(40, 1)
    batches.views = []
    shown = next(iter(batches))
    assert shown.source.dtype == torch.uint8
    trainer.model.eval()
    losses = [trainer.model.loss(batch).total.item() for batch in (cached, shown)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_a_frozen_cnn_sees_pictures_in_several_versions(pictures: Path, tmp_path: Path) -> None:
    settings = {
        "data.num_augmented_views": 3,
        "images.horizontal_flip": "true",
        "images.min_crop_scale": 0.5,
        "images.color_jitter": 0.4,
    }
    run = run_of(pictures, tmp_path / "cache", **settings)
    task = trainer_of(run, tmp_path / "run").task
    assert isinstance(task, CaptioningTask)
    everything = range(len(task.train))
    views = [view.rows(everything) for view in task.train_features]
    assert len(views) == 3
    assert all(not torch.equal(one, two) for one, two in itertools.combinations(views, 2))
    plain = trainer_of(run_of(pictures, tmp_path / "cache"), tmp_path / "plain").task
    assert isinstance(plain, CaptioningTask)
    [as_they_are] = plain.train_features
    assert torch.equal(as_they_are.rows(everything), views[0])
    again = trainer_of(run, tmp_path / "again").task
    assert isinstance(again, CaptioningTask)
    assert all(torch.equal(one.rows(everything), two) for one, two in zip(again.train_features, views, strict=True))

    seen = [row for batch in itertools.islice(task.batches(200, 1), 20) for row in batch.source]
    known = [row for view in views for row in view]
    met = {next(number for number, other in enumerate(known) if torch.equal(row, other)) for row in seen}
    assert len(met) > len(everything)


@pytest.mark.parametrize("trained_cnn", [True, False])
def test_broken_pictures_are_named_and_left_out(pictures: Path, tmp_path: Path, trained_cnn: bool) -> None:
    folder = Path(shutil.copytree(pictures, tmp_path / "pictures"))
    broken = ["02.png", "07.png"]
    for name in broken:
        (folder / name).write_bytes((folder / name).read_bytes()[:60])
    settings = {"model.encoder.trainable_from_block": -1} if trained_cnn else {}
    trainer = trainer_of(run_of(folder, tmp_path / "cache", **settings), tmp_path / "run")
    [remark] = trainer.remarks
    assert remark.startswith("images opened: skipped 2 of 12: 2 broken (")
    assert all(name in remark for name in broken)
    task = trainer.task
    assert isinstance(task, CaptioningTask)
    shown = {task.train[number].image.name for number in task.batches(40, 1).numbers}
    assert shown == {each.image.name for each in task.train} - set(broken)
    list(trainer.run())


@pytest.mark.parametrize("trained_cnn", [True, False])
def test_batches_go_on_where_a_saved_state_stands(pictures: Path, tmp_path: Path, trained_cnn: bool) -> None:
    settings = {"model.encoder.trainable_from_block": -1, "images.min_crop_scale": 0.5} if trained_cnn else {}
    task = trainer_of(run_of(pictures, tmp_path / "cache", **settings), tmp_path / "run").task
    whole = list(itertools.islice(task.batches(40, 1), 9))
    for already in (0, 1, 5):
        begun, continued = task.batches(40, 1), task.batches(40, 1)
        stream = iter(begun)
        for _ in range(already):
            next(stream)
        continued.load_state_dict(begun.state_dict())
        for one, two in zip(itertools.islice(continued, 3), whole[already:], strict=False):
            assert torch.equal(one.source, two.source)
            assert torch.equal(one.target, two.target)


def test_every_picture_comes_once_an_epoch_with_all_its_captions(pictures: Path, tmp_path: Path) -> None:
    task = trainer_of(run_of(pictures, tmp_path / "cache"), tmp_path / "run").task
    assert isinstance(task, CaptioningTask)
    batches = task.batches(30, 1)
    met = []
    for batch in batches:
        if batches.state_dict()["epoch"] > 0 or len(met) >= 2 * len(task.train):
            break
        assert batch.target.numel() <= 30
        for ids, real in zip(batch.target.flatten(0, 1), batch.target_mask.flatten(0, 1), strict=True):
            met.append(task.processor.decode(ids[real].tolist()[1:-1]))
    assert sorted(met) == sorted(caption for each in task.train for caption in each.captions)


@pytest.mark.parametrize("frozen", [True, False])
def test_self_critical_training_starts_from_a_model(
    trained: Path, pictures: Path, tmp_path: Path, frozen: bool
) -> None:
    start = read_bundle(trained / "best")
    settings: dict[str, Any] = {"self_critical.num_samples": 2, "training.learning_rate": 0.05}
    if not frozen:
        settings["model.encoder.trainable_from_block"] = -1
    run = run_of(pictures, tmp_path / "cache", **settings)
    prepared = CaptioningTask.prepare(run.task, run.seed, processors=start.processors)
    trainer = Trainer(
        prepared.task,
        run.training,
        out=tmp_path / "run",
        seed=1,
        config_toml=to_toml(run),
        data=prepared.data,
        weights=start.tensors(),
    )
    assert all(torch.equal(tensor, trainer.weights[name]) for name, tensor in start.tensors().items())
    list(trainer.run())
    changed = [name for name, tensor in start.tensors().items() if not torch.equal(tensor, trainer.weights[name])]
    assert changed
    assert any("backbone" in name for name in changed) != frozen


def test_weights_of_another_model_are_no_start(trained: Path, pictures: Path, tmp_path: Path) -> None:
    start = read_bundle(trained / "best")
    run = run_of(pictures, tmp_path / "cache", **{"model.hidden_size": 18})
    prepared = CaptioningTask.prepare(run.task, run.seed, processors=start.processors)
    with pytest.raises(SeqtasksError, match="do not fit the model"):
        Trainer(prepared.task, run.training, out=tmp_path, seed=1, config_toml="", data={}, weights=start.tensors())


def test_a_cnn_that_is_trained_sees_pixels_and_changes(pictures: Path, tmp_path: Path) -> None:
    run = run_of(
        pictures, tmp_path / "cache", **{"model.encoder.trainable_from_block": -1, "images.min_crop_scale": 0.8}
    )
    trainer = trainer_of(run, tmp_path / "run")
    before = {name: tensor.clone() for name, tensor in trainer.weights.items() if "backbone" in name}
    list(trainer.run())
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, trainer.weights[name])}
    assert changed
    assert not (tmp_path / "cache").exists()
    frozen = [name for name, parameter in trainer.model.named_parameters() if not parameter.requires_grad]
    assert frozen
    assert not changed & set(frozen)


def test_resumed_training_is_the_same_training(pictures: Path, tmp_path: Path) -> None:
    def trainer(name: str, steps: int) -> Trainer:
        settings = {"training.max_steps": steps, "training.save_steps": 3}
        return trainer_of(run_of(pictures, tmp_path / "cache", **settings), tmp_path / name)

    list(trainer("straight", 6).run())
    list(trainer("stopped", 3).run())
    resumed = trainer("stopped", 6)
    assert resumed.resume() == 3
    list(resumed.run())
    straight = seqtasks.read_bundle(tmp_path / "straight" / "step-6").tensors()
    ours = seqtasks.read_bundle(tmp_path / "stopped" / "step-6").tensors()
    assert all(torch.equal(ours[name], tensor) for name, tensor in straight.items())


def test_validation_scores_captions(pictures: Path, tmp_path: Path) -> None:
    trainer = trainer_of(run_of(pictures, tmp_path / "cache"), tmp_path / "run")
    evaluation = trainer.validate().evaluation
    assert evaluation.scores[0].metric == "cider-d"
    assert evaluation.examples == 3
    manifest = json.loads((tmp_path / "run" / "best" / "bundle.json").read_text())
    assert manifest["task"] == "captioning"
    assert manifest["data"]["captions"] == 18


def test_settings_that_make_no_sense(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="has to read images"):
        run_of(pictures, tmp_path, **{"model.encoder": '{ kind = "lstm" }'})
    with pytest.raises(SeqtasksError, match="trainable_from_block"):
        run_of(pictures, tmp_path, **{"images.horizontal_flip": "true"})
