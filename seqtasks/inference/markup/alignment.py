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

TENSION = 2.0
"""How fast the prior of an alignment falls with the distance of relative positions."""
LEAST = 1e-3
"""Attention that every word has."""


def align(pipeline: TranslationPipeline, sources: Sequence[str], translations: Sequence[str]) -> list[Alignment]:
    """Aligns the words of normalized texts and of their translations.

    Words that both texts have once, such as names and numbers, belong together. Each other word of a translation
    belongs to the source word that its tokens attend to most while the model reads the translation, once, where words
    that stand far from it in proportion need more attention; a source word that none attends to, to the word that
    attends most to it. Where there is an engine, it reads the translation. Without attention words belong together in
    the order in which they stand. Punctuation belongs to equal marks, where both texts have as many of them.
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
    if not sources:
        return []
    read = pipeline.source.encode_all(sources)
    written = pipeline.target.encode_all(translations)
    if pipeline.engine is not None:
        tables = pipeline.engine.attention(read, written)
    else:
        tables = own_attention(pipeline, read, written)
    found: list[NDArray[np.float32] | None] = []
    for table, source, own, translation, target in zip(tables, sources, read, translations, written, strict=True):
        if table is None:
            found.append(None)
        else:
            spread = in_words(pipeline.target, translation, target) @ table @ in_words(pipeline.source, source, own).T
            found.append(spread.astype(np.float32))
    return found


def own_attention(
    pipeline: TranslationPipeline, read: Sequence[Sequence[int]], written: Sequence[Sequence[int]]
) -> list[NDArray[np.float32] | None]:
    """How much each token of a translation attends to each token of its source, in the pipeline's own models."""

    @torch.no_grad()
    def look(rows: list[int]) -> list[NDArray[np.float32] | None]:
        stepper = pipeline.stepper([read[row] for row in rows])
        targets = pad([written[row] for row in rows], begin=True, end=True).to(stepper.device)
        forced = stepper.score_targets(targets, attention=True).attention
        if forced is None:
            return [None] * len(rows)
        tables = forced.float().cpu().numpy()
        return [table[: len(written[row]), : len(read[row])] for row, table in zip(rows, tables, strict=True)]

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
    same = same_words(
        [(number, source[slice(*read[number])]) for number in sources],
        [(number, translation[slice(*written[number])]) for number in targets],
    )
    found += same.items()
    sources = [number for number in sources if number not in same]
    targets = [number for number in targets if number not in same.values()]
    if not sources or not targets:
        return found
    table = near_diagonal(weights)[np.ix_(targets, sources)]
    chosen = [(sources[number], target) for target, number in zip(targets, table.argmax(axis=1), strict=True)]
    left = {*range(len(sources))} - {*table.argmax(axis=1).tolist()}
    chosen += [(sources[number], targets[int(table[:, number].argmax())]) for number in sorted(left)]
    return found + chosen


def near_diagonal(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Attention times a prior that falls with the distance between the relative positions of two words.

    The prior is that of fast_align (Dyer et al. 2013). Attention of a model that has not learned to align is vague:
    without it that of the first English-German model that ships placed a quarter of tags right, with it a third.
    """
    rows, columns = weights.shape
    written, read = (np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    prior = np.exp(-TENSION * np.abs(written[:, None] - read[None]))
    scaled: NDArray[np.float32] = ((shares + LEAST) * prior).astype(np.float32)
    return scaled


def same_words(sources: Sequence[tuple[int, str]], targets: Sequence[tuple[int, str]]) -> dict[int, int]:
    """The numbers of words that both texts have once, those of the source with those of the translation."""
    counts = [Counter(word for _, word in side) for side in (sources, targets)]
    places = {word: number for number, word in targets}
    return {number: places[word] for number, word in sources if counts[0][word] == counts[1][word] == 1}


def punctuation(text: str, words: Sequence[Span]) -> dict[str, list[int]]:
    """The numbers of the words that are a mark, by mark."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, (start, end) in enumerate(words):
        if is_punctuation(text[start:end]):
            found[text[start:end]].append(number)
    return found


def in_reading_order(sources: Sequence[tuple[int, str]], targets: Sequence[tuple[int, str]]) -> Alignment:
    """Words that both texts have once belong together; the others where they stand between these, in proportion."""
    same = {other: one for one, other in same_words(sources, targets).items()}
    found = []
    for place, (number, _) in enumerate(targets):
        other = min(place * len(sources) // len(targets), len(sources) - 1)
        found.append((same.get(number, sources[other][0]), number))
    left = {number for number, _ in sources} - {one for one, _ in found}
    order = {number: place for place, (number, _) in enumerate(sources)}
    found += [(number, targets[order[number] * len(targets) // len(sources)][0]) for number in sorted(left)]
    return found
