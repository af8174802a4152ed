"""A captioner that is killed while its CNN is trained, too, goes on to the weights of one that was not."""

from __future__ import annotations

import sys
from pathlib import Path

from helpers.program import Program, settings
from helpers.resumed import kill_at
from helpers.squares import configuration, write_squares

COLORS = ("red", "green", "blue", "yellow")
CHOSEN = settings(
    "images.size=64", "images.min_crop_scale=0.5", "images.horizontal_flip=true", "images.color_jitter=0.3",
    "model.encoder.trainable_from_block=-2", "model.word_dropout=0.1", "model.decoder.kind=show-attend-and-tell",
    "training.max_steps=12", "training.save_steps=2", "training.eval_steps=3",
)  # fmt: skip


def test_a_killed_captioner_ends_with_the_same_weights(seqtasks: Program, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    write_squares(pictures, [(f"{number:02}.png", COLORS[number % len(COLORS)]) for number in range(12)])
    run = tmp_path / "run.toml"
    run.write_text(configuration(pictures, tmp_path / "cache"), encoding="utf-8")
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    result = seqtasks("train", run, "--output", straight, *CHOSEN)
    assert result.code == 0, result.err

    kill_at(5, [sys.executable, "-m", "seqtasks", "train", str(run), "--output", str(killed), *CHOSEN])
    assert not (killed / "step-12").exists()

    result = seqtasks("train", run, "--output", killed, "--resume", *CHOSEN)
    assert result.code == 0, result.err
    assert "Resuming from step 4" in result.out
    for bundle in ("best", "step-12"):
        ours, theirs = (folder / bundle / "model.safetensors" for folder in (killed, straight))
        assert ours.read_bytes() == theirs.read_bytes()
