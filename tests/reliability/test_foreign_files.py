"""Files that are no data: every reader says what they are and what to type, whatever they are called."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from reliability.layouts import written

from seqtasks.data.captions.readers import read_captions
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs, sources_of
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.data.tagging.readers import TaggedSource, read_tagged
from seqtasks.errors import SeqtasksError
from seqtasks.inference.line_batcher import LineBatcher

TABLE = "source,target\nA dog runs.,Ein Hund rennt.\n"


def zipped(**files: str) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return stored.getvalue()


def tarred() -> bytes:
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return stored.getvalue()


BINARY: dict[str, tuple[bytes, str, str]] = {
    "gzip": (gzip.compress(TABLE.encode()), "gzip", "mv "),
    "zip": (zipped(a=TABLE), "archive", "Unpack"),
    "an empty zip": (zipped(), "archive", "Unpack"),
    "Excel": (zipped(**{"[Content_Types].xml": "x", "xl__workbook.xml": "x"}), "Excel", "CSV"),
    "LibreOffice": (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "spreadsheet", "CSV"),
    "Word": (zipped(**{"[Content_Types].xml": "x", "word__document.xml": "x"}), "word processor", "plain text"),
    "LibreOffice's text": (zipped(mimetype="application/vnd.oasis.opendocument.text"), "word processor", "plain text"),
    "Office of 1997": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500), "Office", "CSV"),
    "bzip2": (bz2.compress(TABLE.encode()), "archive", "Unpack"),
    "xz": (lzma.compress(TABLE.encode()), "archive", "Unpack"),
    "zstandard": (bytes.fromhex("28b52ffd2458") + TABLE.encode(), "Zstandard", "mv "),
    "zstandard behind a frame to skip": (bytes.fromhex("502a4d180400000000000000"), "Zstandard", "mv "),
    "7-zip": (bytes.fromhex("377abcaf271c0004") + bytes(50), "archive", "Unpack"),
    "tar": (tarred(), "archive", "Unpack"),
    "Parquet": (b"PAR1\x15\x04\x15" + bytes(50), "Parquet", "to_json('"),
    "Arrow": (b"ARROW1\x00\x00" + bytes(50), "Arrow", "to_json('"),
    "Arrow of Hugging Face": (b"\xff\xff\xff\xff\x10\x01\x00\x00" + bytes(50), "Arrow", "to_json('"),
    "pickle": (pickle.dumps({"source": ["a"]}), "pickle", "JSON lines"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF", "pdftotext"),
    "RTF": (b"{\\rtf1\\ansi{\\fonttbl\\f0 Arial;}\\f0 Hello\\par}", "word processor", "plain text"),
    "SQLite": (b"SQLite format 3\x00" + bytes(50), "SQLite", "-csv"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(50), "an image", "Check"),
    "JPEG": (b"\xff\xd8\xff\xe0" + bytes(50), "an image", "Check"),
    "MP4": (b"\x00\x00\x00\x20ftypisom" + bytes(50), "a video", "Check"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n", "Git LFS", "git lfs pull"),
    "UTF-16 without a byte order mark": (TABLE.encode("utf-16-le"), "UTF-16", "iconv -f UTF-16LE"),
    "UTF-16 without a byte order mark, the other way": (TABLE.encode("utf-16-be"), "UTF-16", "iconv -f UTF-16BE"),
    "UTF-32": (codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"), "UTF-32", "iconv -f UTF-32"),
}  # fmt: skip
MARKUP: dict[str, tuple[bytes, str, str]] = {
    "a web page": (b"\n<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n", "web page", "Download"),
    "an older web page": (b"<HTML><BODY>Not found</BODY></HTML>", "web page", "Download"),
    "XHTML": (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C">\n<html/>', "web page", "Download"),
    "TMX": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx/>', "TMX", ".tmx"),
    "XLIFF": (b'<?xml version="1.0"?>\n<xliff version="1.2"/>', "XLIFF", "TMX"),
    "OPUS' XML": (b'<?xml version="1.0" encoding="utf-8"?>\n<text><s id="1">A</s></text>', "XML", "Extract the texts"),
    "SGML of WMT": (b'<srcset setid="newstest" srclang="any">\n<doc/>', "SGML", "Extract the texts"),
    "PO": (b'# German\n#, fuzzy\nmsgid ""\nmsgstr ""\n"Language: de\\n"\n', "PO file", "po2tmx"),
    "Markdown": (b"# Pairs\n\n| en | de |\n| --- | :-- |\n| A dog | Ein Hund |\n", "Markdown", "as CSV"),
    "Markdown without bars outside": (b"en | de\n--- | ---\nA dog | Ein Hund\n", "Markdown", "as CSV"),
    "what psql prints": (b" en    | de\n-------+-----\n A dog | Ein Hund\n", "Markdown", "as CSV"),
    "a dump of MySQL": (b"-- MySQL dump 10.13\n--\nDROP TABLE IF EXISTS `a`;\n", "SQL", "as CSV"),
    "a dump of SQLite": (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "SQL", "as CSV"),
    "inserts": (b"/* pairs */\nINSERT INTO `pairs` (`en`, `de`) VALUES\n('A dog', 'Ein Hund');\n", "SQL", "as CSV"),
    "a table of SQL in one line": (b"CREATE TABLE IF NOT EXISTS pairs(en text, de text);\n", "SQL", "as CSV"),
    "a table of SQL that is dropped first": (b"\n-- pairs\nDROP TABLE IF EXISTS pairs;\n", "SQL", "as CSV"),
    "a table of SQL": (b"CREATE TABLE pairs (\n  en text, de text);\n", "SQL", "as CSV"),
    "brat": (b"T1\tPerson 0 3\tJoe\nT2\tPlace 5 8;9 12\tNew York\n", "brat", "standoff2conll"),
    "lines of old Macs and others": (b"A dog,Ein Hund\r" * 600 + b"A cat,Eine Katze\n", "carriage returns", "tr '\\r'"),
    "PO without a comment": (b'msgid "A dog"\nmsgstr "Ein Hund"\n', "PO file", "po2tmx"),
}  # fmt: skip


def pairs(path: Path) -> Iterable[Any]:
    return read_pairs(ParallelSource(path=path), ReadReport(), languages=("en", "de"))


def parallel(path: Path) -> Iterable[Any]:
    return read_pairs(ParallelSource(source=path, target=path), ReadReport())


def lines(path: Path) -> Iterable[Any]:
    with path.open("rb", buffering=0) as stream:
        return list(LineBatcher([stream]))


READERS: dict[str, tuple[str, Callable[[Path], Iterable[Any]]]] = {
    "pairs in .tsv": ("a.tsv", pairs),
    "pairs in .csv": ("a.csv", pairs),
    "pairs in .jsonl": ("a.jsonl", pairs),
    "pairs in .tmx": ("a.tmx", pairs),
    "parallel files": ("a.en", parallel),
    "documents in .csv": ("a.csv", lambda path: read_documents(DocumentSource(path=path), ReadReport())),
    "documents in .jsonl": ("a.jsonl", lambda path: read_documents(DocumentSource(path=path), ReadReport())),
    "labels before texts": ("a.txt", lambda path: read_documents(DocumentSource(path=path), ReadReport())),
    "captions in .csv": ("a.csv", lambda path: read_captions(path, ReadReport())),
    "captions in .json": ("a.json", lambda path: read_captions(path, ReadReport())),
    "captions in .txt": ("a.txt", lambda path: read_captions(path, ReadReport())),
    "tagged columns": ("a.conll", lambda path: read_tagged(TaggedSource(path=path), ReadReport())),
    "tagged table": ("a.csv", lambda path: read_tagged(TaggedSource(path=path), ReadReport())),
    "plain text": ("a.txt", lambda path: read_texts(TextSource(path=path), ReadReport())),
    "a file to translate": ("a.txt", lines),
}
AS_IT_IS = ("plain text", "a file to translate")
"""Texts may be in HTML there."""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", [*BINARY, *MARKUP])
def test_said_by_every_reader(tmp_path: Path, kind: str, reader: str) -> None:
    content, what, remedy = (BINARY | MARKUP)[kind]
    name, read = READERS[reader]
    if kind in MARKUP and (reader in AS_IT_IS or name == "a.tmx"):
        return
    path = written(tmp_path, name, content)
    with pytest.raises(SeqtasksError) as raised:
        list(read(path))
    assert str(path) in raised.value.message
    assert what in raised.value.message
    assert remedy in (raised.value.hint or "")


SUFFIXES = "sql ann xlsx arrow zip xliff sdlxliff po tbx docx pdf html pkl xml"


@pytest.mark.parametrize("suffix", SUFFIXES.split())
def test_said_by_suffix(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, f"a.{suffix}", "nothing")
    for read in (
        lambda: read_pairs(ParallelSource(path=path), ReadReport()),
        lambda: sources_of([path]),
        lambda: read_documents(DocumentSource(path=path), ReadReport()),
        lambda: list(read_captions(path, ReadReport())),
        lambda: list(read_tagged(TaggedSource(path=path), ReadReport())),
    ):
        with pytest.raises(SeqtasksError, match=r": this is ") as raised:
            read()
        assert len(raised.value.hint or "") > 20


def test_texts_that_look_like_these_are_read(tmp_path: Path) -> None:
    first = [
        "PAR1 is a file",
        "BZh begins so",
        "ID3 is a tag",
        "<html is how it begins\tx",
        "# msgid",
        "%PDF is a kind",
        "Insert into the table",
        "Create table (new) in a file",
        "Create table (new text)",
        "Insert into cells values",
        "Drop table if exists",
        "Drop table | columns",
        "T1 is a car",
        "A \r in the text",
    ]
    for line in first:
        path = written(tmp_path, "a.tsv", f"{line} now\tNun\nA dog\tEin Hund\n")
        if line.startswith("<html"):
            continue
        assert len(list(pairs(path))) == 2


def test_what_file_managers_leave_is_no_document(tmp_path: Path) -> None:
    for name in ("pos/a.txt", "neg/b.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("A fine film.")
    for name in (
        "pos/Thumbs.db",
        "pos/.DS_Store",
        "neg/desktop.ini",
        "__MACOSX/pos/._a.txt",
        "__MACOSX/x",
        "Thumbs.db",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    report = ReadReport()
    found = list(read_documents(DocumentSource(path=tmp_path), report))
    assert [(Path(each.place).name, each.labels) for each in found] == [("b.txt", ("neg",)), ("a.txt", ("pos",))]
    assert report.skipped == 0


def test_the_wrong_encoding_says_what_to_type(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,label\ncaf\u00e9,good\n".encode("latin-1"))
    with pytest.raises(SeqtasksError, match=r"a\.csv:2: not UTF-8 \(byte 4") as raised:
        list(read_documents(DocumentSource(path=path), ReadReport()))
    assert f"iconv -f WINDOWS-1252 -t UTF-8 '{path}' > '{path.with_suffix('')}.utf8.csv'" in str(raised.value.hint)
    assert json.dumps(raised.value.hint)
