"""Catalogs in JSON and YAML, and Word documents."""

from __future__ import annotations

import io
import json
import zipfile

import docx
import pytest
import yaml
from helpers.uppercase import in_capitals, texts_of

from seqtasks.errors import SeqtasksError

STRINGS = (
    '{\n  "a": "hello \\u00e4", "n": 1,\t"b": ["x y", {"c": "http://a.b"}],\r\n'
    ' "@a": {"description": "no"}, "d": {"e": "line\\nb"}}\n'
)
MESSAGES = """# a comment
en:
  a: hello world   # note
  b: 'it''s'
  c: "x: \\"y\\""
  d: |
    two
    lines
  f: [one, two]
  g: &x anchored
  h: *x
  n: 12
"""


def test_strings_of_json() -> None:
    written = in_capitals(STRINGS, "json").decode()
    wanted = STRINGS
    for before, after in (("hello \\u00e4", "HELLO \\u00c4"), ("x y", "X Y"), ("line\\nb", "LINE\\nB")):
        wanted = wanted.replace(before, after)
    assert written == wanted
    assert json.loads(written)["d"] == {"e": "LINE\nB"}
    extension = '{"a": {"message": "hello", "description": "x"}}'
    assert in_capitals(extension, "json").decode() == extension.replace("hello", "HELLO")


def test_strings_of_yaml() -> None:
    written = in_capitals(MESSAGES, "yaml").decode()
    wanted = MESSAGES
    for text in ("hello world", "it''s", 'x: \\"y\\"', "two\n    lines", "one, two", "anchored"):
        wanted = wanted.replace(text, text.upper())
    assert written == wanted
    assert yaml.safe_load(written)["en"]["h"] == "ANCHORED"


@pytest.mark.parametrize(
    ("format", "data"),
    [("json", b'{"a": '), ("yaml", b"a: [b\n"), ("docx", b"no archive"), ("docx", b"PK\x05\x06" + bytes(18))],
)
def test_malformed_ones(format: str, data: bytes) -> None:
    with pytest.raises(SeqtasksError, match="this is no valid"):
        in_capitals(data, format)


def letter() -> bytes:
    document = docx.Document()
    document.add_heading("A title", 1)
    paragraph = document.add_paragraph("Hello ")
    paragraph.add_run("big bold").bold = True
    paragraph.add_run(" world")
    paragraph.add_run().add_break()
    paragraph.add_run("more")
    document.add_table(1, 2).cell(0, 0).text = "cell one"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_letter() -> None:
    data = letter()
    assert texts_of(data, "docx") == ["A title", "Hello big bold world\nmore", "cell one"]
    written = in_capitals(data, "docx")
    document = docx.Document(io.BytesIO(written))
    assert [paragraph.text for paragraph in document.paragraphs] == ["A TITLE", "HELLO BIG BOLD WORLD\nMORE"]
    assert [run.bold for run in document.paragraphs[1].runs] == [None, True, None]
    assert document.tables[0].cell(0, 0).text == "CELL ONE"
    before, after = (zipfile.ZipFile(io.BytesIO(each)) for each in (data, written))
    assert after.namelist() == before.namelist()
    assert [name for name in before.namelist() if before.read(name) != after.read(name)] == ["word/document.xml"]


def test_entities_and_large_archives_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(SeqtasksError, match="declares entities"):
        in_capitals(stream.getvalue(), "docx")
    monkeypatch.setattr("seqtasks.documents.office.zip_container.MAX_TOTAL", 10)
    with pytest.raises(SeqtasksError, match="more than"):
        in_capitals(stream.getvalue(), "docx")
