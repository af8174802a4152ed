"""Windows of lines: cut at newlines alone, full or when the input pauses."""

from __future__ import annotations

import io
import os
import threading

from seqtasks.cli.lines import LineWindows, Window


def windows(*streams: bytes, lines: int = 100, size: int = 10_000) -> list[Window]:
    return list(LineWindows([io.BytesIO(stream) for stream in streams], lines=lines, size=size))


def test_lines_end_at_newlines_alone() -> None:
    (window,) = windows("a\u2028b\r\n\n\x0bc\x85".encode())
    assert window.lines == ["a\u2028b\r", "", "\x0bc\x85"]


def test_a_file_without_a_last_newline_ends_its_line() -> None:
    (window,) = windows(b"a\nb", b"c\n", b"", b"\n")
    assert window.lines == ["a", "b", "c", ""]


def test_windows_end_by_lines_or_by_size() -> None:
    assert [(each.first, len(each.lines)) for each in windows(b"a\n" * 7, lines=3)] == [(0, 3), (3, 3), (6, 1)]
    assert [len(each.lines) for each in windows(b"aaaa\n" * 5, size=8)] == [2, 2, 1]


def test_undecodable_lines_are_counted() -> None:
    reader = LineWindows([io.BytesIO(b"a\xff\n\xef\xbf\xbd\n\xc3\n")], lines=9, size=99)
    (window,) = reader
    assert window.lines == ["a\ufffd", "\ufffd", "\ufffd"]
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
        found = iter(LineWindows([stream], lines=100, size=10_000))
        writer.start()
        first = next(found)
        first_seen.set()
        rest = list(found)
    writer.join()
    assert (first.lines, first.pause) == (["one", "two"], True)
    assert [(each.first, each.lines) for each in rest] == [(2, ["three"])]


def test_a_long_line_in_many_chunks() -> None:
    reading, writing = os.pipe()
    line = b"word " * 40_000

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(line + b"\nend\n")

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb", buffering=0) as stream:
        lines = [text for window in LineWindows([stream], lines=100, size=10_000) for text in window.lines]
    writer.join()
    assert lines == [line.decode(), "end"]
