"""Lines of files: the same whatever is read at a time, and mistakes with their place."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from seqtasks.data import text_io
from seqtasks.data.files.compression import import_zstd, uncompressed_name
from seqtasks.data.text_io import read_file, read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError

zstd = import_zstd(Path("a test"))
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
    plain, packed, by_zstd = tmp_path / "a.txt", tmp_path / "a.txt.gz", tmp_path / "a.txt.ZST"
    plain.write_bytes(content.removeprefix("\ufeff" if encoding == "utf-16" else "").encode(encoding))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    by_zstd.write_bytes(zstd.compress(plain.read_bytes()))
    assert list(read_lines(plain)) == list(read_lines(packed)) == list(read_lines(by_zstd)) == FILES[content]


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


FRAME_TO_SKIP = bytes.fromhex("5a2a4d1803000000") + b"any"


@pytest.mark.parametrize(
    "packed",
    [
        zstd.compress(b"one\ntwo\n") + zstd.compress(b"three\n"),
        FRAME_TO_SKIP + zstd.compress(b"one\ntwo\nth") + FRAME_TO_SKIP + zstd.compress(b"ree\n"),
        zstd.compress(b"one\ntwo\nthree\n") + zstd.compress(b""),
    ],
)
def test_all_frames_of_zstandard_are_read(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "a.txt.zst"
    path.write_bytes(packed)
    assert list(read_lines(path)) == ["one", "two", "three"]
    assert read_file(path) == "one\ntwo\nthree\n"


TEXT = "".join(f"line {number * number}\n" for number in range(5_000)).encode()
PACKED = zstd.compress(TEXT, options={zstd.CompressionParameter.checksum_flag: 1})


@pytest.mark.parametrize(
    "damaged",
    [
        *(PACKED[:size] for size in (0, 3, 9, len(PACKED) // 2, len(PACKED) - 1)),
        PACKED[:500] + bytes(20) + PACKED[520:],
        PACKED + b"x",
        PACKED + PACKED[:-4],
        TEXT,
    ],
)
def test_damaged_zstandard_is_told_and_none_of_it_is_taken_for_the_whole(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "a.txt.zst"
    path.write_bytes(damaged)
    with pytest.raises(SeqtasksError, match=r"a\.txt\.zst: the file cannot be read to its end \(") as raised:
        list(read_lines(path))
    assert raised.value.hint == "Download or create it again."


def test_zstandard_has_the_limits_of_gzip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_io, "MAX_LINE_BYTES", 1_000)
    monkeypatch.setattr(text_io, "MAX_FILE_BYTES", 2_000)
    path = tmp_path / "a.txt.zst"
    path.write_bytes(zstd.compress(b"short\n" + b"x" * 10_000_000))
    lines = read_lines(path)
    assert next(lines) == "short"
    with pytest.raises(SeqtasksError, match=r"a.txt.zst:2: the line is longer"):
        next(lines)
    with pytest.raises(SeqtasksError, match="too large for one text"):
        read_file(path)


def test_what_unpacks_zstandard_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt.zst"
    path.write_bytes(PACKED)
    for module in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SeqtasksError, match=r"a\.txt\.zst: reading Zstandard needs .* pip install 'seqtasks\[zstd\]'"):
        list(read_lines(path))


def test_names_without_compression() -> None:
    names = {
        "a.tsv.gz": "a.tsv",
        "a.TSV.ZST": "a.TSV",
        "a.zst": "a",
        ".gz": "",
        "a.tsv": "a.tsv",
        "a.gz.tsv": "a.gz.tsv",
    }
    assert {name: uncompressed_name(name) for name in names} == names
    assert uncompressed_suffix(Path("x/Pairs.TSV.ZST")) == ".tsv"
