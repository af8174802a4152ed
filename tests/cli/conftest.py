"""The program as its users run it, and one tiny model for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.program import TINY, Program, Result, run_program, settings
from helpers.synthetic import sentence_pairs


@pytest.fixture(name="seqtasks", scope="session")
def program() -> Program:
    """`seqtasks(*arguments, stdin=b"")` runs the program in this process."""

    return run_program


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pairs.tsv to train on, and test.en and test.de."""
    folder = tmp_path_factory.mktemp("data")
    pairs = sentence_pairs(800)
    (folder / "pairs.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    test = sentence_pairs(30, seed=2)
    for name, side in (("test.en", 0), ("test.de", 1)):
        (folder / name).write_text("".join(f"{pair[side]}\n" for pair in test), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def trained(seqtasks: Program, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A training directory, and what the training said."""
    out = tmp_path_factory.mktemp("models") / "tiny"
    steps = settings(*TINY, "training.max_steps=150", "training.eval_steps=50", "training.save_steps=50")
    result = seqtasks("train", "translation", data / "pairs.tsv", "--language-pair", "en-de", "--output", out, *steps)
    assert result.code == 0, result.err
    return out, result


@pytest.fixture(scope="session")
def model(trained: tuple[Path, Result]) -> Path:
    return trained[0]
