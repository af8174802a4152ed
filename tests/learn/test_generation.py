"""Small language models learn to say again what they read some characters ago."""

from __future__ import annotations

from pathlib import Path

import pytest
from written import LETTERS, remembering_text

from seqtasks.component import Settings
from seqtasks.data.text_stream import TextSource
from seqtasks.decoding import Decoding
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.models import LanguageModel
from seqtasks.tasks import GenerationTask
from seqtasks.tasks.generation.task import TextData
from seqtasks.tasks.generation.text_writer import TextWriter
from seqtasks.training.settings import TrainingSettings
from seqtasks.training.trainer import Trainer


@pytest.mark.parametrize(
    ("encoder", "steps"),
    [
        (LstmEncoder.Config(dim=64, layers=1, directions="forward", dropout=0.0), 700),
        (TransformerEncoder.Config(layers=2, heads=4, inner_dim=64, dropout=0.0, causal=True, context=48), 500),
    ],
    ids=["lstm", "transformer"],
)
def test_the_letter_of_the_line_is_remembered(tmp_path: Path, encoder: Settings, steps: int) -> None:
    (tmp_path / "book.txt").write_text(remembering_text(4000), encoding="utf-8")
    config = GenerationTask.Config(
        data=TextData(train=[TextSource(path=tmp_path / "book.txt")], validation_share=0.02, lanes=16, window=48),
        model=LanguageModel.Config(dim=32, tie=False, embedding_dropout=0.0, encoder=encoder),
    )
    prepared = GenerationTask.prepare(config, seed=1)
    task = prepared.task
    assert isinstance(task, GenerationTask)
    settings = TrainingSettings(
        steps=steps, learning_rate=5e-3, warmup=30, schedule="cosine", ema_decay=0.9,
        validate_every=steps, checkpoint_every=steps, threads=1, device="cpu", dtype="float32",
    )  # fmt: skip
    trainer = Trainer(task, settings, out=tmp_path / "out", seed=1, config_toml="", data=prepared.data)
    list(trainer.run())
    model = trainer.model.eval()
    assert isinstance(model, LanguageModel)
    writer = TextWriter(model, task.processor)
    greedy = Decoding(beam=1, max_length="1")
    prompts = [f"a:xxyy!a\n{letter}:{filling}!" for letter in LETTERS for filling in ("xy", "z z", " yyx")]
    right = sum(writer.write(prompt, greedy)[0].text == prompt[9] for prompt in prompts)
    assert right >= 0.95 * len(prompts)
    lines = writer.write("b:", Decoding(beam=1, sample=True, max_length="200"))[0].text.split("\n")[1:-1]
    assert len(lines) > 5
    assert sum(line[:1] == line[-1:] and line[1:2] == ":" for line in lines) >= 0.9 * len(lines)
