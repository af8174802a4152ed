"""`seqtasks import`, and what can be done with what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers.marian import MarianDirectory, sentences


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MarianDirectory().write(tmp_path_factory.mktemp("marian") / "opus-mt-en-de", end_bias=4.0)


def test_an_imported_model_is_like_any_other(seqtasks: Program, original: Path, tmp_path: Path) -> None:
    imported = tmp_path / "imported"
    result = seqtasks("import", original, "--output", imported)
    assert (result.code, result.err) == (0, "")
    assert f"seqtasks translate --model {imported}" in result.out
    described = seqtasks("info", imported)
    assert "en to de" in described.out
    assert "norm_first" in described.out
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(
        "".join(f"{one}\t{other}\n" for one, other in zip(sentences(40, 1), sentences(40, 2), strict=True))
    )
    text = ("--text", "the small dog sleeps.", "--set", "max_length=12")
    plain = seqtasks("translate", "--model", imported, *text, "--dtype", "float32")
    engine = seqtasks("translate", "--model", imported, *text, "--engine", "ctranslate2", "--dtype", "float32")
    assert plain.code == engine.code == 0
    assert plain.out == engine.out
    assert seqtasks("evaluate", imported, pairs, "--set", "max_length=12").code == 0
    tuned = seqtasks(
        "train", "translation", pairs, "--set", f"init_from={imported}", "--set", "training.max_steps=2",
        "--set", "training.num_processes=1", "--output", tmp_path / "tuned",
    )  # fmt: skip
    assert tuned.code == 0, tuned.err
    assert seqtasks("translate", "--model", tmp_path / "tuned" / "best", *text).code == 0


def test_what_cannot_be_imported(seqtasks: Program, original: Path, tmp_path: Path) -> None:
    missing = seqtasks("import", tmp_path / "none", "--output", tmp_path / "out")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert "is neither a directory nor an .npz of Marian. Give the directory of a Marian model" in missing.err
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    assert "already exists" in seqtasks("import", original, "--output", tmp_path / "out").err
    assert (tmp_path / "out" / "mine.txt").read_text() == "kept"
