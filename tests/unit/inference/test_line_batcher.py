"""Batches of lines: cut at newlines alone, full or when the input pauses."""

from __future__ import annotations

import io
import os
import threading

import pytest

from seqtasks.inference.bulk import Batch
from seqtasks.inference.line_batcher import LineBatcher, plain


def batches(*streams: bytes, lines: int = 100, size: int = 10_000) -> list[Batch[str]]:
    return list(LineBatcher([io.BytesIO(stream) for stream in streams], lines=lines, size=size))


def test_lines_end_at_newlines_alone() -> None:
    (batch,) = batches("a\u2028b\r\n\n\x0bc\x85".encode())
    assert batch.items == ["a\u2028b\r", "", "\x0bc\x85"]


def test_lines_end_at_carriage_returns_where_there_is_no_newline() -> None:
    """As in files of old Macs; only the file that has none is read so."""
    (batch,) = batches(b"a\rb\r\rc\r", b"d\re\nf\rg", b"h\r", "i\rj".encode("utf-16"))
    assert batch.items == ["a", "b", "", "c", "d\re", "f\rg", "h", "i", "j"]


def test_a_file_without_a_last_newline_ends_its_line() -> None:
    (batch,) = batches(b"a\nb", b"c\n", b"", b"\n")
    assert batch.items == ["a", "b", "c", ""]


def test_windows_end_by_lines_or_by_size() -> None:
    assert [(each.first, len(each.items)) for each in batches(b"a\n" * 7, lines=3)] == [(0, 3), (3, 3), (6, 1)]
    assert [len(each.items) for each in batches(b"aaaa\n" * 5, size=8)] == [2, 2, 1]


def test_undecodable_lines_are_counted() -> None:
    reader = LineBatcher([io.BytesIO(b"a\xff\n\xef\xbf\xbd\n\xc3\n")], lines=9, size=99)
    (batch,) = reader
    assert batch.items == ["a\ufffd", "\ufffd", "\ufffd"]
    assert reader.undecodable == 2


def test_what_came_before_a_pause_is_not_held_back() -> None:
    reading, writing = os.pipe()
    first_seen = threading.Event()

    def write() -> None:
        os.write(writing, b"one\ntwo\nthr")
        assert first_seen.wait(20)
        os.write(writing, b"ee\n")
        os.close(writing)

    writer = threading.Thread(target=write)
    with os.fdopen(reading, "rb", buffering=0) as stream:
        found = iter(LineBatcher([stream], lines=100, size=10_000))
        writer.start()
        first = next(found)
        first_seen.set()
        rest = list(found)
    writer.join()
    assert (first.items, first.pause) == (["one", "two"], True)
    assert [(each.first, each.items) for each in rest] == [(2, ["three"])]


def test_a_long_line_in_many_chunks() -> None:
    reading, writing = os.pipe()
    line = b"word " * 40_000

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(line + b"\nend\n")

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb", buffering=0) as stream:
        lines = [text for batch in LineBatcher([stream], lines=100, size=10_000) for text in batch.items]
    writer.join()
    assert lines == [line.decode(), "end"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_read_by_its_mark(encoding: str) -> None:
    text = "Größe\r\nzwei 日本 😀\n" * 30_000
    content = ("\ufeff" + text).encode(encoding) if encoding == "utf-16-be" else text.encode(encoding)
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(write_end, content[:7]), write_all(write_end, content[7:])))
    writer.start()
    with os.fdopen(read_end, "rb", buffering=0) as stream:
        found = [plain(line) for batch in LineBatcher([stream]) for line in batch.items]
    writer.join()
    assert found == text.replace("\r", "").splitlines()


def write_all(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
