"""A small tagger learns labels that neither a word nor its neighbors give away alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.tagged import labelled_sentences, write_conllu_file
from helpers.trained import trained

from seqtasks.encoders import GruEncoder, LstmEncoder
from seqtasks.layers.char_encoders import CnnCharEncoder, LstmCharEncoder
from seqtasks.models import Tagger
from seqtasks.registry import ConfigModel
from seqtasks.tasks import TaggingTask
from seqtasks.tasks.tagging.task import TaggedSource, TaggingData


@pytest.mark.parametrize(
    ("characters", "encoder", "head"),
    [
        pytest.param(
            CnnCharEncoder.Config(), LstmEncoder.Config(hidden_size=48, num_layers=1, dropout=0.0), "softmax",
            id="cnn-lstm-softmax",
        ),
        pytest.param(
            LstmCharEncoder.Config(), GruEncoder.Config(hidden_size=48, num_layers=1, dropout=0.0), "crf",
            id="lstm-gru-crf", marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_words_that_were_never_seen_are_labelled(
    tmp_path: Path, characters: ConfigModel, encoder: ConfigModel, head: str
) -> None:
    config = TaggingTask.Config(
        data=TaggingData(
            train=[TaggedSource(path=write_conllu_file(tmp_path / "train.conllu", labelled_sentences(2000)))],
            validation_split=0.02,
        ),
        model=Tagger.Config(
            hidden_size=16, embedding_dropout=0.0, char_encoder=characters, encoder=encoder, head=head
        ),
    )  # fmt: skip
    prepared = TaggingTask.prepare(config, seed=1)
    task = prepared.task
    assert isinstance(task, TaggingTask)
    model = trained(
        prepared, tmp_path / "out", steps=250, batch_tokens=500, learning_rate=1e-2, warmup=20, ema_decay=0.9
    ).model
    assert isinstance(model, Tagger)
    known = set(task.reader.words.tokens)
    unseen = labelled_sentences(200, seed=2)
    found = task.pipeline([model]).tag([[word for word, _ in each] for each in unseen])
    pairs = [
        (ours, label)
        for tagged, sentence in zip(found, unseen, strict=True)
        for ours, (word, label) in zip(tagged.labels, sentence, strict=True)
        if word not in known
    ]
    assert len(pairs) > 700
    assert sum(ours == label for ours, label in pairs) >= 0.99 * len(pairs)
