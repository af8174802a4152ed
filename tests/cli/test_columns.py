"""Columns of tables that are named on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.program import Program, settings
from helpers.synthetic import sentence_pairs

FEW = settings(
    "text.kind=characters", "model.hidden_size=16", "model.encoder.kind=gru", "model.decoder.kind=lstm",
    "model.encoder.num_layers=1", "model.decoder.num_layers=1", "training.max_steps=2", "training.eval_steps=2",
    "training.save_steps=2", "training.num_processes=1", "training.device=cpu", "training.dtype=float32",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs in a table with two more columns of texts, so that nobody can know which are meant."""
    monkeypatch.chdir(tmp_path)
    rows = [f"note one,{target},note two,{source}\n" for source, target in sentence_pairs(60)]
    Path("pairs.csv").write_text("".join(rows), encoding="utf-8")
    texts = [
        f"x y,{'good' if number % 2 else 'bad'} film {number},{'positive' if number % 2 else 'negative'}\n"
        for number in range(60)
    ]
    Path("reviews.csv").write_text("".join(texts), encoding="utf-8")


def test_columns_of_pairs(seqtasks: Program) -> None:
    train = ["train", "translation", "pairs.csv", "--output", "model", *FEW]
    unclear = seqtasks(*train)
    assert unclear.code == 1
    assert "row 1: note one | " in unclear.err
    assert "--source-column 1 --target-column 2" in unclear.err
    columns = ["--source-column", "4", "--target-column", "2"]
    result = seqtasks(*train, *columns)
    assert result.code == 0, result.err
    assert "pairs.csv: columns 4 and 2 of 4, without a header\n" in result.out
    assert "source_column = 4" in Path("model/config.toml").read_text(encoding="utf-8")
    scored = seqtasks("score", "model", "pairs.csv", *columns)
    source, target = sentence_pairs(60)[0]
    assert scored.out.splitlines()[0].split("\t")[2:] == [source, target]
    assert "60 sentences" in seqtasks("evaluate", "model", "pairs.csv", *columns, "--max-length", "3").out


def test_columns_that_a_task_does_not_have(seqtasks: Program) -> None:
    wrong = seqtasks("train", "classification", "reviews.csv", "--source-column", "2", "--output", "model")
    assert (wrong.code, "--source-column" in wrong.err, "no such column" in wrong.err) == (2, True, True)
    wrong = seqtasks("evaluate", "sentiment", "reviews.csv", "--image-column", "2")
    assert (wrong.code, "--image-column" in wrong.err, "does not apply" in wrong.err) == (2, True, True)
    Path("run.toml").write_text('task = "classification"\n', encoding="utf-8")
    wrong = seqtasks("train", "run.toml", "--text-column", "2")
    assert (wrong.code, "the columns are set in the configuration" in wrong.err) == (2, True)


def test_columns_of_documents(seqtasks: Program) -> None:
    columns = ["--text-column", "2", "--label-column", "3"]
    evaluated = seqtasks("evaluate", "sentiment", "reviews.csv", *columns)
    assert (evaluated.code, "60 documents" in evaluated.out) == (0, True), evaluated.err


def test_nothing_to_score_is_an_error(seqtasks: Program) -> None:
    Path("none.csv").write_text("source,target\n", encoding="utf-8")
    result = seqtasks("score", "en-de", "none.csv")
    assert (result.code, "There is no pair to score in none.csv" in result.err) == (1, True)
