"""Texts with inline tags and protected spans: the tags stand around the words that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from seqtasks.inference.markup.alignment import align
from seqtasks.inference.markup.protection import quote_spans, unquote_spans
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.text import normalize
from seqtasks.text.markup import MarkupText
from seqtasks.text.sentence_spans import sentence_spans
from seqtasks.text.tag_placement import placed_tags
from seqtasks.text.word_spans import Span, word_spans


class Part(NamedTuple):
    """What of a text is translated at once, or copied."""

    start: int
    end: int
    spans: tuple[Span, ...] = ()
    """Protected spans of the text that are in it."""
    copied: bool = False


class Written(NamedTuple):
    """What becomes of a part."""

    text: str
    spans: Sequence[Span] = ()
    """Where the protected spans are in it, in their order in the source."""


def translate_markup(pipeline: TranslationPipeline, texts: Sequence[MarkupText], **options: Any) -> list[MarkupText]:
    """Translates texts with inline tags.

    Every tag is in the translation exactly once, around the words that are aligned to those that it was around (see
    `placed_tags`), and protected spans are as they were.

    Args:
        pipeline: A pipeline of one model or several, or of another engine.
        texts: Texts with their tags and protected spans.
        **options: Those of `TranslationPipeline.translate`, but for prefixes, alternatives and attention.

    Returns:
        For each text its translation, with its tags and protected spans.
    """
    options = {**options, "split_sentences": False, "protect": options.get("protect") or ()}
    parts = [sentences(text, pipeline.languages[0]) for text in texts]
    written = write(pipeline, texts, parts, options)
    lost = [number for number, own in enumerate(written) if None in own]
    for number in lost:  # a protected span did not come out: what is between the spans is translated by itself
        parts[number] = around_spans(texts[number], parts[number])
    again = write(pipeline, [texts[number] for number in lost], [parts[number] for number in lost], options)
    for number, own in zip(lost, again, strict=True):
        written[number] = own
    known = [[each for each in own if each is not None] for own in written]
    sources = [
        normalize(text.text[part.start : part.end]) for text, own in zip(texts, parts, strict=True) for part in own
    ]
    alignments = iter(align(pipeline, sources, [normalize(each.text) for own in known for each in own]))
    return [
        assemble(text, own, outputs, [next(alignments) for _ in own])
        for text, own, outputs in zip(texts, parts, known, strict=True)
    ]


def sentences(text: MarkupText, language: str) -> list[Part]:
    """The sentences of a text, each with the blanks before it, in order; together they are the text."""
    ends = [end for _, end in sentence_spans(text.text, language, text.protected)[:-1]]
    bounds = [(first, last) for first, last in pairwise([0, *ends, len(text.text)]) if first < last]
    return [
        Part(first, last, tuple(span for span in text.protected if first <= span[0] and span[1] <= last))
        for first, last in bounds
    ]


def around_spans(text: MarkupText, parts: Sequence[Part]) -> list[Part]:
    """The parts cut at protected spans, which are copied."""
    cut: list[Part] = []
    for part in parts:
        place = part.start
        for start, end in part.spans:
            cut += [Part(place, start)] * (place < start) + [Part(start, end, ((start, end),), copied=True)]
            place = end
        cut += [Part(place, part.end)] * (place < part.end)
    return [
        part if any(map(str.isalnum, text.text[part.start : part.end])) else part._replace(copied=True) for part in cut
    ]


def write(
    pipeline: TranslationPipeline, texts: Sequence[MarkupText], parts: Sequence[Sequence[Part]], options: dict[str, Any]
) -> list[list[Written | None]]:
    """The translation of each part, without the blanks at its ends; None where a protected span is lost."""
    asked = [[ask(text.text, part) for part in own] for text, own in zip(texts, parts, strict=True)]
    wanted = [each for own in asked for each in own if each is not None]
    found = iter(pipeline.translate(wanted, **options))
    return [
        [
            copied(text.text, part) if question is None else answered(text.text, part, next(found).text)
            for part, question in zip(own, questions, strict=True)
        ]
        for text, own, questions in zip(texts, parts, asked, strict=True)
    ]


def ask(text: str, part: Part) -> str | None:
    """What is translated of a part; None where nothing is."""
    if part.copied:
        return None
    quoted = quote_spans(text[part.start : part.end], relative(part.spans, part.start))
    return None if quoted is None else normalize(quoted)


def copied(text: str, part: Part) -> Written | None:
    """A part as it is; None where it should be translated, but cannot be with its protected spans in it."""
    own = text[part.start : part.end]
    if not part.copied and part.spans and any(map(str.isalpha, own)):
        return None
    inside = own.strip()
    return Written(inside, relative(part.spans, part.start + len(own) - len(own.lstrip())))


def answered(text: str, part: Part, translation: str) -> Written | None:
    """The translation of a part, with its protected spans."""
    if not part.spans:
        return Written(translation)
    found = unquote_spans(translation, [text[start:end] for start, end in part.spans])
    return None if found is None else Written(*found)


def relative(spans: Sequence[Span], start: int) -> list[Span]:
    """The spans, counted from `start`."""
    return [(first - start, last - start) for first, last in spans]


def assemble(
    text: MarkupText, parts: Sequence[Part], written: Sequence[Written], alignments: Sequence[Sequence[tuple[int, int]]]
) -> MarkupText:
    """A translation from those of its parts, with the blanks between them, its tags and its protected spans."""
    source_words: list[Span] = []
    words: list[Span] = []
    pairs: list[tuple[int, int]] = []
    spans: list[Span] = []
    whole = ""
    for part, output, alignment in zip(parts, written, alignments, strict=True):
        own = text.text[part.start : part.end]
        whole += own[: len(own) - len(own.lstrip())]
        place = len(whole)
        read, new = word_spans(own), word_spans(output.text)
        found = [(one, other) for one, other in alignment if one < len(read) and other < len(new)]
        for span, other in zip(relative(part.spans, part.start), output.spans, strict=True):
            found = align_span(found, inside(read, span), inside(new, other))
        pairs += [(one + len(source_words), other + len(words)) for one, other in found]
        source_words += [(first + part.start, last + part.start) for first, last in read]
        words += [(first + place, last + place) for first, last in new]
        spans += [(first + place, last + place) for first, last in output.spans]
        whole += output.text + own[len(own.rstrip()) :] * bool(own.strip())
    return MarkupText(whole, placed_tags(text, source_words, whole, words, pairs), tuple(sorted(spans)))


def inside(words: Sequence[Span], span: Span) -> list[int]:
    """The words that are inside of a span."""
    return [number for number, (first, last) in enumerate(words) if span[0] <= first and last <= span[1]]


def align_span(pairs: list[tuple[int, int]], sources: Sequence[int], targets: Sequence[int]) -> list[tuple[int, int]]:
    """The words of a protected span belong to those of the same span in the translation, one to one."""
    if len(sources) != len(targets):
        return pairs
    others = [(one, other) for one, other in pairs if one not in sources and other not in targets]
    return others + list(zip(sources, targets, strict=True))
