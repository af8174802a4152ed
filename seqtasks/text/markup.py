"""A text with inline markup: what formats read and write, and what translation carries over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class InlineTag(NamedTuple):
    """A start tag, an end tag or an empty element inside a text: bold type, a link, a line break."""

    position: int
    """Characters of the text before it."""
    kind: Literal["start", "end", "empty"]
    number: int
    """Which of the text's elements it belongs to: a start tag and its end tag have the same one. The format knows how
    an element is spelled."""


@dataclass(frozen=True)
class MarkupText:
    """A text, its inline tags in the order of the document, and what of it must not be translated.

    Raises:
        ValueError: Tags are not in order or not well-formed, or spans overlap or leave the text.
    """

    text: str
    tags: tuple[InlineTag, ...] = ()
    protected: tuple[tuple[int, int], ...] = ()
    """Spans (start, end) of characters that come out as they are, in order, without overlaps."""

    def __post_init__(self) -> None:
        place = 0
        started: list[int] = []
        seen: set[int] = set()
        for tag in self.tags:
            if not place <= tag.position <= len(self.text):
                raise ValueError(f"{tag} is not in order, or not inside the text.")
            place = tag.position
            if tag.kind == "end":
                if not started or started.pop() != tag.number:
                    raise ValueError(f"{tag} does not end the last element that was started.")
            elif tag.number in seen:
                raise ValueError(f"{tag}: there is an element of this number already.")
            else:
                seen.add(tag.number)
                if tag.kind == "start":
                    started.append(tag.number)
        if started:
            raise ValueError(f"Element {started[-1]} is not ended.")
        place = 0
        for start, end in self.protected:
            if not place <= start < end <= len(self.text):
                raise ValueError(f"Protected span {start, end} is not in order, or not inside the text.")
            place = end
