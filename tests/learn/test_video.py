"""A small video captioner learns to name a shape that it cannot see any more, which no captioner of pictures can."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.rendered import COLORS, KINDS, OUTLINES, SIDE, Kind
from helpers.small_trunk import small_trunk
from helpers.trained import trained
from PIL import Image, ImageDraw

from seqtasks.data.captions.captioned_images import CaptionSource
from seqtasks.data.videos.frame_sequence import FrameSequence
from seqtasks.data.videos.readers import VideoSource
from seqtasks.decoders import ShowAttendAndTellDecoder
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import CnnEncoder, CnnLstmEncoder, backbones
from seqtasks.image.transforms import ImageConfig
from seqtasks.models import EncoderDecoder
from seqtasks.tasks import CaptioningTask, VideoTask
from seqtasks.tasks.captioning.base import BaseCaptioningTask
from seqtasks.tasks.captioning.task import CaptioningData
from seqtasks.tasks.video_captioning.task import VideoData
from seqtasks.text import WordTokenizer
from seqtasks.training.trainer import Trainer

FRAMES = 9
CLIPS = 40
EVERY = 0.04
"""Seconds from frame to frame of numbered pictures."""

SHOWN = [kind for kind in KINDS if kind[0] in ("red", "green", "blue")]


def frame(kind: Kind, place: tuple[float, float], radius: float, background: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), background)
    draw = ImageDraw.Draw(picture)
    (color, shape), (x, y) = kind, place
    if shape in OUTLINES:
        draw.polygon([(x + radius * right, y + radius * down) for right, down in OUTLINES[shape]], COLORS[color])
    else:
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], COLORS[color])
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


def write_pictures(folder: Path, count: int, chance: random.Random) -> Path:
    """Single shapes that can be seen, with their names."""
    folder.mkdir()
    lines = ["image,caption"]
    for number in range(count):
        kind, place = chance.choice(SHOWN), (chance.uniform(12, 36), chance.uniform(12, 36))
        background = (chance.randint(0, 50), chance.randint(0, 50), chance.randint(0, 50))
        frame(kind, place, SIDE * chance.uniform(0.16, 0.24), background).save(folder / f"{number}.png")
        lines.append(f"{number}.png,a {' '.join(kind)}")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def model_settings(encoder: CnnEncoder.Config | CnnLstmEncoder.Config) -> EncoderDecoder.Config:
    return EncoderDecoder.Config(
        hidden_size=48,
        embedding_dropout=0.0,
        label_smoothing=0.0,
        encoder=encoder,
        decoder=ShowAttendAndTellDecoder.Config(hidden_size=96, attention_dim=64, dropout=0.0),
    )


TRAINING: dict[str, Any] = {"batch_tokens": 400, "learning_rate": 4e-3, "warmup": 30, "ema_decay": 0.97}
SMALL: dict[str, Any] = {
    "weights": "none",
    "trainable_from_block": 0,
    "lr_multiplier": 1.0,
    "hidden_size": 96,
    "dropout": 0.0,
}
TEXT = WordTokenizer.Config(language="en", min_freq=1)


def captioner_of_pictures(folder: Path, chance: random.Random) -> Trainer:
    config = CaptioningTask.Config(
        text=TEXT,
        images=ImageConfig(size=SIDE),
        data=CaptioningData(train=[CaptionSource(images=write_pictures(folder / "pictures", 3000, chance))]),
        model=model_settings(CnnEncoder.Config(**SMALL)),
    )
    prepared = CaptioningTask.prepare(config, seed=1)
    return trained(prepared, folder / "seen", steps=450, **TRAINING)


def captioner_of_clips(folder: Path, start: Trainer, train: Path, unseen: Path) -> Trainer:
    """Starts from the captioner of pictures."""
    config = VideoTask.Config(
        text=TEXT,
        images=ImageConfig(size=SIDE),
        data=VideoData(
            train=[VideoSource(path=train)], validation=[VideoSource(path=unseen)],
            max_validation_videos=CLIPS, frame_interval=EVERY,
            num_streams=8, bptt_len=4,
        ),
        model=model_settings(CnnLstmEncoder.Config(**SMALL, temporal="causal", lstm_hidden_size=64)),
    )  # fmt: skip
    start.task.save_processors(folder)
    prepared = VideoTask.prepare(config, seed=1, processors=folder)
    return trained(prepared, folder / "remembered", steps=700, weights=start.weights, **TRAINING)


def named_rightly(trainer: Trainer, clips: Sequence[FrameSequence], hidden: list[range]) -> tuple[float, float]:
    """The share of the frames with the right name, of those where the shape is hidden and of the others."""
    task, model = trainer.task, trainer.model
    assert isinstance(task, BaseCaptioningTask)
    assert isinstance(model, EncoderDecoder)
    captioner = task.pipeline([model])
    right: dict[bool, list[bool]] = {True: [], False: []}
    for clip, away in zip(clips, hidden, strict=True):
        said = captioner.caption_playing(clip.frames(0), DecodingConfig(beam_size=1, max_length="8"))
        for place, (caption, [wanted]) in enumerate(zip(said, clip.captions, strict=True)):
            right[place in away].append(caption.text == wanted)
    return sum(right[True]) / len(right[True]), sum(right[False]) / len(right[False])


@pytest.mark.slow
def test_a_hidden_shape_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones, "make_backbone_spec", small_trunk)
    chance = random.Random(1)
    train, _ = write_clips(tmp_path / "train", 300, chance)
    unseen, hidden = write_clips(tmp_path / "unseen", CLIPS, chance)
    sees = captioner_of_pictures(tmp_path, chance)
    remembers = captioner_of_clips(tmp_path, sees, train, unseen)
    assert isinstance(remembers.task, VideoTask)
    clips = remembers.task.validation_playing
    assert min(named_rightly(remembers, clips, hidden)) >= 0.95
    hidden_rightly, seen_rightly = named_rightly(sees, clips, hidden)
    assert hidden_rightly < 0.3
    assert seen_rightly >= 0.95
