"""A small captioner learns from pictures and sentences alone what shapes, colors and places are called."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from helpers.rendered import KINDS, SIDE, every_scene, write_pictures
from helpers.small_trunk import small_trunk
from helpers.trained import trained

from seqtasks.data.captions.captioned_images import CaptionSource
from seqtasks.decoders import ShowAttendAndTellDecoder
from seqtasks.encoders import CnnEncoder, backbones
from seqtasks.image.transforms import ImageConfig
from seqtasks.inference.outputs import Caption
from seqtasks.models import EncoderDecoder
from seqtasks.tasks import CaptioningTask
from seqtasks.tasks.captioning.task import CaptioningData
from seqtasks.text import WordTokenizer


@pytest.mark.slow
def test_combinations_that_were_never_seen_are_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones, "make_backbone_spec", small_trunk)
    chance = random.Random(1)
    couples = [frozenset(couple) for couple in itertools.combinations(KINDS, 2)]
    apart = set(chance.sample(couples, len(couples) // 5))
    seen, unseen = [], []
    for scene in every_scene():
        (unseen if {scene.first, scene.second} in apart else seen).append(scene)
    write_pictures(tmp_path / "train", chance.choices(seen, k=4000), chance)
    pictures = write_pictures(tmp_path / "unseen", unseen, chance)
    config = CaptioningTask.Config(
        text=WordTokenizer.Config(language="en", min_freq=1),
        images=ImageConfig(size=SIDE),
        data=CaptioningData(train=[CaptionSource(images=tmp_path / "train")], validation_split=0.02),
        model=EncoderDecoder.Config(
            hidden_size=48,
            embedding_dropout=0.0,
            label_smoothing=0.0,
            encoder=CnnEncoder.Config(
                weights="none", trainable_from_block=0, lr_multiplier=1.0, hidden_size=96, dropout=0.0
            ),
            decoder=ShowAttendAndTellDecoder.Config(hidden_size=96, attention_dim=64, dropout=0.0),
        ),
    )
    prepared = CaptioningTask.prepare(config, seed=1)
    task = prepared.task
    assert isinstance(task, CaptioningTask)
    model = trained(
        prepared, tmp_path / "out", steps=500, batch_tokens=400, learning_rate=4e-3, warmup=50, ema_decay=0.98
    ).model
    assert isinstance(model, EncoderDecoder)
    captions = task.pipeline([model]).iter_captions(pictures, beam_size=1, max_length="20")
    right = sum(
        isinstance(found, Caption) and found.text == scene.caption
        for found, scene in zip(captions, unseen, strict=True)
    )
    assert right >= 0.95 * len(unseen)
