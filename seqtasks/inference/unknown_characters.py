"""Words that a model's vocabulary lacks, protected spans and lost numbers are copied from source to translation.

As in Luong et al. 2015, "Addressing the Rare Word Problem in Neural Machine Translation", a placeholder that the model
knows takes the place of an unknown word and is replaced by that word in the translation; if it does not come out,
attention says where the copy belongs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from seqtasks.inference.long_texts import Segment, copy
from seqtasks.inference.outputs import Translation
from seqtasks.text import Tokenizer
from seqtasks.text.protected_spans import SpanRecognizer
from seqtasks.text.unknown_runs import UnknownRun, unknown_runs
from seqtasks.text.word_alignment import align_words
from seqtasks.text.word_groups import Word, group_words
from seqtasks.text.word_spans import Span

PLACEHOLDERS = ("X", "Y", "Z", "Q", "V", "W", "K", "J", "R", "H")
"""Placeholders for the unknown words of a text, in their order: models for Latin script copy single letters."""
FEW = 4
"""Unknown words that have placeholders: sentences with more are translated better without them."""
BETWEEN = r"[^\w.!?…]*"
"""What may stand between unknown words that are copied as one."""
_PUNCTUATION = ".,;:!?…"

Asked = tuple[str, Sequence[int], int]
"""A text, the tokens that its translation has to begin with, and its number in the input."""
Translate = Callable[[Sequence[Asked], bool], list[Translation]]
"""Translates texts, with the attention of each where that is asked for."""


@dataclass(frozen=True)
class MaskedSource:
    """A text whose unknown words are placeholders or removed, so that the model can translate it."""

    text: str
    """With placeholders."""
    placeholders: dict[str, str]
    """Each placeholder, and the word that it stands for."""
    removed: list[UnknownRun]
    """Unknown words and symbols of `text` that are removed before it is translated."""

    def restore(self, found: Translation) -> Translation | None:
        """Puts all unknown words and symbols into the translation.

        Args:
            found: The translation of the masked text.

        Returns:
            None where a placeholder is not in the translation exactly once. In alternatives, a word whose placeholder
            is missing stands as far from the beginning as in the source.
        """
        if any(len(re.findall(rf"\b{name}\b", found.text)) != 1 for name in self.placeholders):
            return None
        placed = insert_runs(found, self.text, self.removed) if self.removed else found
        others = tuple(replace(each, text=self.fill_placeholders(each.text)) for each in placed.alternatives)
        return replace(placed, text=self.fill_placeholders(placed.text), alternatives=others)

    def fill_placeholders(self, translation: str) -> str:
        """A translation with the words that its placeholders stand for."""
        for name, word in self.placeholders.items():
            parts = re.split(rf"\b{name}\b", translation)
            if len(parts) == 1:
                parts = translation.split(" ")
                place = round(self.text.index(name) / len(self.text) * len(parts))
                parts = [" ".join(parts[:place]) + " ", " " + " ".join(parts[place:])]
            translation = word.join(parts).strip()
        return translation


def translate_and_copy(
    asked: Sequence[Asked],
    source: Tokenizer,
    translate: Translate,
    *,
    attention: bool,
    can_align: bool,
    protected: SpanRecognizer | None = None,
) -> list[Translation]:
    """Translates normalized texts; words and symbols whose characters the vocabulary lacks are copied.

    A translation in which the model wrote them itself is kept. Otherwise the text is translated again, masked in the
    ways of `masked_sources` one after the other. A text without unknown words is translated once.

    Args:
        asked: Texts, each with its prefix and its number.
        source: The tokenizer of the sources.
        translate: Translates texts as they are, with attention where that is asked for.
        attention: Whether the translations have attention weights.
        can_align: Whether `translate` can return attention weights.
        protected: Finds what is copied too, each as often as it is in the text, and numbers, which are copied where
            the translation lacks their digits.

    Returns:
        A translation for each text, in their order.
    """
    results = translate(asked, attention)
    waiting: dict[int, list[MaskedSource]] = {}
    for place, (text, prefix, _) in enumerate(asked):
        unknown = source.unknown(text)
        checked = None if prefix else protected
        kept = [] if checked is None else [*checked.find(text), *checked.numbers(text)]
        if not unknown and not kept:
            continue
        results[place] = replace(results[place], unknown=unknown)
        known = source.known_characters
        runs = [] if known is None or prefix else unknown_runs(text, known, between=BETWEEN)
        if all(run.text in results[place].text for run in runs) and keeps(checked, text, results[place].text):
            continue
        waiting[place] = masked_sources(text, merge_runs(text, runs, kept), source)
        if not waiting[place]:
            results[place] = replace(copy(Segment(text)), unknown=unknown)
    while waiting := {place: left for place, left in waiting.items() if left}:
        tried = {place: left.pop(0) for place, left in waiting.items()}
        again = [(remove_runs(each.text, each.removed), (), asked[place][2]) for place, each in tried.items()]
        for (place, masked), found in zip(tried.items(), translate(again, can_align), strict=True):
            text = asked[place][0]
            if (restored := masked.restore(found)) and (not waiting[place] or keeps(protected, text, restored.text)):
                look = restored.attention if attention else None
                told = results[place].unknown
                results[place] = replace(restored, source=asked[place][0], attention=look, unknown=told)
                waiting[place].clear()
    return results


def keeps(protected: SpanRecognizer | None, text: str, translation: str) -> bool:
    """Whether a translation has the protected spans of a text, as often as it has them, and its numbers."""
    return protected is None or (
        protected.texts(translation) == protected.texts(text) and protected.keeps_numbers(text, translation)
    )


def masked_sources(text: str, runs: Sequence[UnknownRun], source: Tokenizer) -> list[MaskedSource]:
    """The ways to mask a text, the best first: with placeholders for unknown words, then with these removed.

    Unknown symbols are always removed. Empty where nothing of the text is known.
    """
    removed = MaskedSource(text, {}, list(runs))
    if not any(map(str.isalnum, remove_runs(text, runs))):
        return []
    words = [run for run in runs if run.is_word]
    names = [name for name in PLACEHOLDERS if not source.unknown(name) and not re.search(rf"\b{name}\b", text)]
    if not any(run.protected for run in runs):
        names = names[:FEW]
    if not words or len(words) > len(names):
        return [removed]
    chosen = dict(zip(names, [run.text for run in words], strict=False))
    named = substitute(text, words, list(chosen))
    left = unknown_runs(named, source.known_characters or frozenset(), between=BETWEEN)
    return [MaskedSource(named, chosen, left), removed]


def merge_runs(text: str, runs: Sequence[UnknownRun], protected: Sequence[Span]) -> list[UnknownRun]:
    """Unknown words and protected spans, in order; those that overlap are one, and protected."""
    spans: list[tuple[int, int, bool]] = []
    every = [(run.start, run.end, False) for run in runs] + [(start, end, True) for start, end in protected]
    for start, end, kept in sorted(every):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), True)
        else:
            spans.append((start, end, kept))
    return [
        UnknownRun(text[start:end], start, text[max(0, start - 1) : start] == " ", protected=kept)
        for start, end, kept in spans
    ]


def remove_runs(text: str, runs: Sequence[UnknownRun]) -> str:
    """The text without unknown words and symbols, and without the spaces before them."""
    spaced = [run._replace(start=run.start - 1, text=" " + run.text) if run.space_before else run for run in runs]
    return substitute(text, spaced, [""] * len(runs)).strip()


def insert_runs(found: Translation, source: str, runs: Sequence[UnknownRun]) -> Translation:
    """Puts unknown words and symbols into the translation of a text without them, where attention says.

    Each is inserted after the last word that equals the source word before it, or that attends most to it; without
    attention, or where no word does, as far from the beginning as in the source. It comes before the punctuation of
    that word unless it came after some in the source. Alternatives have no attention.
    """
    words = group_words(found.text, found.tokens)
    read = align_words(found.source, found.source_tokens[:-1])
    seen = attended_words(found, words, read)
    inside: list[str] = [""] * (len(words) + 1)
    behind: list[str] = [""] * (len(words) + 1)
    for number, run in enumerate(runs):
        kept = remove_runs(source[: run.start], runs[:number])
        before = sum(start < len(kept) for start in word_starts(read))
        last = read[before - 1].text.strip(_PUNCTUATION) if before else ""
        same = [place for place, word in enumerate(words, 1) if last and word.text.strip(_PUNCTUATION) == last]
        looking = same or [place for place, word in enumerate(seen, 1) if word == before - 1]
        place = looking[-1] if looking else round(before / max(1, len(read)) * len(words))
        (behind if kept.endswith(tuple(_PUNCTUATION)) else inside)[place] += " " * run.space_before + run.text
    text = inside[0] + behind[0]
    for place, word in enumerate(words, 1):
        stem = word.text.rstrip(_PUNCTUATION)
        text += " " * (word.space_before or (place == 1 and bool(text))) + stem + inside[place]
        text += word.text[len(stem) :] + behind[place]
    others = (
        insert_runs(replace(each, source=found.source, source_tokens=found.source_tokens), source, runs)
        for each in found.alternatives
    )
    alternatives = tuple(replace(each, source_tokens=()) for each in others)
    return replace(found, text=text.strip(), alternatives=alternatives)


def word_starts(words: Sequence[Word]) -> list[int]:
    """Where each word begins in the text, with the space before it."""
    return [0, *accumulate(len(word.text) + word.space_before for word in words)][: len(words)]


def attended_words(found: Translation, words: Sequence[Word], read: Sequence[Word]) -> list[int]:
    """For each word of a translation, the number of the source word it attends to most; none without attention."""
    if found.attention is None or not read:
        return []
    attention = np.array(found.attention)
    return [
        int(np.argmax([attention[list(word.tokens)][:, list(source.tokens)].sum() for source in read]))
        for word in words
    ]


def substitute(text: str, runs: Sequence[UnknownRun], others: Sequence[str]) -> str:
    """The text with something else in the place of each run."""
    for run, other in zip(reversed(runs), reversed(others), strict=True):
        text = text[: run.start] + other + text[run.end :]
    return text
