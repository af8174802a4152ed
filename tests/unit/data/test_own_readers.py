"""Readers of a user: each is taken for files of its suffix, compressed ones too."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqtasks.data.captions.readers import Caption, CaptionReader, Row, read_captions
from seqtasks.data.documents.readers import read_documents
from seqtasks.data.documents.source import Document, DocumentReader, DocumentSource
from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.readers import Sentence, SentenceReader, read_sentences
from seqtasks.data.text_io import read_lines


def test_each_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for branch in (CaptionReader, SentenceReader, DocumentReader):
        monkeypatch.setattr(branch, "kinds", dict(branch.kinds))

    class Captions(CaptionReader, kind="own"):
        def read(self, path: Path, columns: object) -> Iterator[Row]:
            return (Row(str(path), 1, *line.split("=")) for line in read_lines(path))

    class Sentences(SentenceReader, kind="own"):
        def read(self, path: Path, skipped: ReadReport) -> Iterator[Sentence]:
            return (Sentence(*zip(line.split("="), strict=True)) for line in read_lines(path))

    class Documents(DocumentReader, kind="own"):
        def read(self, source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
            return (Document(text, (label,)) for text, label in (line.split("=") for line in read_lines(source.path)))

    file = tmp_path / "a.own.gz"
    file.write_bytes(gzip.compress(b"a.jpg=dog\n"))
    assert list(read_captions(file, ReadReport())) == [Caption("a.jpg", "dog", None)]
    assert list(read_sentences(file, ReadReport())) == [Sentence(("a.jpg",), ("dog",))]
    assert list(read_documents(DocumentSource(path=file), ReadReport())) == [Document("a.jpg", ("dog",))]
