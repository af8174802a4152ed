"""`seqtasks translate` of documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.program import Program

SENTENCE, TRANSLATION = "the red dog sees a big house .", "das hund rot sieht ein haus gross ."

TMX = """<?xml version="1.0" encoding="utf-8"?><tmx version="1.4"><header srclang="en" segtype="sentence"
datatype="plaintext" adminlang="en" creationtool="x" creationtoolversion="1" o-tmf="x"/><body><tu>
<tuv xml:lang="en"><seg>Good evening, everybody.</seg></tuv><tuv xml:lang="de"><seg>Aus dem Speicher.</seg></tuv>
</tu></body></tmx>"""


def test_a_page_is_written_as_it_was(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    page = f"<html lang=en>\r\n<p class=x>{SENTENCE}</p><pre>{SENTENCE}</pre><p>{SENTENCE}"
    (tmp_path / "page.html").write_bytes(page.encode())
    result = seqtasks("translate", "-m", model, tmp_path / "page.html", "-o", tmp_path / "seite.html")
    assert (result.code, result.out) == (0, "")
    assert result.err == "seqtasks: 2 segments translated\n"
    wanted = f"<html lang=en>\r\n<p class=x>{TRANSLATION}</p><pre>{SENTENCE}</pre><p>{TRANSLATION}"
    assert (tmp_path / "seite.html").read_bytes() == wanted.encode()


def test_several_documents_go_into_a_folder(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"# {SENTENCE}\n")
    result = seqtasks("translate", "-m", model, tmp_path / "a.md", tmp_path / "b.md", "-o", tmp_path / "german")
    assert result.code == 0
    assert (tmp_path / "german" / "b.md").read_text() == f"# {TRANSLATION}\n"


def test_columns_and_memories(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(f"1\t{SENTENCE}\n2\tHello\n")
    result = seqtasks("translate", "-m", model, tmp_path / "a.tsv", "--text-column", "2", "--all")
    assert result.out.startswith(f"1\t{TRANSLATION}\n2\t")


def test_standard_input_may_be_a_document(seqtasks: Program, model: Path) -> None:
    page = f"<p>{SENTENCE}</p>\r\n"
    result = seqtasks("translate", "-m", model, "--input-format", "html", stdin=page.encode())
    assert (result.code, result.out) == (0, f"<p>{TRANSLATION}</p>\r\n")
    result = seqtasks("translate", "-m", model, "--input-format", "json", stdin=b'{"a": ')
    assert result.code == 1
    assert "standard input: this is no valid JSON" in result.err


def test_languages_that_a_model_names_are_not_others(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "a.tmx").write_text(TMX)
    arguments = ["translate", "--input-format", "html", "--memory", tmp_path / "a.tmx", "--language-pair"]
    known = seqtasks(*arguments, "en-de", stdin=b"<p>Good evening, everybody.</p>")
    assert known.out == "<p>Aus dem Speicher.</p>"
    assert known.err == "seqtasks: 0 segments translated, 1 from the memory\n"
    other = seqtasks(*arguments, "en-fr", stdin=b"<p>Good evening, everybody.</p>")
    assert other.code == 1
    assert "--language-pair en-fr: the model translates en-de." in other.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["page.html", "-o", "page.md"], "the output has the format of the input, html"),
        (["page.html", "lines.txt"], "page.html is a document, lines.txt is not."),
        (["page.html", "--json"], "--json is for lines of text"),
        (["lines.txt", "--memory", "a.tmx"], "--memory is for documents"),
        (["page.html", "sub/page.html", "-o", "folder"], "two of the documents have the same name"),
        (["page.html", "--input-format", "doc"], "there is no such format"),
        (["page.html", "-o", "page.html"], "would overwrite an input file"),
    ],
)
def test_what_cannot_be(
    seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    for name in ("page.html", "lines.txt", "sub/page.html"):
        Path(name).write_text("<p>a")
    result = seqtasks("translate", *arguments)
    assert result.code == 1
    assert problem in result.err
