"""Lines of files: the same whatever is read at a time, and mistakes with their place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqtasks.data import text_io
from seqtasks.data.text_io import read_lines
from seqtasks.errors import SeqtasksError

FILES = {
    "": [],
    "\n": [""],
    "one": ["one"],
    "one\r": ["one"],
    "one\r\ntwo\r\n\r\n": ["one", "two", ""],
    "one\rtwo\r\r\nthree": ["one\rtwo\r", "three"],
    "\ufeffone\rtwo\r\rthree\r": ["one", "two", "", "three"],
    "one\rtwo": ["one", "two"],
    "\r": [""],
    "\r\r": ["", ""],
    "one\n\ntwo\u2028three\x0bfour\n": ["one", "", "two\u2028three\x0bfour"],
    "\ufeffä\n\ufeffö\n": ["ä", "\ufeffö"],
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 2**16])
@pytest.mark.parametrize("content", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, encoding: str, size: int) -> None:
    monkeypatch.setattr(text_io, "BLOCK_BYTES", size)
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_bytes(content.removeprefix("\ufeff" if encoding == "utf-16" else "").encode(encoding))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read_lines(plain)) == list(read_lines(packed)) == FILES[content]


@pytest.mark.parametrize("size", [1, 7, 2**16])
def test_line_that_is_not_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(text_io, "BLOCK_BYTES", size)
    path = tmp_path / "a.txt"
    path.write_bytes("one\nä\n".encode() + b"tw\xe4\nfour\n")
    lines = read_lines(path)
    assert [next(lines), next(lines)] == ["one", "ä"]
    with pytest.raises(SeqtasksError, match=r"a\.txt:3: not UTF-8 \(byte 3 of the line\)"):
        next(lines)


@pytest.mark.parametrize("size", [1, 7, 2**16])
def test_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(text_io, "BLOCK_BYTES", size)
    monkeypatch.setattr(text_io, "MAX_LINE_BYTES", 9)
    path = tmp_path / "a.txt"
    path.write_text("123456789\n12\n1234567890\n")
    lines = read_lines(path)
    assert [next(lines), next(lines)] == ["123456789", "12"]
    with pytest.raises(SeqtasksError, match=r"a\.txt:3: the line is longer"):
        next(lines)
