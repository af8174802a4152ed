"""A small video captioner learns to name a shape that it cannot see any more, which no captioner of pictures can."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image, ImageDraw
from rendered import COLOURS, KINDS, OUTLINES, SIDE, Kind
from small_trunk import small_trunk

from seqtasks.data.clips import ClipSource
from seqtasks.decoders import LstmDecoder
from seqtasks.decoding import Decoding
from seqtasks.encoders import FramesEncoder, backbones
from seqtasks.models import Generator
from seqtasks.tasks import VideoTask
from seqtasks.tasks.captioner import Captioner
from seqtasks.tasks.clip_captioner import ClipCaptioner
from seqtasks.tasks.video import VideoData, validation_clips
from seqtasks.text import Words
from seqtasks.training.settings import TrainingSettings
from seqtasks.training.trainer import Trainer
from seqtasks.vision.transforms import ImageSettings

FRAMES = 9
EVERY = 0.04
"""Seconds from frame to frame of numbered pictures."""

SHOWN = [kind for kind in KINDS if kind[0] in ("red", "green", "blue")]


def frame(kind: Kind, place: tuple[float, float], radius: float, background: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), background)
    draw = ImageDraw.Draw(picture)
    (colour, shape), (x, y) = kind, place
    if shape in OUTLINES:
        draw.polygon([(x + radius * right, y + radius * down) for right, down in OUTLINES[shape]], COLOURS[colour])
    else:
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], COLOURS[colour])
    return picture


def write_clips(folder: Path, count: int, chance: random.Random) -> tuple[Path, list[range]]:
    """Clips in which a shape moves and is hidden for some frames, never in the first; returns when it is hidden."""
    lines, hidden = [], []
    for number in range(count):
        clip = folder / f"{number:04}"
        clip.mkdir(parents=True)
        kind, radius = chance.choice(SHOWN), SIDE * chance.uniform(0.16, 0.24)
        start, end = ((chance.uniform(14, 34), chance.uniform(14, 34)) for _ in range(2))
        background = (chance.randint(0, 50), chance.randint(0, 50), chance.randint(0, 50))
        begins = chance.randint(1, FRAMES - 3)
        hidden.append(range(begins, min(FRAMES, begins + chance.randint(2, 5))))
        for place in range(FRAMES):
            share = place / (FRAMES - 1)
            x, y = (one + share * (other - one) for one, other in zip(start, end, strict=True))
            shown = Image.new("RGB", (SIDE, SIDE), background)
            if place not in hidden[-1]:
                shown = frame(kind, (x, y), radius, background)
            shown.save(clip / f"{place}.png", compress_level=1)
        caption = {"start": 0, "end": 10, "caption": f"a {' '.join(kind)}"}
        lines.append(json.dumps({"video": clip.name, "captions": [caption]}))
    (folder / "clips.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "clips.jsonl", hidden


def trained(folder: Path, train: Path, unseen: Path, temporal: Literal["none", "causal"], steps: int) -> VideoTask:
    config = VideoTask.Config(
        text=Words.Config(language="en", minimum_count=1),
        images=ImageSettings(size=SIDE),
        data=VideoData(
            train=[ClipSource(path=train)], validation=[ClipSource(path=unseen)], validation_clips=40, every=EVERY,
            clips=16, window=3,
        ),
        model=Generator.Config(
            dim=32,
            embedding_dropout=0.0,
            label_smoothing=0.0,
            encoder=FramesEncoder.Config(
                weights="none", train_from=0, learning_rate_scale=1.0, dim=64, dropout=0.0, temporal=temporal,
                memory_dim=64,
            ),
            decoder=LstmDecoder.Config(dim=48, layers=1, dropout=0.0),
        ),
    )  # fmt: skip
    prepared = VideoTask.prepare(config, seed=1)
    settings = TrainingSettings(
        steps=steps, learning_rate=3e-3, warmup=30, schedule="cosine", ema_decay=0.97, validate_every=steps,
        checkpoint_every=steps, processes=1, threads=1, device="cpu", dtype="float32",
    )  # fmt: skip
    trainer = Trainer(prepared.task, settings, out=folder, seed=1, config_toml="", data=prepared.data)
    list(trainer.run())
    task = trainer.task
    assert isinstance(task, VideoTask)
    assert isinstance(trainer.model, Generator)
    task.captioner = Captioner([trainer.model.eval()], config.images, task.processor)  # type: ignore[attr-defined]
    return task


def named_rightly(task: VideoTask, hidden: list[range]) -> tuple[float, float]:
    """The share of the frames with the right name, of those where the shape is hidden and of the others."""
    right: dict[bool, list[bool]] = {True: [], False: []}
    clips, _ = validation_clips(task.config.data)
    describer = ClipCaptioner(task.captioner)  # type: ignore[attr-defined]
    for clip, away in zip(clips, hidden, strict=True):
        said = describer.describe(clip.pictures(0), Decoding(beam=1, max_length="8"))
        for place, (caption, [wanted]) in enumerate(zip(said, clip.captions, strict=True)):
            right[place in away].append(caption.text == wanted)
    return sum(right[True]) / len(right[True]), sum(right[False]) / len(right[False])


def test_a_hidden_shape_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones, "make_trunk", small_trunk)
    chance = random.Random(1)
    train, _ = write_clips(tmp_path / "train", 800, chance)
    unseen, hidden = write_clips(tmp_path / "unseen", 40, chance)
    remembers = named_rightly(trained(tmp_path / "causal", train, unseen, "causal", 700), hidden)
    assert min(remembers) >= 0.95
    sees = named_rightly(trained(tmp_path / "none", train, unseen, "none", 200), hidden)
    assert sees[0] < 0.5
