"""A language model that is killed in the middle of its text goes on to the weights of one that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.resumed import kill_at, same_weights, trainings
from helpers.written import remembering_text

from seqtasks.config.training import TrainingConfig
from seqtasks.data.documents.text_corpus import TextSource
from seqtasks.encoders import GruEncoder, LstmEncoder, TransformerEncoder
from seqtasks.models import LanguageModel
from seqtasks.registry import ConfigModel
from seqtasks.storage.bundle import read_bundle
from seqtasks.tasks import LanguageModelingTask
from seqtasks.tasks.language_modeling.task import TextData
from seqtasks.training.trainer import Trainer

ENCODERS = [
    LstmEncoder.Config(hidden_size=8, num_layers=2, bidirectional=False, weight_dropout=0.3, variational_dropout=True),
    GruEncoder.Config(hidden_size=8, num_layers=1, bidirectional=False),
    TransformerEncoder.Config(num_layers=1, num_heads=2, ffn_dim=8, causal=True, max_positions=16),
]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.kind)
def test_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: ConfigModel, processes: int) -> None:
    """With every kind of dropout and averaged weights, over several epochs, stopped inside them."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    (tmp_path / "book.txt").write_text(remembering_text(50), encoding="utf-8")
    config = LanguageModelingTask.Config(
        data=TextData(train=[TextSource(path=tmp_path / "book.txt")], num_streams=4, bptt_len=12),
        model=LanguageModel.Config(hidden_size=8, word_dropout=0.1, encoder=encoder),
    )
    settings = TrainingConfig(
        max_steps=30, warmup_steps=5, eval_steps=11, save_steps=4, num_processes=processes,
        num_threads=1 if processes == 1 else 0,
        device="cpu", dtype="float32", averaging="ema",
    )  # fmt: skip

    def trainer(name: str) -> Trainer:
        prepared = LanguageModelingTask.prepare(config, seed=1)
        return Trainer(prepared.task, settings, out=tmp_path / name, seed=1, config_toml="", data=prepared.data)

    done = trainings(trainer, (2, 6, 9, 14, 100))
    assert done.straight.batches.state_dict()["epoch"] > 1
    assert done.steps == [0, 0, 4, 8, 16]
    assert done.resumed.step == 30
    for name, tensor in done.straight.weights.items():
        assert torch.equal(done.resumed.weights[name], tensor), name
    carried = done.resumed.task.state_dict()
    for name, tensor in done.straight.task.state_dict().items():
        assert torch.equal(carried[name], tensor), name
    assert (carried == {}) == (encoder is ENCODERS[2])


def test_a_killed_process(tmp_path: Path) -> None:
    """Killed with SIGKILL, through the program."""
    (tmp_path / "book.txt").write_text(remembering_text(400), encoding="utf-8")
    chosen = ["model.encoder.hidden_size=16", "training.max_steps=12", "training.save_steps=5", "training.eval_steps=6",
              "training.num_processes=2", "training.warmup_steps=2"]  # fmt: skip
    words = [sys.executable, "-m", "seqtasks", "train", "language-modeling", str(tmp_path / "book.txt")]
    words += [word for each in chosen for word in ("--set", each)]
    subprocess.run([*words, "--output", str(tmp_path / "straight")], check=True, capture_output=True, timeout=250)
    kill_at(8, [*words, "--output", str(tmp_path / "killed")])
    done = subprocess.run(
        [*words, "--output", str(tmp_path / "killed"), "--resume"],
        check=True, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert "Resuming from step 5." in done.stdout
    for name in ("best", "step-12"):
        assert same_weights(tmp_path / "killed" / name, tmp_path / "straight" / name)
    carried = [read_bundle(tmp_path / run / "step-12").trainer()["carried"] for run in ("killed", "straight")]
    assert carried[0].keys() == carried[1].keys() != set()
    assert all(torch.equal(carried[0][key], carried[1][key]) for key in carried[1])
