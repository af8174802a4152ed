"""Translations in the place of source texts: everything outside them stays as it is, byte for byte."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

from seqtasks.documents.document import Segment
from seqtasks.documents.encoding import Encoding
from seqtasks.text.markup import InlineTag, MarkupText


class Edit(NamedTuple):
    """Characters of a source, and what stands in their place afterwards."""

    start: int
    end: int
    text: str


def apply_edits(source: str, edits: Iterable[Edit]) -> str:
    """The source with all edits, which do not overlap."""
    written: list[str] = []
    place = 0
    for edit in sorted(edits):
        written += source[place : edit.start], edit.text
        place = edit.end
    return "".join([*written, source[place:]])


class Piece(NamedTuple):
    """A part of a source: text, or a tag."""

    kind: Literal["text", "start", "end", "empty"]
    start: int
    end: int
    text: str = ""
    """What characters of the source stand for."""
    name: str = ""
    """What the start tag and the end tag of an element have in common."""
    protected: bool = False
    spelling: str | None = None
    """How the tag is written around a translation, where that is not how it is written in the source."""


@dataclass(frozen=True)
class SourceSegment(Segment):
    """A segment with its place in the source, and the places of its tags."""

    start: int = 0
    end: int = 0
    tags: Mapping[tuple[int, bool], Piece] = field(default_factory=dict)
    """By the number of the element, and whether it is its end tag."""
    escape: Callable[[str], str] = str
    """Spells a text for this place of the document."""
    spaced: Mapping[int, tuple[bool, bool]] = field(default_factory=dict)
    """Empty elements that have a blank before or behind them, of which the text may hold one alone."""


@dataclass(frozen=True)
class SplicedDocument:
    """A document of text whose segments stand in it at known places, some of them inside the tags of others."""

    source: str
    encoding: Encoding
    segments: Sequence[SourceSegment]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The document with these translations."""
        return self.encoding.encode(self.render(translations))

    def render(self, translations: Sequence[MarkupText | None]) -> str:
        """The same before it is encoded."""
        changed = {
            (each.start, -each.end): (each, translation)
            for each, translation in zip(self.segments, translations, strict=True)
            if translation is not None and translation != each.text
        }
        order = sorted(changed)

        def splice(start: int, end: int) -> str:
            written: list[str] = []
            place = start
            number = bisect_left(order, (start, -end))
            while number < len(order) and order[number][0] < end:
                segment, translation = changed[order[number]]
                if segment.start >= place and segment.end <= end:
                    written += self.source[place : segment.start], rendered(segment, translation)
                    place = segment.end
                number += 1
            return "".join([*written, self.source[place:end]])

        def rendered(segment: SourceSegment, translation: MarkupText) -> str:
            def spelled(number: int, end: bool) -> str:
                piece = segment.tags[number, end]
                return splice(piece.start, piece.end) if piece.spelling is None else piece.spelling

            unchanged = unchanged_elements(segment, self.source)
            return render_markup(translation, spelled, segment.escape, unchanged, segment.spaced)

        return splice(0, len(self.source))


def render_markup(
    text: MarkupText,
    spelled: Callable[[int, bool], str],
    escape: Callable[[str], str],
    unchanged: Mapping[int, tuple[str, str]] | None = None,
    spaced: Mapping[int, tuple[bool, bool]] | None = None,
) -> str:
    """A text with markup as a document writes it.

    Args:
        text: The text.
        spelled: How the tag of an element is written; the second argument tells its end tag.
        escape: How text is written.
        unchanged: Texts of elements that are written as in the source where they are still the same, and how that was.
        spaced: Empty elements that have a blank before or behind them.
    """
    written: list[str] = []
    place = 0
    for number, tag in enumerate(text.tags):
        inner = text.text[place : tag.position]
        before = text.tags[number - 1] if number else None
        same = before is not None and before.kind == "start" and tag.kind == "end" and unchanged is not None
        known = unchanged.get(tag.number) if same and unchanged is not None else None
        written.append(known[1] if known is not None and known[0] == inner else escape(inner) if inner else "")
        written.append(_spaced(text.text, tag, spelled(tag.number, tag.kind == "end"), spaced or {}))
        place = tag.position
    rest = text.text[place:]
    return "".join([*written, escape(rest) if rest else ""])


def _spaced(text: str, tag: InlineTag, spelled: str, spaced: Mapping[int, tuple[bool, bool]]) -> str:
    """A tag with the blanks around it that the source has and a translation lost."""
    before, behind = spaced.get(tag.number, (False, False)) if tag.kind == "empty" else (False, False)
    left, right = text[: tag.position], text[tag.position :]
    before = before and bool(left) and not left[-1].isspace()
    behind = behind and bool(right) and not right[0].isspace()
    return f"{' ' * before}{spelled}{' ' * behind}"


def unchanged_elements(segment: SourceSegment, source: str) -> dict[int, tuple[str, str]]:
    """The elements that hold text alone: their texts, and how they are written in the source."""
    tags = segment.text.tags
    return {
        first.number: (
            segment.text.text[first.position : second.position],
            source[segment.tags[first.number, False].end : segment.tags[second.number, True].start],
        )
        for first, second in pairwise(tags)
        if first.kind == "start" and second.kind == "end"
    }
