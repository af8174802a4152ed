"""A text with inline markup: what formats read and write, and what translation carries over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class InlineTag(NamedTuple):
    """An element inside a text, such as bold type, a link, or a line break."""

    start: int
    """Characters of the text before it."""
    end: int
    """Characters before its end; as many as before its start where it holds nothing."""
    number: int
    """Which of the text's elements it is; the format knows how it is spelled."""


@dataclass(frozen=True)
class MarkupText:
    """A text, its inline tags, and what must not be translated.

    Tags nest: of two that share a character, one holds the other. They stand in the order of their start tags, outer
    ones first.
    """

    text: str
    tags: tuple[InlineTag, ...] = ()
    protected: tuple[tuple[int, int], ...] = ()
    """Spans (start, end) of characters that come out as they are, in order, without overlaps."""

    def __post_init__(self) -> None:
        open_ends: list[int] = []
        last = 0
        for tag in self.tags:
            if not last <= tag.start <= tag.end <= len(self.text):
                raise ValueError(f"{tag} is not in the order of start tags, or not inside the text.")
            while open_ends and open_ends[-1] <= tag.start and not (tag.start == tag.end == open_ends[-1]):
                open_ends.pop()
            if open_ends and tag.end > open_ends[-1]:
                raise ValueError(f"{tag} begins inside another tag and ends outside.")
            open_ends.append(tag.end)
            last = tag.start
        place = 0
        for start, end in self.protected:
            if not place <= start < end <= len(self.text):
                raise ValueError(f"Protected spans must be in order, inside the text, and not overlap: {start}, {end}.")
            place = end
