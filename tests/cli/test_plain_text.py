"""A table, JSON, subtitles or markup that is read as plain text is told, once, with what takes its texts out."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.program import Program

ROWS = "A dog runs.\tgood\nA cat sits.\tbad\nIt rains.\tgood\n"
SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\nA dog runs.\n"
READ_SO = "It is read as plain text, with all that is in it."


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.csv", "id,en\n1,A dog runs.\n", "this is a table. {} To extract its texts: python -c"),
        ("p.tsv", ROWS, "this is a table. {} To extract its texts: cut -f 1 '"),
        ("p.txt", ROWS, "this is a table. {} To extract its texts: cut -f 1 '"),
        ("p.jsonl", '{"text": "A dog."}\n', "this is JSON. {} To extract its texts: jq -r .text '"),
        ("p.txt", '{"text": "A dog."}\n', "this is JSON. {} To extract its texts: jq -r .text '"),
        ("p.txt", SUBTITLES, "this is a subtitle file. {} To extract its texts: grep"),
        ("p.txt", "<!DOCTYPE html>\n<p>A dog.</p>\n", "this is a web page (HTML). {} "),
        ("p.txt", 'msgid "A dog"\nmsgstr ""\n', "this is a gettext PO file. {} "),
        ("p.txt", "| en |\n| -- |\n| A dog. |\n", "this is a table in Markdown"),
        ("p.txt", "A dog.\tA cat.\nIt rains.\n", ""),
        ("p.txt", "One,two\nthree,four\nfive,six\n", ""),
        ("p.txt", "A dog.\rIt runs.\r", ""),
        ("p.md", "# A dog\n\nIt runs.\n", ""),
    ],
)
def test_translate(seqtasks: Program, model: Path, tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    result = seqtasks("translate", "-m", model, tmp_path / name)
    assert (result.code, len(result.out.splitlines())) == (0, len(content.splitlines()))
    assert (told.format(READ_SO) in result.err, result.err.count(READ_SO)) == (True, 1 if told else 0)
    if name == "p.txt":
        piped = seqtasks("translate", "-m", model, stdin=content.encode())
        assert (told.format(READ_SO) in piped.err, piped.err.count(READ_SO)) == (True, 1 if told else 0)


def test_what_is_meant_to_have_tabs_is_no_table(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    (tmp_path / "p.tsv").write_text(ROWS, encoding="utf-8")
    assert READ_SO not in seqtasks("translate", "-m", model, tmp_path / "p.tsv", "--target-prefix").err


def test_it_is_said_of_one_file(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a.txt", "b.csv", "c.csv")]
    for name in names:
        name.write_text("A dog.\n", encoding="utf-8")
    assert seqtasks("translate", "-m", model, *names).err.count(f"b.csv: this is a table. {READ_SO}") == 1


@pytest.mark.parametrize("command", ["translate", "classify", "tag", "score"])
def test_lines_that_end_in_carriage_returns(seqtasks: Program, model: Path, tmp_path: Path, command: str) -> None:
    """Where a file has nothing else, as from old Mac programs; the output is that of the same lines elsewhere."""
    found = []
    for end in ("\r", "\n"):
        (tmp_path / "p.txt").write_text(f"A dog.{end}It rains.{end}A cat.", encoding="utf-8", newline="")
        files = [model, tmp_path / "p.txt", tmp_path / "p.txt"] if command == "score" else [tmp_path / "p.txt"]
        found.append(seqtasks(command, *(["-m", model] if command == "translate" else []), *files))
    assert found[0] == found[1]
    assert found[0].code == 0
    if command == "translate":
        assert len(found[0].out.splitlines()) == 3


@pytest.mark.parametrize("command", ["classify", "tag"])
def test_classify_and_tag(seqtasks: Program, tmp_path: Path, command: str) -> None:
    (tmp_path / "p.txt").write_text(ROWS, encoding="utf-8")
    for result in (seqtasks(command, tmp_path / "p.txt"), seqtasks(command, stdin=ROWS.encode())):
        assert (result.code, result.err.count(f": this is a table. {READ_SO}")) == (0, 1)
    (tmp_path / "p.csv").write_text("word,tag\nA,DET\n\n" if command == "tag" else "text\nA dog.\n", encoding="utf-8")
    assert READ_SO not in seqtasks(command, tmp_path / "p.csv").err
