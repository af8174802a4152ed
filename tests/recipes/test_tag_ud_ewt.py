"""The recipe for taggers, from end to end on a small treebank of ours in the official layout."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.recipe_run import Recipe, settings_of
from helpers.tagged import labelled_sentences, write_conllu_file

import seqtasks


@pytest.mark.parametrize("characters", ["cnn", pytest.param("lstm", marks=pytest.mark.slow)])
def test_it_trains_and_prints_its_rows(recipe: Recipe, tmp_path: Path, characters: str) -> None:
    data, out = tmp_path / "ud_ewt", tmp_path / "pos-en"
    data.mkdir()
    for seed, (part, count) in enumerate([("train", 200), ("dev", 20), ("test", 10)]):
        write_conllu_file(data / f"en_ewt-ud-{part}.conllu", labelled_sentences(count, seed))
    small = ["--tiny", "--test", "--set", "training.batch_tokens=300", "--set", "training.num_threads=1"]
    done = recipe("tag_ud_ewt", data, "--output", out, "--characters", characters, *small)
    assert done.code == 0, done.stderr
    assert "validation sentences: 20" in done.stdout
    dev, test = done.stdout.splitlines()[-2:]
    assert dev.startswith("| pos-en | dev | ")
    assert "sentences=20" in dev
    assert "sentences=10" in test
    tagger = seqtasks.load(out, task="tagging", threads=1)
    assert (tagger.language, tagger.column) == ("en", "upos")
    assert settings_of(out).model.char_encoder.kind == characters
