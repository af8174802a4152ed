"""Guided alignment teaches attention where words come from, long before translations are right."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.trained import trained

from seqtasks.data.parallel import alignment
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.decoders import TransformerDecoder
from seqtasks.encoders import TransformerEncoder
from seqtasks.models import EncoderDecoder
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.guided_alignment import GuidedAlignmentConfig
from seqtasks.tasks.translation.task import TranslationData
from seqtasks.text import CharacterTokenizer


def test_attention_learns_where_words_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_order(sources, targets):  # type: ignore[no-untyped-def]
        found = [np.array([[place, place] for place in range(len(ids))]) for ids in sources]
        return found, found

    monkeypatch.setattr(alignment, "run_eflomal", in_order)
    chance = random.Random(1)
    texts = list(dict.fromkeys("".join(chance.choices("abcdefgh", k=chance.randint(3, 6))) for _ in range(3000)))
    file = tmp_path / "train.tsv"
    file.write_text("".join(f"{text}\t{text.upper()}\n" for text in texts), encoding="utf-8")
    config = TranslationTask.Config(
        text=CharacterTokenizer.Config(),
        data=TranslationData(train=[ParallelSource(path=file)], validation_split=20),
        model=EncoderDecoder.Config(
            hidden_size=48,
            embedding_dropout=0.0,
            label_smoothing=0.0,
            encoder=TransformerEncoder.Config(num_layers=1, num_heads=4, ffn_dim=96, dropout=0.0),
            decoder=TransformerDecoder.Config(num_layers=1, num_heads=4, ffn_dim=96, dropout=0.0, alignment_heads=1),
        ),
        guided_alignment=GuidedAlignmentConfig(weight=1.0, cache_dir=tmp_path / "cache"),
    )
    prepared = TranslationTask.prepare(config, seed=1)
    settings = {"steps": 120, "batch_tokens": 500, "learning_rate": 4e-3, "warmup": 50, "ema_decay": 0.97}
    model = trained(prepared, tmp_path / "out", **settings).model
    assert isinstance(model, EncoderDecoder)
    batch = next(iter(prepared.task.batches(2000, seed=7)))
    with torch.no_grad():
        shown = model.eval().make_stepper(batch.source, batch.source_mask).score_targets(batch.target, attention=True)
    assert shown.attention is not None
    aligned = batch.target_mask[:, 1:]
    right = shown.attention.argmax(2) == batch.alignment.argmax(2)
    assert right[aligned].float().mean() > 0.98
