"""`start_from`: training that goes on from a trained model, self-critical training above all."""

from __future__ import annotations

import json
from pathlib import Path

from program import Program

SHORT = ["--set", "training.steps=4", "--set", "training.validate_every=2", "--set", "training.checkpoint_every=2"]


def test_a_model_is_the_start_of_another(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    start = ["--set", f"start_from={model / 'best'}", "--set", "training.learning_rate=1e-12"]
    result = seqtasks("train", model / "config.toml", "--out", tmp_path / "second", *start, *SHORT)
    assert result.code == 0, result.err
    text = ["--text", "w1 w2 w3", "--json"]
    first, second = (seqtasks("translate", "--model", path, *text).out for path in (model, tmp_path / "second"))
    assert json.loads(first)["text"] == json.loads(second)["text"]
    assert f'start_from = "{model / "best"}"' in (tmp_path / "second" / "config.toml").read_text(encoding="utf-8")


def test_self_critical_training_of_a_translator_goes_on_where_it_stopped(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rewarded"
    rewarded = ["--set", f"start_from={model / 'best'}", "--set", "self_critical.reward=chrf"]
    rewarded += ["--set", "self_critical.samples=3", "--set", "self_critical.baseline=greedy"]
    assert seqtasks("train", model / "config.toml", "--out", out, *rewarded, *SHORT).code == 0
    longer = ["--set", "training.steps=6"]
    result = seqtasks("train", out / "config.toml", "--out", out, "--resume", *longer)
    assert result.code == 0, result.err
    assert "Going on from step 4" in result.out
    assert "Done after 6 updates" in result.out


def test_a_start_that_does_not_exist_is_told_before_anything_is_read(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    result = seqtasks("train", model / "config.toml", "--out", tmp_path / "x", "--set", "start_from=nowhere")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "nowhere" in result.err
