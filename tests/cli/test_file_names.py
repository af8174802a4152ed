"""Names of files hold anything: a row stays a row, and what is no UTF-8 can be written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers.program import Program
from helpers.squares import write_squares

from seqtasks.cli.output import as_cell, to_json


def test_an_image_whose_name_has_a_tab_and_a_line_break(seqtasks: Program, tmp_path: Path) -> None:
    folder = write_squares(tmp_path, [("a\tb\nc.png", "red"), ("d.png", "blue")])
    for options, columns in (([], 2), (["--nbest", "2"], 3)):
        lines = seqtasks("caption", folder, "--max-length", "5", *options).out.splitlines()
        assert len(lines) == 2 * (columns - 1)
        assert {line.count("\t") for line in lines} == {columns - 1}
        assert lines[0].split("\t")[0] == f"{folder}/a\\tb\\nc.png"
    found = seqtasks("caption", folder, "--max-length", "5", "--json").out.splitlines()
    assert json.loads(found[0])["image"] == f"{folder}/a\tb\nc.png"


def test_a_document_whose_name_has_a_line_break(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "a\nb.txt").write_text("A fine film.", encoding="utf-8")
    lines = seqtasks("classify", tmp_path / "a\nb.txt").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [f"{tmp_path}/a\\nb.txt"]


def test_pairs_over_lines_are_scored_in_a_row(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('source,target\n"A dog\nruns.","Ein Hund\trennt."\n', encoding="utf-8")
    [line] = seqtasks("score", "en-de", tmp_path / "a.csv").out.splitlines()
    assert line.split("\t")[2:] == ["A dog\\nruns.", "Ein Hund\\trennt."]


@pytest.mark.parametrize("text", ["plain", "Größe", "a\\b", "", "e\u2028f"])
def test_other_texts_stay_what_they_are(text: str) -> None:
    assert as_cell(text) == text


def test_json_keeps_names_that_are_not_utf8() -> None:
    name = os.fsdecode(b"gr\xf6\xdfer.png")
    written = to_json({"image": name, "text": "ein Größerer"})
    assert written.encode() == '{"image": "gr\\udcf6\\udcdfer.png", "text": "ein Größerer"}'.encode()
    assert json.loads(written)["image"] == name
