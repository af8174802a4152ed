"""Configurations made from sentence pairs alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from seqtasks.config.run import read_config
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.translation import presets
from seqtasks.tasks.translation.presets import measure, translation_preset


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("a b c\tx y\n" * 3 + "broken\n", encoding="utf-8")
    return path


def test_pairs_and_words_are_counted(pairs: Path) -> None:
    assert measure([ParallelSource(path=pairs)], None) == (3, 9)


@pytest.mark.parametrize(
    ("count", "words", "size", "dim", "layers", "dropout", "batch", "steps"),
    [
        (1_000, 8_000, 1_000, 128, 2, 0.4, 800, 2_000),
        (4_999, 60_000, 1_000, 128, 2, 0.4, 800, 5_000),
        (5_000, 60_000, 3_000, 160, 3, 0.35, 1_000, 4_700),
        (29_000, 350_000, 5_000, 192, 3, 0.3, 1_500, 12_100),
        (200_000, 1_600_000, 8_000, 256, 3, 0.1, 1_800, 13_900),
        (5_000_000, 100_000_000, 16_000, 512, 6, 0.1, 4_000, 200_000),
    ],
)
def test_sizes_follow_the_amount_of_data(
    monkeypatch: pytest.MonkeyPatch, pairs: Path, count: int, words: int, size: int, dim: int, layers: int,
    dropout: float, batch: int, steps: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(presets, "measure", lambda sources, languages: (count, words))
    run = read_config(None, text=tomli_w.dumps(translation_preset([ParallelSource(path=pairs)], ("en", "de"))))
    task = run.task.model_dump()
    assert task["text"]["vocab_size"] == size
    assert task["languages"] == {"source": "en", "target": "de"}
    assert (task["model"]["hidden_size"], task["model"]["encoder"]["num_layers"]) == (dim, layers)
    assert task["model"]["decoder"]["dropout"] == dropout
    assert (run.training.batch_tokens, run.training.max_steps) == (batch, steps)
    assert run.training.eval_steps <= run.training.max_steps / 20


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn", "transformer"])
def test_every_kind_of_encoder_can_be_had(pairs: Path, kind: str) -> None:
    decoder = "lstm" if kind == "lstm" else "transformer"
    text = tomli_w.dumps(translation_preset([ParallelSource(path=pairs)], None, encoder=kind, decoder=decoder))
    model = read_config(None, text=text).task.model_dump()["model"]
    assert (model["encoder"]["kind"], model["decoder"]["kind"]) == (kind, decoder)


def test_no_pair_at_all(tmp_path: Path) -> None:
    (tmp_path / "none.tsv").write_text("only one column\n", encoding="utf-8")
    with pytest.raises(SeqtasksError, match="its rows have one column, but pairs need two"):
        translation_preset([ParallelSource(path=tmp_path / "none.tsv")], None)
