"""Where the translation of a sentence is cut again into the subtitles that its source came in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from seqtasks.text.markup import InlineTag, MarkupText

CHARACTERS_PER_SECOND: Final = 17.0
"""What adults read with ease (Netflix, Timed Text Style Guide)."""
LINE_LENGTH: Final = 42
"""Characters of a line (the same)."""
CLAUSE_END = re.compile(r"[,;:.!?…—–、。，！？][\"'”’»)\]]*$")


class Slot(NamedTuple):
    """Where a part of the translation goes."""

    length: int
    """Characters of the source in it."""
    seconds: float


def cut(text: MarkupText, slots: Sequence[Slot]) -> list[MarkupText]:
    """Cuts a text into as many parts, so that each keeps its share and can be read in its time.

    Parts end between words, after punctuation if that is near; where there are fewer words than parts, within them.

    Args:
        text: A translation.
        slots: Where its parts go, in order.
    """
    if len(slots) == 1:
        return [text]
    breaks = [match.start() for match in re.finditer(r"(?<=\S) +(?=\S)", text.text)]
    breaks = [place for place in breaks if not any(start < place < end for start, end in text.protected)]
    if len(breaks) < len(slots) - 1:
        breaks = list(range(1, len(text.text)))
    ends = _best_ends(text.text, breaks, slots)
    places = [0, *ends, len(text.text)]
    return [_part(text, start, end) for start, end in pairwise(places)]


def _best_ends(text: str, breaks: Sequence[int], slots: Sequence[Slot]) -> list[int]:
    """The places of all cuts, by dynamic programming over parts and possible places."""
    total = sum(slot.length for slot in slots) or 1
    places = [0, *breaks, len(text)]
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for number, slot in enumerate(slots):
        last = number == len(slots) - 1
        left = len(slots) - number - 1
        ideal = max(1.0, len(text) * slot.length / total)
        following: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, ends) in best.items():
            choices = [len(places) - 1] if last else range(start + 1, len(places) - left)
            for end in choices:
                length = places[end] - places[start]
                more = ((length - ideal) / ideal) ** 2
                more += max(0.0, length / max(slot.seconds, 0.1) / CHARACTERS_PER_SECOND - 1)
                more += 0.0 if last or CLAUSE_END.search(text[: places[end]]) else 0.1
                if end not in following or cost + more < following[end][0]:
                    following[end] = (cost + more, [*ends, places[end]])
        best = following or best
    ends = min(best.values(), key=lambda each: each[0])[1][:-1]
    return [*ends, *[len(text)] * (len(slots) - 1 - len(ends))]


def _part(text: MarkupText, start: int, end: int) -> MarkupText:
    """A part of a text, without blanks at its ends; elements that go on are ended there and started again."""
    while start < end and text.text[start] == " ":
        start += 1
    whole_end = len(text.text) == end
    opened: list[int] = []
    tags: list[InlineTag] = []
    here: set[int] = set()
    inside = False
    for tag in text.tags:
        before = tag.position < start or (
            tag.position == start and start > 0 and tag.kind == "end" and tag.number not in here
        )
        after = tag.position > end or (tag.position == end and not whole_end and tag.kind != "end")
        if not before and not inside:
            tags += (InlineTag(0, "start", number) for number in opened)
            here.update(opened)
            inside = True
        if after:
            break
        if not before:
            tags.append(tag._replace(position=max(0, tag.position - start)))
            here.add(tag.number)
        if tag.kind == "start":
            opened.append(tag.number)
        elif tag.kind == "end":
            opened.remove(tag.number)
    if not inside:
        tags += (InlineTag(0, "start", number) for number in opened)
    tags += (InlineTag(end - start, "end", number) for number in reversed(opened))
    spans = [(max(0, first - start), min(end, last) - start) for first, last in text.protected]
    return MarkupText(text.text[start:end], tuple(tags), tuple((first, last) for first, last in spans if first < last))


def wrap(text: MarkupText, width: int) -> MarkupText:
    """Line breaks in place of spaces, so that lines are of about one length, of `width` at most."""
    if len(text.text) <= width:
        return text
    lines = -(-len(text.text) // width)
    ideal = len(text.text) / lines
    written = list(text.text)
    line_start = 0
    spaces = [place for place, sign in enumerate(text.text) if sign == " "]
    for number, place in enumerate(spaces):
        following = spaces[number + 1] if number + 1 < len(spaces) else len(text.text)
        length, longer = place - line_start, following - line_start
        if longer > width or abs(length - ideal) <= abs(longer - ideal):
            written[place] = "\n"
            line_start = place + 1
    return MarkupText("".join(written), text.tags, text.protected)
