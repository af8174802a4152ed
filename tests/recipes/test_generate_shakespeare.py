"""The recipe for writers, from end to end on a small text of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.recipe_run import Recipe
from helpers.written import remembering_text

import seqtasks


@pytest.mark.parametrize("given", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_it_trains_and_prints_its_row(recipe: Recipe, tmp_path: Path, given: bool) -> None:
    text = remembering_text(400)
    file = tmp_path / "data" / "char" / "tinyshakespeare.txt"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    out = tmp_path / "shakespeare"
    arguments = [*([file] if given else []), "--output", out, "--tiny", "--set", "training.num_threads=1"]
    done = recipe("generate_shakespeare", *arguments, data=tmp_path / "data")
    assert done.code == 0, done.stderr
    cut = int(0.9 * len(text))
    assert f"with {cut:,} characters" in done.stdout
    row = done.stdout.splitlines()[-1]
    assert row.startswith("| shakespeare | ")
    assert f"lanes=1\\|tokens={len(text) - cut + 1}" in row
    assert "dtype=float32" in row
    assert len(seqtasks.load(out, task="language-modeling", threads=1).generate("a:", max_new_tokens=5).tokens) <= 5
    assert (out / "train.txt").read_text() + (out / "validation.txt").read_text() == text
