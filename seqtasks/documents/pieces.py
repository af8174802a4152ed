"""Segments out of the pieces of a source: tags are paired, blanks collapse, what surrounds a text is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from seqtasks.documents.splicing import Piece, SourceSegment
from seqtasks.text.markup import InlineTag, MarkupText

BLANKS = re.compile(r"[ \t\r\n\f]+")


def segment_of(
    pieces: Sequence[Piece], escape: Callable[[str], str] = str, *, collapse: bool = True
) -> SourceSegment | None:
    """The segment that consecutive pieces of a source are, or None where they have nothing to translate.

    Args:
        pieces: Text and tags. Elements need not be complete: a tag whose partner is elsewhere stands for itself.
        escape: Spells text for this place.
        collapse: Whether blanks and line breaks are one space, as in HTML.
    """
    paired = _trim(_pair(pieces))
    if not paired or not has_words(paired):
        return None
    text = ""
    tags: list[InlineTag] = []
    places: dict[tuple[int, bool], Piece] = {}
    spans: list[tuple[int, int]] = []
    spaced: dict[int, tuple[bool, bool]] = {}
    for place, (piece, number) in enumerate(paired):
        if piece.kind != "text":
            if piece.kind == "empty":
                around = (_text_beside(paired, place, -1)[-1:], _text_beside(paired, place, 1)[:1])
                spaced[number] = (around[0].isspace(), around[1].isspace())
            tags.append(InlineTag(len(text), piece.kind, number))
            places[number, piece.kind == "end"] = piece
            continue
        written = BLANKS.sub(" ", piece.text) if collapse else piece.text
        if collapse and written.startswith(" ") and text.endswith(" "):
            written = written[1:]
        if piece.protected and written:
            if spans and spans[-1][1] == len(text):
                spans[-1] = (spans[-1][0], len(text) + len(written))
            else:
                spans.append((len(text), len(text) + len(written)))
        text += written
    return SourceSegment(
        text=MarkupText(text, tuple(tags), tuple(spans)),
        start=paired[0][0].start,
        end=paired[-1][0].end,
        tags=places,
        escape=escape,
        spaced=spaced,
    )


def has_words(pieces: Sequence[tuple[Piece, int]]) -> bool:
    """Whether there is a letter that may be translated."""
    return any(
        piece.kind == "text" and not piece.protected and any(map(str.isalpha, piece.text)) for piece, _ in pieces
    )


def _text_beside(paired: Sequence[tuple[Piece, int]], place: int, step: int) -> str:
    """The text before or behind an element, inside or outside the elements around it."""
    beside = place + step
    while 0 <= beside < len(paired) and paired[beside][0].kind in ("start", "end"):
        beside += step
    return paired[beside][0].text if 0 <= beside < len(paired) else ""


def _pair(pieces: Sequence[Piece]) -> list[tuple[Piece, int]]:
    """Numbers elements; tags without a partner become empty elements."""
    paired: list[tuple[Piece, int]] = []
    opened: list[int] = []
    number = 0
    for piece in pieces:
        if piece.kind == "text":
            if piece.end > piece.start:
                paired.append((piece, -1))
            continue
        if piece.kind == "end":
            partner = next((place for place in reversed(opened) if paired[place][0].name == piece.name), None)
            if partner is not None:
                for place in opened[opened.index(partner) + 1 :]:
                    _make_empty(paired, place)
                del opened[opened.index(partner) :]
                paired.append((piece, paired[partner][1]))
                continue
            piece = piece._replace(kind="empty")
        if piece.kind == "start":
            opened.append(len(paired))
        paired.append((piece, number))
        number += 1
    for place in opened:
        _make_empty(paired, place)
    return paired


def _make_empty(paired: list[tuple[Piece, int]], place: int) -> None:
    piece, number = paired[place]
    paired[place] = (piece._replace(kind="empty"), number)


def _trim(paired: list[tuple[Piece, int]]) -> list[tuple[Piece, int]]:
    """Leaves out blanks, empty elements and whole elements around the text, and numbers the others from 0."""
    first, last = 0, len(paired)
    changed = True
    while changed and first < last:
        changed = False
        for place, step in ((first, 1), (last - 1, -1)):
            if first >= last:
                break
            piece, number = paired[place]
            if piece.kind == "empty" or (piece.kind == "text" and not piece.text.strip()):
                first, last = (first + 1, last) if step == 1 else (first, last - 1)
                changed = True
            elif piece.kind in ("start", "end"):
                other = place + step
                if first <= other < last and paired[other][1] == number:
                    first, last = (first + 2, last) if step == 1 else (first, last - 2)
                    changed = True
        if last - first >= 2 and paired[first][0].kind == "start" and paired[last - 1][1] == paired[first][1]:
            first, last, changed = first + 1, last - 1, True
    kept = paired[first:last]
    if kept:
        kept[0] = (_strip(kept[0][0], left=True), kept[0][1])
        kept[-1] = (_strip(kept[-1][0], left=False), kept[-1][1])
    numbers: dict[int, int] = {}
    return [(piece, -1 if piece.kind == "text" else numbers.setdefault(number, len(numbers))) for piece, number in kept]


def _strip(piece: Piece, *, left: bool) -> Piece:
    """A text without the blanks on one side, where its characters stand for themselves."""
    if piece.kind != "text" or len(piece.text) != piece.end - piece.start:
        return piece
    text = piece.text.lstrip() if left else piece.text.rstrip()
    gone = len(piece.text) - len(text)
    return piece._replace(text=text, start=piece.start + (gone if left else 0), end=piece.end - (0 if left else gone))
