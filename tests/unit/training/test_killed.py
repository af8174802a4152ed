"""Trainings that are killed and resumed end with the weights of one that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import killed_training
from helpers.resumed import same_weights, trainings
from helpers.synthetic import sentence_pairs
from helpers.toys import toy_trainer

from seqtasks.config.training import TrainingConfig
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.decoders import LstmDecoder, TransformerDecoder
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.models import EncoderDecoder
from seqtasks.registry import ConfigModel
from seqtasks.storage.bundle import read_bundle
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.data import TranslationData
from seqtasks.text import SubwordTokenizer
from seqtasks.training.trainer import Trainer


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        (LstmEncoder.Config(hidden_size=8, num_layers=1), LstmDecoder.Config(hidden_size=8)),
        (TransformerEncoder.Config(num_layers=1, ffn_dim=8), TransformerDecoder.Config(num_layers=1, ffn_dim=8)),
    ],
    ids=["lstm", "transformer"],
)
def test_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: ConfigModel, decoder: ConfigModel
) -> None:
    """With dropout, hidden words, sampled segmentations and averaged weights, over several epochs."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    file = tmp_path / "train.tsv"
    file.write_text("".join(f"{source}\t{target}\n" for source, target in sentence_pairs(60)), encoding="utf-8")
    config = TranslationTask.Config(
        text=SubwordTokenizer.Config(vocab_size=300, subword_sampling=0.3),
        data=TranslationData(train=[ParallelSource(path=file)], validation_split=2),
        model=EncoderDecoder.Config(hidden_size=8, word_dropout=0.1, encoder=encoder, decoder=decoder),
    )
    prepared = TranslationTask.prepare(config, seed=1)
    settings = TrainingConfig(
        max_steps=30, batch_tokens=300, warmup_steps=5, gradient_accumulation_steps=2, eval_steps=9, save_steps=4,
        num_threads=1, device="cpu", dtype="float32", averaging="ema",
    )  # fmt: skip

    def trainer(name: str) -> Trainer:
        return Trainer(prepared.task, settings, out=tmp_path / name, seed=1, config_toml="", data=prepared.data)

    done = trainings(trainer, (2, 6, 9, 3, 100))
    assert done.straight.batches.state_dict()["epoch"] > 2
    assert done.steps == [0, 0, 4, 8, 8]
    assert done.resumed.step == 30
    for name, tensor in done.straight.weights.items():
        assert torch.equal(done.resumed.weights[name], tensor)
    for folder in ("best", "step-30"):
        assert same_weights(tmp_path / "resumed" / folder, tmp_path / "straight" / folder)


def test_killed_processes(tmp_path: Path) -> None:
    straight = toy_trainer(tmp_path / "straight", **killed_training.OPTIONS)
    list(straight.run())
    program = Path(killed_training.__file__)
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "killed")],
        env={"PYTHONPATH": f"{program.parents[1]}:{program.parents[2]}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "resumed 0", "step 2: killed",
        "resumed 0", "step 7: killed",
        "resumed 6", "writing 9: killed",
        "resumed 6", "writing 15: killed",
        "resumed 12", "step 24: killed",
        "resumed 21", "writing 24: killed",
        "resumed 21", "never: exit 0",
    ]  # fmt: skip
    for name in ("step-40", "step-39", "best"):
        assert same_weights(tmp_path / "killed" / name, tmp_path / "straight" / name)
    ours, theirs = (read_bundle(tmp_path / run / "step-40").trainer() for run in ("killed", "straight"))
    assert torch.equal(ours["random"], theirs["random"])
    for key, value in theirs["optimiser"]["state"].items():
        assert all(torch.equal(value[name], ours["optimiser"]["state"][key][name]) for name in value)


def test_a_training_that_was_killed_behind_its_last_checkpoint_leaves_no_more_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness of kills found this: nothing was left to do after the resumption, and nobody removed the oldest."""
    with monkeypatch.context() as patch:
        patch.setattr("seqtasks.training.checkpoint.remove_directory", lambda path: None)
        list(toy_trainer(tmp_path, max_steps=12, save_steps=3, save_total_limit=2).run())
    assert len(list(tmp_path.glob("step-*"))) == 4
    resumed = toy_trainer(tmp_path, max_steps=12, save_steps=3, save_total_limit=2)
    assert resumed.resume() == 12
    list(resumed.run())
    assert sorted(path.name for path in tmp_path.glob("step-*")) == ["step-12", "step-9"]
