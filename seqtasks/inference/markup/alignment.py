"""Which words of a text the words of its translation come from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray

from seqtasks.data.collate import pad
from seqtasks.inference.base import in_sorted_batches
from seqtasks.inference.translation import BATCH_TOKENS, TranslationPipeline
from seqtasks.special_tokens import END
from seqtasks.text import Tokenizer
from seqtasks.text.word_alignment import align_words
from seqtasks.text.word_spans import Span, is_punctuation, word_spans

Alignment = list[tuple[int, int]]
"""Pairs of a word of the source and a word of the translation, as `word_spans` numbers them."""


def align(pipeline: TranslationPipeline, sources: Sequence[str], translations: Sequence[str]) -> list[Alignment]:
    """Aligns the words of normalized texts and of their translations.

    Each word of a translation belongs to the source word that its tokens attend to most while the model reads the
    translation, once; a source word that none attends to, to the word that attends most to it. Where the engine alone
    has the model, or a model has no attention, words that are equal belong together, and the others in the order in
    which they stand. Punctuation belongs to equal marks, where both texts have as many of them.
    """
    weights = attention(pipeline, sources, translations)
    return [
        pairs(source, translation, look)
        for source, translation, look in zip(sources, translations, weights, strict=True)
    ]


def attention(
    pipeline: TranslationPipeline, sources: Sequence[str], translations: Sequence[str]
) -> list[NDArray[np.float32] | None]:
    """How much each word of a translation attends to each word of its source; None without attention."""
    if not pipeline.models or not sources:
        return [None] * len(sources)
    read = pipeline.source.encode_all(sources)
    written = pipeline.target.encode_all(translations)

    @torch.no_grad()
    def look(rows: list[int]) -> list[NDArray[np.float32] | None]:
        stepper = pipeline.stepper([read[row] for row in rows])
        targets = pad([written[row] for row in rows], begin=True, end=True).to(stepper.device)
        forced = stepper.score_targets(targets, attention=True).attention
        if forced is None:
            return [None] * len(rows)
        tables = forced.float().cpu().numpy()
        return [
            in_words(pipeline.target, translations[row], written[row])
            @ table[: len(written[row]), : len(read[row])]
            @ in_words(pipeline.source, sources[row], read[row]).T
            for row, table in zip(rows, tables, strict=True)
        ]

    lengths = [max(len(one), len(other)) + 2 for one, other in zip(read, written, strict=True)]
    return in_sorted_batches(look, lengths, BATCH_TOKENS)


def in_words(tokenizer: Tokenizer, text: str, ids: Sequence[int]) -> NDArray[np.float32]:
    """Which tokens (columns) are in which words (rows) of a text: the share of the token's letters in each."""
    tokens = align_words(text, tokenizer.pieces([*ids, END])[:-1], each_token=True)
    words = word_spans(text)
    shares = np.zeros((len(words), len(ids)), dtype=np.float32)
    ends = list(accumulate(len(token.text) + token.space_before for token in tokens))
    number = 0
    for token, end in zip(tokens, ends, strict=True):
        start = end - len(token.text)
        while number < len(words) and words[number][1] <= start:
            number += 1
        for word in range(number, len(words)):
            first, last = words[word]
            if first >= end:
                break
            shares[word, list(token.tokens)] = (min(last, end) - max(first, start)) / max(1, end - start)
    return shares


def pairs(source: str, translation: str, weights: NDArray[np.float32] | None) -> Alignment:
    """The words that belong together."""
    read, written = word_spans(source), word_spans(translation)
    marks, places = punctuation(source, read), punctuation(translation, written)
    found = [
        pair
        for mark, own in marks.items()
        if len(own) == len(places.get(mark, ()))
        for pair in zip(own, places[mark], strict=True)
    ]
    sources = sorted({*range(len(read))}.difference(*marks.values()))
    targets = sorted({*range(len(written))}.difference(*places.values()))
    if not sources or not targets:
        return found
    if weights is None:
        return found + in_reading_order(
            [(number, source[slice(*read[number])]) for number in sources],
            [(number, translation[slice(*written[number])]) for number in targets],
        )
    table = weights[np.ix_(targets, sources)]
    chosen = [(sources[number], target) for target, number in zip(targets, table.argmax(axis=1), strict=True)]
    left = {*range(len(sources))} - {*table.argmax(axis=1).tolist()}
    chosen += [(sources[number], targets[int(table[:, number].argmax())]) for number in sorted(left)]
    return found + chosen


def punctuation(text: str, words: Sequence[Span]) -> dict[str, list[int]]:
    """The numbers of the words that are a mark, by mark."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, (start, end) in enumerate(words):
        if is_punctuation(text[start:end]):
            found[text[start:end]].append(number)
    return found


def in_reading_order(sources: Sequence[tuple[int, str]], targets: Sequence[tuple[int, str]]) -> Alignment:
    """Words that both texts have once belong together; the others where they stand between these, in proportion."""
    once = [
        {word for word, count in Counter(word for _, word in each).items() if count == 1} for each in (sources, targets)
    ]
    same = {word: place for place, (_, word) in enumerate(sources) if word in once[0] & once[1]}
    found = []
    for place, (number, word) in enumerate(targets):
        other = same.get(word, min(place * len(sources) // len(targets), len(sources) - 1))
        found.append((sources[other][0], number))
    left = {number for number, _ in sources} - {one for one, _ in found}
    order = {number: place for place, (number, _) in enumerate(sources)}
    found += [(number, targets[order[number] * len(targets) // len(sources)][0]) for number in sorted(left)]
    return found
