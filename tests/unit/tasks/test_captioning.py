from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import seqtasks
from seqtasks.config import read_run, to_toml
from seqtasks.encoders import CnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.predictor import CaptioningPredictor
from seqtasks.tasks import CaptioningTask
from seqtasks.tasks.captioner import Caption
from seqtasks.training.trainer import Trainer
from seqtasks.vision.images import ImageError

COLOURS = ("red", "green", "blue", "yellow", "black", "white")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Coloured squares with two captions each."""
    folder = tmp_path_factory.mktemp("pictures")
    lines = ["image,caption"]
    for number in range(12):
        colour = COLOURS[number % len(COLOURS)]
        Image.new("RGB", (40, 40 + number), colour).save(folder / f"{number:02}.png")
        lines += [f"{number:02}.png,a {colour} square", f"{number:02}.png,something {colour}"]
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def run_of(pictures: Path, cache: Path, **settings: Any) -> Any:
    text = f"""
task = "captioning"
[text]
kind = "words"
language = "en"
minimum_count = 1
[images]
size = 64
[data]
train = [{{ images = "{pictures}" }}]
held_out = 0.25
features = "{cache}"
[model]
dim = 16
[model.encoder]
kind = "cnn"
weights = "none"
dim = 16
[model.decoder]
kind = "lstm"
dim = 16
layers = 1
[training]
steps = 2
batch_tokens = 40
warmup = 0
threads = 1
validate_every = 2
checkpoint_every = 2
device = "cpu"
"""
    return read_run(None, text=text, overrides=[f"{name}={value}" for name, value in settings.items()])


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
    assert isinstance(predictor, CaptioningPredictor)
    files = sorted(pictures.glob("*.png"))
    found = predictor.caption([files[0], files[1].read_bytes(), Image.open(files[2])], beam=2, nbest=2, attention=True)
    assert [each.picture for each in found] == [str(files[0]), "unnamed picture", "unnamed picture"]
    for each in found:
        assert len(each.alternatives) == 1
        assert each.score >= each.alternatives[0].score or each.normalised >= each.alternatives[0].normalised
        assert each.attention is not None
        assert len(each.attention) == len(each.tokens) + 1
        assert {len(row) for row in each.attention} == {4}
        assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in each.attention)


def test_alone_and_among_others_a_picture_has_the_same_caption(trained: Path, pictures: Path) -> None:
    predictor = seqtasks.load(trained, dtype="float32", threads=1)
    files = sorted(pictures.glob("*.png"))
    together = predictor.caption(files, beam=3)
    for file, among in zip(files, together, strict=True):
        [alone] = predictor.caption([file], beam=3)
        assert (alone.text, alone.tokens) == (among.text, among.tokens)
        assert alone.score == pytest.approx(among.score, abs=1e-4)


def test_what_is_no_picture_is_told_and_the_others_are_described(trained: Path, pictures: Path) -> None:
    predictor = seqtasks.load(trained, dtype="float32", threads=1)
    files: list[Any] = [pictures / "00.png", pictures / "captions.csv", pictures / "missing.png", pictures / "01.png"]
    found = list(predictor.captions(files, beam=1))
    assert [type(each) for each in found] == [Caption, ImageError, ImageError, Caption]
    assert "captions.csv" in str(found[1])
    with pytest.raises(ImageError, match=r"captions\.csv"):
        predictor.caption(files)
    with pytest.raises(SeqtasksError, match="not a list"):
        predictor.caption("photo.jpg")


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
    batches.features = None
    shown = next(iter(batches))
    assert shown.source.dtype == torch.uint8
    trainer.model.eval()
    losses = [trainer.model.loss(batch).total.item() for batch in (cached, shown)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_a_cnn_that_is_trained_sees_pixels_and_changes(pictures: Path, tmp_path: Path) -> None:
    run = run_of(pictures, tmp_path / "cache", **{"model.encoder.train_from": -1, "images.smallest_crop": 0.8})
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
        settings = {"training.steps": steps, "training.checkpoint_every": 3}
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
    with pytest.raises(SeqtasksError, match="has to read pictures"):
        run_of(pictures, tmp_path, **{"model.encoder": '{ kind = "lstm" }'})
    with pytest.raises(SeqtasksError, match="train_from"):
        run_of(pictures, tmp_path, **{"images.flip": "true"})
