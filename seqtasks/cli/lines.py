"""Text to translate, in windows of lines: much at a time from a file, line by line from a keyboard."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

CHUNK = 65_536
PATIENCE = 0.05
"""Seconds without new input after which what has come is translated first."""


@runtime_checkable
class ByteStream(Protocol):
    """A file open for reading, or bytes in memory."""

    def fileno(self) -> int: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Window:
    """Lines that are translated together."""

    first: int
    """Number of the first line in the whole input, from 0."""
    lines: list[str]
    pause: bool
    """The input had no more to give at once: somebody may be waiting for the answer."""


class LineWindows:
    r"""Cuts streams of bytes at "\n" alone; a window ends at `lines` lines, at `size` bytes, or when input pauses.

    Text that is not UTF-8 becomes U+FFFD; `undecodable` counts the lines with such text so far.
    """

    def __init__(self, streams: Iterable[ByteStream], *, lines: int, size: int) -> None:
        self.streams = streams
        self.lines = lines
        self.size = size
        self.undecodable = 0

    def __iter__(self) -> Iterator[Window]:
        first = size = 0
        lines: list[str] = []
        for line in self.cut():
            if line is not None:
                lines.append(self.decode(line))
                size += len(line)
            if lines and (line is None or len(lines) >= self.lines or size >= self.size):
                yield Window(first, lines, pause=line is None)
                first += len(lines)
                lines, size = [], 0
        if lines:
            yield Window(first, lines, pause=True)

    def cut(self) -> Iterator[bytes | None]:
        """The lines of all streams; None where the input pauses."""
        for stream in self.streams:
            parts: list[bytes] = []
            for chunk in chunks(stream):
                if chunk is None:
                    yield None
                    continue
                *ends, rest = chunk.split(b"\n")
                for end in ends:
                    yield b"".join([*parts, end])
                    parts = []
                parts.append(rest)
            if last := b"".join(parts):
                yield last

    def decode(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.undecodable += 1
            return line.decode(errors="replace")


def plain(line: str) -> str:
    """A line without what other systems put at the ends of lines and at the beginning of files."""
    return line.removesuffix("\r").removeprefix("\ufeff")


def chunks(stream: ByteStream) -> Iterator[bytes | None]:
    """What comes, as soon as it comes; None before each wait. Nothing may have been read from the stream before."""
    try:
        descriptor = stream.fileno()
    except OSError:  # bytes in memory
        yield stream.read()
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
