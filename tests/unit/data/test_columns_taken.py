"""The report of a reader tells which columns of a table, or keys of JSON, were taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from seqtasks.data.captions.readers import read_captions
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import ParallelSource, read_pairs
from seqtasks.data.tagging.readers import TaggedSource, read_tagged

Read = Callable[[Path, ReadReport], Iterable[object]]


def pairs(path: Path, report: ReadReport) -> Iterable[object]:
    return read_pairs(ParallelSource(path=path), report, languages=("en", "de"))


def documents(path: Path, report: ReadReport) -> Iterable[object]:
    return read_documents(DocumentSource(path=path), report)


def tagged(path: Path, report: ReadReport) -> Iterable[object]:
    return read_tagged(TaggedSource(path=path), report)


@pytest.mark.parametrize(
    ("read", "name", "content", "told"),
    [
        (
            pairs,
            "a.csv",
            "id,German,x,English\n1,Hallo,,Hello\n",
            ['columns "english", "german" (4 and 2 of 4)'],
        ),
        (pairs, "a.tsv", "Hello you\tHallo du\n", ["columns 1 and 2 of 2, without a header"]),
        (pairs, "a.jsonl", '{"de": "Hallo du", "en": "Hello you"}\n', ['keys "en", "de"']),
        (documents, "a.csv", "text,label\nA film,good\n", ['columns "text", "label" (1 and 2 of 2)']),
        (documents, "a.tsv", "text\nA film\n", ['column "text" (1 of 1)']),
        (documents, "a.jsonl", '{"text": "A film", "label": "good"}\n', ['keys "text", "label"']),
        (documents, "a.txt", "good\tA film\n", []),
        (tagged, "a.csv", "Word,POS,Tag\nA,DET,O\n\nB,X,O\n", ['columns "word", "tag" (1 and 3 of 3)']),
        (tagged, "a.conll", "A DET O\ndog NOUN O\n\n", ["columns 1 and 3 of 3, without a header"]),
        (read_captions, "a.csv", "id,image,caption\n1,a.jpg,A dog.\n", ['columns "image", "caption" (2 and 3 of 3)']),
    ],
)
def test_told(tmp_path: Path, read: Read, name: str, content: str, told: list[str]) -> None:
    path, report = tmp_path / name, ReadReport()
    path.write_text(content, encoding="utf-8")
    assert list(read(path, report))
    assert report.columns == [f"{path}: {each}" for each in told]
