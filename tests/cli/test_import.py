"""`seqtasks import`, and what can be done with what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers.ctranslate2_models import own_package
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


def test_a_model_of_ctranslate2_is_run_by_its_engine(seqtasks: Program, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    imported, text = tmp_path / "imported", tmp_path / "text.en"
    package = own_package(tmp_path / "own.argosmodel")
    told = seqtasks("translate", "--model", package, "--text", "a bird .")
    assert told.err == (
        f"seqtasks: {package} is a model of another program, which has to be imported. "
        f"Import it: seqtasks import {package} --output DIR\n"
    )
    result = seqtasks("import", package, "--output", imported)
    assert (result.code, result.err) == (0, "")
    described = seqtasks("info", imported)
    assert "en to de" in described.out
    assert "engine ctranslate2" in described.out
    text.write_text("a bird .\na red dog sees the old tree .\n", encoding="utf-8")
    limited = ("--set", "max_length=9")
    done = seqtasks(
        "translate", "--model", imported, text, "--json", "--set", "nbest=2", *limited, "--output", tmp_path / "o.jsonl"
    )
    assert done.code == 0, done.err
    found = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [len(each["alternatives"]) for each in found] == [1, 1]
    assert all(each["normalized_score"] < 0 for each in found)
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("a bird .\tein Vogel .\n", encoding="utf-8")
    evaluated = seqtasks("evaluate", imported, pairs, "--dtype", "float32", *limited)
    assert (evaluated.code, "engine=ctranslate2|dtype=float32" in evaluated.out) == (0, True)
    assert seqtasks("score", imported, pairs).out.startswith("-")
    cannot = "is a model of another program, run by ctranslate2: it translates and is evaluated, but cannot be trained"
    for command in (
        ("export", imported, "--format", "onnx", "--output", tmp_path / "out"),
        ("finetune", imported, pairs, "--output", tmp_path / "out"),
        ("train", "translation", pairs, "--output", tmp_path / "out", "--set", f"init_from={imported}"),
    ):
        refused = seqtasks(*command)
        assert (refused.code, cannot in refused.err, refused.err.count("\n")) == (1, True, 1), refused.err
    for option in (("--plot-attention", tmp_path / "a.png"), ("--workers", "2"), ("--target-prefix",)):
        refused = seqtasks("translate", "--model", imported, text, *option)
        assert refused.err == f"seqtasks: {option[0]}: the engine of this model cannot do that. Leave it out.\n"
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_imported(seqtasks: Program, original: Path, tmp_path: Path) -> None:
    missing = seqtasks("import", tmp_path / "none", "--output", tmp_path / "out")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert (
        "is neither a directory nor an .npz of Marian nor an .argosmodel. Give the directory of a Marian model"
        in missing.err
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    assert "already exists" in seqtasks("import", original, "--output", tmp_path / "out").err
    assert (tmp_path / "out" / "mine.txt").read_text() == "kept"
