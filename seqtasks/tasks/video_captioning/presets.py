"""How long to train on videos that a trained model is to learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqtasks.data.examples import ReadReport
from seqtasks.data.videos.readers import VideoSource, read_captioned_videos
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.captioning.presets import LEARNING_RATE, PRESETS
from seqtasks.tasks.presets import preset_for


def video_preset(data: Sequence[Path]) -> dict[str, Any]:
    """Data and training by the number of captions, as for images (see `captioning_preset`); no model.

    Official splits are kept: what the lines say is for training is trained on, and their validation part is validated
    on. Raises SeqtasksError for files that cannot be read and when none of their videos is there.
    """
    parts = {split: [part for path in data for part in official(path, split)] for split in ("train", "validation")}
    train = parts["train"] if all(parts.values()) else [VideoSource(path=path) for path in data]
    spans = [
        span for source in train for video in read_captioned_videos(source, ReadReport()) for span in video.captions
    ]
    captions = [caption for span in spans for caption in span.captions]
    size = preset_for(len(captions), PRESETS)
    tokens = sum(len(caption.split()) + 2 for caption in captions)
    found: dict[str, Any] = {"train": [each.model_dump(mode="json", exclude_none=True) for each in train]}
    if all(parts.values()):
        found["validation"] = [each.model_dump(mode="json", exclude_none=True) for each in parts["validation"]]
    training = size.annealed(tokens, warmup=10, validations=8, learning_rate=LEARNING_RATE, ema_decay=0.998)
    return {"task": "video-captioning", "data": found, "training": training}


def official(path: Path, split: str) -> list[VideoSource]:
    """The part of a file that its lines say is meant for something, where they say so."""
    part = VideoSource(path=path, split=split)
    try:
        read_captioned_videos(part, ReadReport())
    except SeqtasksError:
        return []  # what is wrong with the file itself is told when all of it is read
    return [part]
