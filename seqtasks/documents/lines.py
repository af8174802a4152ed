"""Lines of a source with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Line(NamedTuple):
    """A line without the line break at its end."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where its line break is."""
        return self.start + len(self.text)


def lines_of(source: str) -> Iterator[Line]:
    """All lines of a source."""
    return (Line(match.start(), match[0].rstrip("\r\n")) for match in LINE.finditer(source))


def newline_of(source: str) -> str:
    """The line break that a source has."""
    return "\r\n" if "\r\n" in source else "\n"
