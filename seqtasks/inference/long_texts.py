"""Texts in the sentences, and long ones in the pieces, in which a model that learned from sentences translates them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from seqtasks.inference.outputs import Translation
from seqtasks.text import Tokenizer, normalize
from seqtasks.text.sentence_spans import sentence_spans
from seqtasks.text.word_spans import Span

MAX_INPUT_LENGTH = 400
"""Source tokens that are translated in one piece, unless a pipeline says otherwise."""
LONG_SENTENCE, PIECE = 128, 64
"""In a text that is cut, a sentence of more tokens is cut as well, into pieces of so many: what search costs a token
grows with the length of a piece, and models have seen no longer sentences."""
MOST_CHARACTERS = 32
"""Maximum number of characters per token, on average over a text."""
COPIED = 200
"""Characters from which on a run without a blank is no word in a script that has blanks: it is copied."""

_OTHER_BLANKS = re.compile(r"[^\S \t\n\r\u00a0\u3000]")
_CHUNK = MAX_INPUT_LENGTH // 6
_WORD = re.compile(rf"\s*\S{{1,{_CHUNK}}}")
"""A word with the blanks before it. A character is at most six tokens (four bytes, two marks), so that a longer word
is split."""
_RUN = re.compile(rf"\S{{{COPIED},}}")
# Scripts that have no blanks between words, from Thai to Myanmar, Khmer, kana, Chinese characters.
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U0001f000-\U0003ffff]")


class Segment(NamedTuple):
    """A part of a text that is translated at once, or copied."""

    text: str
    copied: bool = False
    """It is no word of a language, such as a key or a sequence of DNA: what it is in the translation too."""
    separator: str = " "
    """The blanks and line breaks between the part before it and this one; none between parts of what is copied."""


def segments(
    text: str,
    processor: Tokenizer,
    limit: int = MAX_INPUT_LENGTH,
    *,
    language: str = "xx",
    split: bool = False,
    whole: Sequence[Span] = (),
) -> Iterator[Segment]:
    """A text in the parts that are translated at once, normalized, in linear time; none of an empty text.

    Args:
        text: Any text.
        processor: The tokenizer of the sources.
        limit: Tokens of a part. What has more is cut at the ends of sentences first.
        language: The code of the text's language.
        split: Each sentence is a part, however short they are.
        whole: Spans of the text inside of which no sentence ends.
    """
    behind = 0
    for start, end in sentence_spans(text, language, whole) if split else [(0, len(text))]:
        for number, part in enumerate(pieces(normalize(text[start:end]), processor, limit, language)):
            yield part if number else part._replace(separator=_OTHER_BLANKS.sub(" ", text[behind:start]) or " ")
            behind = end


def pieces(text: str, processor: Tokenizer, limit: int, language: str) -> Iterator[Segment]:
    """A normalized text whole where it has at most `limit` tokens, else in pieces; nothing for an empty one."""
    if not text:
        return
    if len(text) <= MOST_CHARACTERS * limit and len(processor.encode(text)) <= limit:
        yield Segment(text)
        return
    start = 0
    for run in _RUN.finditer(text):
        if not _WITHOUT_BLANKS.search(run[0]):
            yield from translated(text[start : run.start()], processor, limit, language)
            for place in range(0, len(run[0]), _CHUNK):
                yield Segment(run[0][place : place + _CHUNK], copied=True, separator="" if place else " ")
            start = run.end()
    yield from translated(text[start:], processor, limit, language)


def translated(text: str, processor: Tokenizer, limit: int, language: str) -> Iterator[Segment]:
    """What is translated of a long text: sentences, long ones in pieces."""
    for start, end in sentence_spans(text, language):
        yield from map(Segment, split_long(text[start:end], processor, limit))


def split_long(sentence: str, processor: Tokenizer, limit: int) -> list[str]:
    """The sentence, or where it is long as few pieces of at most PIECE tokens as its words allow."""
    words = _WORD.findall(sentence)
    sizes = [len(processor.encode(word)) + 1 for word in words]
    if sum(sizes) <= min(LONG_SENTENCE, limit):
        return [sentence]
    pieces: list[str] = []
    room = 0
    for word, size in zip(words, sizes, strict=True):
        if size > room:
            pieces.append("")
            room = min(PIECE, limit)
        pieces[-1] += word
        room -= size
    return [piece.strip() for piece in pieces]


def copy(part: Segment) -> Translation:
    """Everything that is not a word is kept in the translation as it is."""
    return Translation(source=part.text, text=part.text, score=0.0, normalized_score=0.0)


def concatenate(text: str, segments: Sequence[Segment], parts: Sequence[Translation]) -> Translation:
    """The translation of a whole text from those of its pieces; alternatives and attention need a single piece."""
    if len(parts) == 1:
        return replace(parts[0], source=text)
    return Translation(
        source=text,
        text="".join(
            segment.separator * (place > 0) + part.text
            for place, (segment, part) in enumerate(zip(segments, parts, strict=True))
        ),
        score=sum(part.score for part in parts),
        normalized_score=sum(part.normalized_score for part in parts) / max(1, len(parts)),
        tokens=tuple(token for part in parts for token in part.tokens),
        log_probabilities=tuple(value for part in parts for value in part.log_probabilities),
        finished=all(part.finished for part in parts),
        repetitive=any(part.repetitive for part in parts),
        source_tokens=tuple(token for part in parts for token in part.source_tokens),
        parts=max(1, len(parts)),
        unknown=tuple(dict.fromkeys(word for part in parts for word in part.unknown)),
    )
