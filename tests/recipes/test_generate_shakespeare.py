"""The recipe for writers, from end to end on a small text of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.written import remembering_text

import seqtasks

RECIPE = Path(__file__).parents[2] / "recipes" / "generate_shakespeare.py"


@pytest.mark.parametrize("given", [True, False])
def test_it_trains_and_prints_its_row(tmp_path: Path, given: bool) -> None:
    text = remembering_text(400)
    file = tmp_path / "data" / "char" / "tinyshakespeare.txt"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    out = tmp_path / "shakespeare"
    command = [sys.executable, str(RECIPE), *([str(file)] if given else []), "--out", str(out), "--tiny"]
    environment = os.environ | {"SEQTASKS_DATA": str(tmp_path / "data")}
    small = ["--set", "training.threads=1"]
    done = subprocess.run(
        [*command, *small], capture_output=True, text=True, check=False, timeout=250, env=environment
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cut = int(0.9 * len(text))
    assert f"with {cut:,} characters" in done.stdout
    row = done.stdout.splitlines()[-1]
    assert row.startswith("| shakespeare | ")
    assert f"lanes=1\\|tokens={len(text) - cut + 1}" in row
    assert "dtype=float32" in row
    assert len(seqtasks.load(out, threads=1).generate("a:", max_new_tokens=5).tokens) <= 5
    assert (out / "train.txt").read_text() + (out / "validation.txt").read_text() == text
