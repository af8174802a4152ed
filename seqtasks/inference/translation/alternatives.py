"""What else could stand at a place of a translation, and how the translation goes on then."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from seqtasks.decoding.next_words import NextWord as FoundWord
from seqtasks.decoding.next_words import next_words
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import BATCH_TOKENS, in_sorted_batches, require_equal
from seqtasks.inference.constraints.lexical_constraints import continuation_tokens
from seqtasks.inference.outputs import NextWord
from seqtasks.inference.translation.engine import Piece
from seqtasks.inference.translation.search import search
from seqtasks.text import normalize

if TYPE_CHECKING:
    from seqtasks.inference.translation.pipeline import TranslationPipeline


@torch.no_grad()
def next_words_of(
    pipeline: TranslationPipeline, texts: Sequence[str], prefixes: Sequence[str], k: int, **options: Any
) -> list[list[NextWord]]:
    """The most probable words after each prefix, each with the best translation that begins with both.

    Args:
        pipeline: It has models.
        texts: Texts that are read in one part.
        prefixes: What the translation of each begins with.
        k: How many words.
        **options: Those of `DecodingConfig`.

    Returns:
        For each text at most `k` words, the most probable first.

    Raises:
        SeqtasksError: A text has several parts or none, there is not one prefix for each, or the engine alone has the
            model.
    """
    require_equal(len(prefixes), "prefixes", len(texts))
    if k < 1:
        raise SeqtasksError(f"k = {k}: there is nothing to look for.", "Ask for one word or more.")
    if not pipeline.models:
        raise SeqtasksError(
            "The engine of this model cannot tell the words that could come next.", "Use another model."
        )
    for text in texts:
        if len(parts := pipeline.split(text)) != 1:
            raise SeqtasksError(
                f"A text of {len(text):,} characters is read in {len(parts)} parts, and alternatives are those of one.",
                "Give one of its sentences.",
            )
    decoding = pipeline.decoding(**{"nbest": 1, **options})
    sources = pipeline.source.encode_all([normalize(text) for text in texts])
    starts = [pipeline.target.encode(normalize(prefix)) if prefix else [] for prefix in prefixes]
    goes_on = continuation_tokens(pipeline.target)

    def look(rows: list[int]) -> Iterable[list[FoundWord]]:
        stepper = pipeline.stepper([sources[row] for row in rows])
        given = [starts[row] for row in rows]
        return next_words(stepper, given, count=2 * k, width=4 * k, continuation_tokens=goes_on)

    lengths = [len(source) + 1 for source in sources]
    found = in_sorted_batches(look, lengths, max(1, BATCH_TOKENS // (4 * k)))
    words = [distinct(pipeline, start, row)[:k] for start, row in zip(starts, found, strict=True)]
    pieces = [
        Piece(texts[row], sources[row], [*starts[row], *tokens], row)
        for row, own in enumerate(words)
        for _, _, tokens in own
    ]
    translations = iter(search(pipeline, pieces, decoding, whole_word_prefixes=True))
    return [
        [
            NextWord(
                word=word, probability=probability, translation=pipeline.translation(text, next(translations)[0][0])
            )
            for word, probability, _ in own
        ]
        for text, own in zip(texts, words, strict=True)
    ]


def distinct(
    pipeline: TranslationPipeline, start: Sequence[int], found: Sequence[FoundWord]
) -> list[tuple[str, float, Sequence[int]]]:
    """Words as text, with their probabilities and tokens: of one that is spelled in several ways those of the first."""
    before = pipeline.target.decode(start)
    words: dict[str, tuple[float, Sequence[int]]] = {}
    for each in found:
        text = pipeline.target.decode([*start, *each.tokens])
        word = text.removeprefix(before).strip()
        if word and word not in words:
            words[word] = (math.exp(each.log_probability), each.tokens)
    return [(word, probability, tokens) for word, (probability, tokens) in words.items()]
