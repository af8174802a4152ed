"""The benchmark of round trips tells documents that come back from those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.round_trips import files_of, round_trip
from seqtasks.documents.splicing import SplicedDocument
from seqtasks.errors import SeqtasksError

SOURCES = {
    "html": "<p class=a>One <b>two</b> &amp; three",
    "markdown": "# One\n\nTwo *three*.\n",
    "po": 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "one"\nmsgstr ""\n',
    "json": '{"a": "one", "b": ["two", 3]}',
    "yaml": "a: one\nb: [two, 3]\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nOne two.\n",
    "csv": '1,one\n2,"two, three"\n',
    "android": "<resources><string name='a'>one</string></resources>",
}


@pytest.mark.parametrize("format", SOURCES)
def test_documents_come_back(format: str) -> None:
    assert round_trip(format, Path("file"), SOURCES[format].encode()) == "equal"


def test_what_is_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    write = SplicedDocument.write
    monkeypatch.setattr(SplicedDocument, "write", lambda *given: write(*given).replace(b" class=a", b""))
    assert round_trip("html", Path("file"), SOURCES["html"].encode()) == "without translations it is not the same"
    monkeypatch.setattr(SplicedDocument, "write", lambda *given: write(*given).replace(b"<b>TWO</b>", b"TWO"))
    assert round_trip("html", Path("file"), SOURCES["html"].encode()) == "bytes outside of text differ"


def test_refused_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="cannot be read as utf-8"):
        round_trip("csv", Path("a.csv"), b"1,\xe0\n")
    assert round_trip("json", Path("a.json"), b'{"a": 1}') == "no text"
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"a": "one"}')
    assert len(list(files_of([tmp_path], "json", 20))) == 1
