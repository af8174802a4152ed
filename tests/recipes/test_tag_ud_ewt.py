"""The recipe for taggers, from end to end on a small treebank of ours in the official layout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.tagged import labelled_sentences, write_conllu_file

from seqtasks.loading import open_models

RECIPE = Path(__file__).parents[2] / "recipes" / "tag_ud_ewt.py"


@pytest.mark.parametrize("characters", ["cnn", "lstm"])
def test_it_trains_and_prints_its_rows(tmp_path: Path, characters: str) -> None:
    data, out = tmp_path / "ud_ewt", tmp_path / "pos-en"
    data.mkdir()
    for seed, (part, count) in enumerate([("train", 200), ("dev", 20), ("test", 10)]):
        write_conllu_file(data / f"en_ewt-ud-{part}.conllu", labelled_sentences(count, seed))
    command = [sys.executable, str(RECIPE), str(data), "--out", str(out), "--tiny", "--characters", characters]
    small = ["--set", "training.batch_tokens=300", "--set", "training.threads=1", "--test"]
    done = subprocess.run([*command, *small], capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    assert "validation sentences: 20" in done.stdout
    dev, test = done.stdout.splitlines()[-2:]
    assert dev.startswith("| pos-en | dev | ")
    assert "sentences=20" in dev
    assert "sentences=10" in test
    task, tagger = open_models([out], "tagging", threads=1)
    assert (tagger.language, tagger.column) == ("en", "upos")
    assert task.config.model.characters.kind == characters
