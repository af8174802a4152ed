"""Commands that make training pairs: clean, backtranslate, distill."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., Any]

SOURCES = ["The dog runs.", "I am tired today.", "Where is the station?"]
TARGETS = ["Der Hund läuft.", "Ich bin heute müde.", "Wo ist der Bahnhof?"]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in zip(SOURCES, TARGETS, strict=True)), "utf-8")
    return path


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def test_clean(seqtasks: Program, pairs: Path, tmp_path: Path) -> None:
    with pairs.open("a", encoding="utf-8") as file:
        file.write("The dog runs\tDer Hund läuft\nIn 1984\tIm Jahr 1985\n\tleer\n")
    result = seqtasks("clean", pairs, "--language-pair", "en-de", "-o", tmp_path / "clean.tsv")
    assert result.code == 0
    assert rows(tmp_path / "clean.tsv") == [list(row) for row in zip(SOURCES, TARGETS, strict=True)]
    for told in ("duplicate: 1", "other numbers: 1", "empty side: 1", "kept 3 of 6 pairs (50.0%)", "pairs.tsv:5"):
        assert told in result.err
    assert "--language-pair" in seqtasks("clean", pairs, "-o", tmp_path / "clean.tsv").err


def test_nothing_is_left_to_write(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("In 1984\tIm Jahr 1985\n", encoding="utf-8")
    result = seqtasks("clean", tmp_path / "bad.tsv", "--no-check-languages", "-o", tmp_path / "clean.tsv")
    assert result.code == 1
    assert "No pair is left" in result.err
    assert not (tmp_path / "clean.tsv").exists()


def test_backtranslate(seqtasks: Program, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "texts.gz", "wt", encoding="utf-8") as file:
        file.write("".join(f"{source}\n\n" for source in SOURCES))
    wanted = seqtasks("translate", *SOURCES).out.splitlines()
    result = seqtasks("backtranslate", "en-de", tmp_path / "texts.gz", "-o", tmp_path / "out.tsv", "--tag", "<BT>")
    assert result.code == 0
    assert rows(tmp_path / "out.tsv") == [[f"<BT> {new}", old] for new, old in zip(wanted, SOURCES, strict=True)]
    assert "wrote 3 pairs" in result.err
    sampled = seqtasks("backtranslate", "en-de", tmp_path / "texts.gz", "-o", tmp_path / "two.tsv", "--sample")
    assert sampled.code == 0
    assert [row[1] for row in rows(tmp_path / "two.tsv")] == SOURCES


@pytest.mark.parametrize("command", ["backtranslate", "distill", "clean"])
def test_missing_files(command: str, seqtasks: Program, tmp_path: Path) -> None:
    model = {"backtranslate": ["en-de"], "distill": ["--model", "en-de"], "clean": []}[command]
    result = seqtasks(command, *model, tmp_path / "none.tsv", "-o", tmp_path / "out.tsv")
    assert result.code == 1
    assert "none.tsv" in result.err
    assert not (tmp_path / "out.tsv").exists()


def test_distill(seqtasks: Program, pairs: Path, tmp_path: Path) -> None:
    result = seqtasks("distill", "--model", "en-de", pairs, "-o", tmp_path / "one.tsv")
    assert result.code == 0
    best = rows(tmp_path / "one.tsv")
    assert [row[0] for row in best] == SOURCES
    found = [line.split("\t") for line in seqtasks("translate", *SOURCES, "--nbest", "5").out.splitlines()]
    for number, (row, reference) in enumerate(zip(best, TARGETS, strict=True), 1):
        hypotheses = [text for place, _, text in found if int(place) == number]
        assert row[1] in hypotheses
        assert row[1] == reference or reference not in hypotheses
    assert seqtasks("distill", "--model", "en-de", pairs, "-o", tmp_path / "two.tsv", "--num-targets", "2").code == 0
    two = rows(tmp_path / "two.tsv")
    assert len(two) == 6
    assert len({tuple(row) for row in two}) == 6
    assert {tuple(row) for row in best} <= {tuple(row) for row in two}


def test_a_teacher_has_to_be_named(seqtasks: Program, pairs: Path, tmp_path: Path) -> None:
    result = seqtasks("distill", pairs, "-o", tmp_path / "one.tsv")
    assert result.code == 2
    assert "--model" in result.err


def test_translations_that_do_not_end_are_no_pairs(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("".join(f"{source}\n" for source in SOURCES), encoding="utf-8")
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    cut = seqtasks("backtranslate", "en-de", tmp_path / "texts.txt", "-o", tmp_path / "out.tsv", "--max-length", "2")
    assert cut.code == 1
    assert "None of the 3 translations is finished" in cut.err
    empty = seqtasks("backtranslate", "en-de", tmp_path / "empty.txt", "-o", tmp_path / "out.tsv")
    assert empty.code == 1
    assert "no sentences in" in empty.err
    assert not (tmp_path / "out.tsv").exists()


def test_what_has_no_pairs_or_is_a_table_is_told(seqtasks: Program, pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.tsv").write_bytes(b"")
    empty = seqtasks("clean", tmp_path / "empty.tsv", "--no-check-languages", "-o", tmp_path / "out.tsv")
    assert empty.code == 1
    assert "There are no pairs in" in empty.err
    table = seqtasks("backtranslate", "en-de", pairs, "-o", tmp_path / "out.tsv")
    assert "this is a table" in table.err


def test_help_names_no_default_teacher(seqtasks: Program) -> None:
    assert "[default: ()]" not in seqtasks("distill", "--help").out
