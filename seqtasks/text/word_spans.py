"""Where the words of a text stand that inline tags may enclose."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

Span = tuple[int, int]
"""Where something begins and ends, in characters."""

_CHUNK = re.compile(r"\S+")
# Chinese characters and kana: each is a word here.
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def word_spans(text: str, whole: Sequence[Span] = ()) -> list[Span]:
    """The words of a text and the punctuation around them, in order.

    A word is what is between two blanks, without the punctuation at its ends, each mark of which is a word of its own;
    so is each Chinese character.

    Args:
        text: Any text.
        whole: Spans that are words as they are, in order and without overlaps.
    """
    spans: list[Span] = []
    place = 0
    for start, end in whole:
        spans += _words(text, place, start)
        spans.append((start, end))
        place = end
    spans += _words(text, place, len(text))
    return spans


def is_punctuation(text: str) -> bool:
    """Whether a text is nothing but punctuation and symbols."""
    return all(unicodedata.category(character)[0] in "PS" for character in text)


def _words(text: str, start: int, end: int) -> Iterator[Span]:
    for chunk in _CHUNK.finditer(text, start, end):
        first, last = chunk.span()
        while first < last and is_punctuation(text[first]):
            yield first, first + 1
            first += 1
        behind = last
        while first < last and is_punctuation(text[last - 1]):
            last -= 1
        for ideograph in _IDEOGRAPH.finditer(text, first, last):
            if first < ideograph.start():
                yield first, ideograph.start()
            yield ideograph.span()
            first = ideograph.end()
        if first < last:
            yield first, last
        yield from ((place, place + 1) for place in range(last, behind))
