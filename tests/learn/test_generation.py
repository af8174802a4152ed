"""Small language models learn to say again what they read some characters ago."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.trained import trained
from helpers.written import LETTERS, remembering_text

from seqtasks.data.documents.text_corpus import TextSource
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.models import LanguageModel
from seqtasks.registry import ConfigModel
from seqtasks.tasks import LanguageModelingTask
from seqtasks.tasks.language_modeling.task import TextData


@pytest.mark.parametrize(
    ("encoder", "dim", "lanes", "window", "steps"),
    [
        pytest.param(
            LstmEncoder.Config(hidden_size=64, num_layers=1, bidirectional=False, dropout=0.0), 64, 8, 48, 700,
            id="lstm", marks=pytest.mark.slow,
        ),
        pytest.param(
            TransformerEncoder.Config(
                num_layers=2, num_heads=4, ffn_dim=64, dropout=0.0, causal=True, max_positions=24
            ),
            32, 16, 24, 250, id="transformer",
        ),
    ],
)  # fmt: skip
def test_the_letter_of_the_line_is_remembered(
    tmp_path: Path, encoder: ConfigModel, dim: int, lanes: int, window: int, steps: int
) -> None:
    (tmp_path / "book.txt").write_text(remembering_text(4000), encoding="utf-8")
    config = LanguageModelingTask.Config(
        data=TextData(
            train=[TextSource(path=tmp_path / "book.txt")], validation_split=0.01, num_streams=lanes, bptt_len=window
        ),
        model=LanguageModel.Config(hidden_size=dim, tie_embeddings=False, embedding_dropout=0.0, encoder=encoder),
    )
    prepared = LanguageModelingTask.prepare(config, seed=1)
    task = prepared.task
    assert isinstance(task, LanguageModelingTask)
    model = trained(
        prepared, tmp_path / "out", steps=steps, batch_tokens=1, learning_rate=1e-2, warmup=60, ema_decay=0.9
    ).model
    assert isinstance(model, LanguageModel)
    writer = task.pipeline([model])
    greedy = DecodingConfig(beam_size=1, max_length="1")
    prompts = [f"a:xxyy!a\n{letter}:{filling}!" for letter in LETTERS for filling in ("xy", "z z", " yyx")]
    right = sum(writer.generate_one(prompt, greedy, "").text == prompt[9] for prompt in prompts)
    assert right >= 0.95 * len(prompts)
    lines = writer.generate_one("b:", DecodingConfig(beam_size=1, sample=True, max_length="200"), "").text.split("\n")[
        1:-1
    ]
    assert len(lines) > 5
    assert sum(line[:1] == line[-1:] and line[1:2] == ":" for line in lines) >= 0.9 * len(lines)
