"""Lines of text in batches: many at a time from a file, one by one from a keyboard."""

from __future__ import annotations

import codecs
import os
import select
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol, runtime_checkable

from seqtasks.data import text_io
from seqtasks.data.files.foreign_files import foreign_by_content
from seqtasks.inference.bulk import Batch

BATCH_LINES, BATCH_BYTES = 2_000, 256 * 1024
"""Lines, and bytes of them, in a batch."""
WORKER_BATCH_LINES, WORKER_BATCH_BYTES = 500, 64 * 1024
"""The same for several worker processes."""
CHUNK = 65_536
PATIENCE = 0.05
"""Seconds without new input after which the lines read so far become a batch."""


@runtime_checkable
class ByteStream(Protocol):
    """A file open for reading, or bytes from elsewhere."""

    def fileno(self) -> int:
        """The descriptor to wait at; raises OSError where there is none."""
        ...

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


class LineBatcher:
    """Splits streams of bytes at line feeds into batches of lines; one without any at carriage returns, as old Macs do.

    A batch also ends when the input pauses. Bytes that are not UTF-8 become U+FFFD; `undecodable` counts the lines with
    such bytes so far.

    Args:
        streams: Read one after the other.
        lines: The most lines of a batch.
        size: The most bytes of a batch, but for a single line.

    Raises:
        SeqtasksError: While reading: a line has more than `text_io.MAX_LINE_BYTES`.
    """

    def __init__(self, streams: Iterable[ByteStream], *, lines: int = BATCH_LINES, size: int = BATCH_BYTES) -> None:
        self.streams = streams
        self.lines = lines
        self.size = size
        self.undecodable = 0

    def __iter__(self) -> Iterator[Batch[str]]:
        first = size = 0
        lines: list[str] = []
        for line in self.cut():
            if line is not None:
                lines.append(self.decode(line))
                size += len(line)
            if lines and (line is None or len(lines) >= self.lines or size >= self.size):
                yield Batch(first, lines, pause=line is None)
                first += len(lines)
                lines, size = [], 0
        if lines:
            yield Batch(first, lines, pause=True)

    def cut(self) -> Iterator[bytes | None]:
        """The lines of all streams; None where the input pauses."""
        for stream in self.streams:
            parts: list[bytes] = []
            waiting = 0
            ended = False
            for chunk in in_utf8(chunks(stream), str(getattr(stream, "name", "input"))):
                if chunk is None:
                    yield None
                    continue
                *ends, rest = chunk.split(b"\n")
                for end in ends:
                    yield b"".join([*parts, end])
                    parts, waiting, ended = [], 0, True
                parts.append(rest)
                waiting += len(rest)
                if waiting > text_io.MAX_LINE_BYTES:
                    raise text_io.line_too_long("Input")
            if last := b"".join(parts):
                yield from [last] if ended else text_io.end_by_newlines(last).split(b"\n")

    def decode(self, line: bytes) -> str:
        """A line as text; counts it where it is not UTF-8."""
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.undecodable += 1
            return line.decode(errors="replace")


def in_utf8(chunks: Iterator[bytes | None], name: str) -> Iterator[bytes | None]:
    """The same bytes, or those of the same text where it begins with the mark of UTF-16, as Windows writes it.

    Raises:
        SeqtasksError: They are no text, such as those of a spreadsheet; `name` is what to call them.
    """
    first = next(chunks, b"")
    while first is None:
        yield first
        first = next(chunks, b"")
    if problem := foreign_by_content(Path(name), first, markup=False):
        raise problem
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for chunk in chain([first], chunks):
        yield chunk if chunk is None else decoder.decode(chunk).encode()


def plain(line: str) -> str:
    """A line without what other systems put at the ends of lines and at the beginning of files."""
    return line.removesuffix("\r").removeprefix("\ufeff")


def chunks(stream: ByteStream) -> Iterator[bytes | None]:
    """What comes, as soon as it comes; None before each wait. Nothing may have been read from the stream before."""
    try:
        descriptor = stream.fileno()
    except OSError:  # bytes in memory, or of an object store
        while chunk := stream.read(CHUNK):
            yield chunk
        return
    while True:
        if not is_ready(descriptor):
            yield None
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            return
        yield chunk


def is_ready(descriptor: int) -> bool:
    """Whether something can be read without a wait; where the system cannot tell, only a terminal makes one wait."""
    try:
        return bool(select.select([descriptor], [], [], PATIENCE)[0])
    except (OSError, ValueError):
        return not os.isatty(descriptor)
