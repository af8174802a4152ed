"""Texts with inline tags and protected spans: the tags stand around the words that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from seqtasks.inference.markup.alignment import align
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.text import normalize
from seqtasks.text.markup import MarkupText
from seqtasks.text.sentence_spans import sentence_spans
from seqtasks.text.tag_placement import placed_tags
from seqtasks.text.word_spans import Span, word_spans


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
    spans_of = [_parts(text, pipeline.languages[0]) for text in texts]
    parts = [
        (text.text[start:end], protected)
        for text, own in zip(texts, spans_of, strict=True)
        for start, end, protected in own
    ]
    wanted = [normalize(part) for part, protected in parts if not protected]
    translated = iter([each.text for each in pipeline.translate(wanted, split_sentences=False, **options)])
    written = [part if protected else next(translated) for part, protected in parts]
    sources = [normalize(part) for part, _ in parts]
    alignments = align(pipeline, sources, [normalize(each) for each in written])
    results = []
    done = 0
    for text, own_spans in zip(texts, spans_of, strict=True):
        source_words: list[Span] = []
        words: list[Span] = []
        pairs: list[tuple[int, int]] = []
        spans: list[Span] = []
        whole = ""
        for number, (start, end, protected) in enumerate(own_spans, done):
            part = text.text[start:end]
            whole += part[: len(part) - len(part.lstrip())]
            place = len(whole)
            if protected:
                own, new = [(start, end)], [(place, place + len(written[number]))]
                spans.append(new[0])
                found = [(0, 0)]
            else:
                own = [(first + start, last + start) for first, last in word_spans(part)]
                new = [(first + place, last + place) for first, last in word_spans(written[number])]
                found = [(one, other) for one, other in alignments[number] if one < len(own) and other < len(new)]
            pairs += [(one + len(source_words), other + len(words)) for one, other in found]
            source_words += own
            words += new
            whole += written[number] + part[len(part.rstrip()) :] * bool(part.strip())
        done += len(own_spans)
        tags = placed_tags(text, source_words, whole, words, pairs)
        results.append(MarkupText(whole, tags, tuple(spans)))
    return results


def _parts(text: MarkupText, language: str) -> list[tuple[int, int, bool]]:
    """Spans of a text in order, sentences and what is protected, and whether each is that."""
    parts: list[tuple[int, int, bool]] = []
    place = 0
    for start, end in (*text.protected, (len(text.text), len(text.text))):
        ends = [last for _, last in sentence_spans(text.text[place:start], language)[:-1]]
        bounds = [place, *(place + each for each in ends), start]
        parts += [(first, last, False) for first, last in pairwise(bounds) if first < last]
        if start < end:
            parts.append((start, end, True))
        place = end
    return parts
