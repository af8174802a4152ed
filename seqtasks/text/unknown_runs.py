"""Words and symbols of a text with characters that are not known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import NamedTuple

_CHUNK = re.compile(r"\S+")
# A word with its combining marks, or a symbol.
_UNIT = re.compile(r"\w[\w\u0300-\u036f\u20d0-\u20ff]*|[^\w\s]")
_PARTS_OF_PATHS = frozenset("/\\@")
_PUNCTUATION = ".,;:!?…\"')]}"


class UnknownRun(NamedTuple):
    """A word or symbols with a character that is unknown, or several of them with none between that is known."""

    text: str
    start: int
    space_before: bool
    protected: bool = False
    """It is copied although its characters may be known."""

    @property
    def end(self) -> int:
        """The position behind it in the text."""
        return self.start + len(self.text)

    @property
    def is_word(self) -> bool:
        """Whether it has a letter or a digit, or is protected."""
        return self.protected or any(map(str.isalnum, self.text))


def unknown_runs(text: str, known: Set[str], *, between: str = "") -> list[UnknownRun]:
    """The words and symbols of a normalized text in which a character is not among those that are known.

    Paths and addresses are words. Adjacent ones are one run, and those with the pattern `between`
    between them.
    """
    if known >= set(text):
        return []
    joint = re.compile(between)
    spans: list[tuple[int, int]] = []
    for start, end in units(text):
        if not known >= set(text[start:end]):
            joined = spans and joint.fullmatch(text, spans[-1][1], start)
            spans.append((spans.pop()[0] if joined else start, end))
    return [UnknownRun(text[start:end], start, text[max(0, start - 1) : start] == " ") for start, end in spans]


def units(text: str) -> Iterator[tuple[int, int]]:
    """Where words, paths and symbols begin and end."""
    for chunk in _CHUNK.finditer(text):
        if _PARTS_OF_PATHS.isdisjoint(chunk[0]):
            yield from (unit.span() for unit in _UNIT.finditer(text, *chunk.span()))
        else:
            yield chunk.start(), chunk.start() + len(chunk[0].rstrip(_PUNCTUATION))
