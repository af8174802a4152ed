"""Characters that a model's vocabulary lacks: what they stand in is copied from the source into the translation.

As in Luong et al. 2015, "Addressing the Rare Word Problem in Neural Machine Translation", a token that the model knows
stands for what it does not know, and goes again from what it writes; where it does not come out, attention says where
the copy belongs.
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
from seqtasks.text.unknown_runs import UnknownRun, unknown_runs
from seqtasks.text.word_alignment import align_words
from seqtasks.text.word_groups import Word, group_words

STAND_INS = ("X", "Y", "Z", "Q")
"""What stands for the unknown words of a text, in their order: models of Latin script copy single letters."""
BETWEEN = r"[^\w.!?…]*"
"""What may stand between unknown words that are copied as one."""
_PUNCTUATION = ".,;:!?…"

Asked = tuple[str, Sequence[int], int]
"""A text, the tokens that its translation has to begin with, and its number in the input."""
Translate = Callable[[Sequence[Asked], bool], list[Translation]]
"""Translates texts, with the attention of each where that is asked for."""


@dataclass(frozen=True)
class Reading:
    """A way to read a text that has unknown words and symbols."""

    text: str
    """With known words for unknown ones."""
    stand_ins: dict[str, str]
    """These, and what they stand for."""
    left_out: list[UnknownRun]
    """What of the text is not read."""

    def whole(self, found: Translation) -> Translation | None:
        """The translation with all that is unknown; None where a stand-in did not come out, or more than once.

        Alternatives get it in any case: what did not come out, as far from the beginning as in the source.
        """
        if any(len(re.findall(rf"\b{name}\b", found.text)) != 1 for name in self.stand_ins):
            return None
        placed = with_runs(found, self.text, self.left_out) if self.left_out else found
        others = tuple(replace(each, text=self.filled(each.text)) for each in placed.alternatives)
        return replace(placed, text=self.filled(placed.text), alternatives=others)

    def filled(self, translation: str) -> str:
        """A translation with the unknown words for their stand-ins."""
        for name, word in self.stand_ins.items():
            parts = re.split(rf"\b{name}\b", translation)
            if len(parts) == 1:
                parts = translation.split(" ")
                place = round(self.text.index(name) / len(self.text) * len(parts))
                parts = [" ".join(parts[:place]) + " ", " " + " ".join(parts[place:])]
            translation = word.join(parts).strip()
        return translation


def translate_and_copy(
    asked: Sequence[Asked], source: Tokenizer, translate: Translate, *, attention: bool, can_align: bool
) -> list[Translation]:
    """Translates normalized texts; words and symbols whose characters the vocabulary lacks are copied.

    A model that wrote them itself keeps its translation. One that did not reads the text again, as `readings` says. A
    text without any is read once.

    Args:
        asked: Texts, each with its prefix and its number.
        source: The text processor of the sources.
        translate: Translates texts as they are, with attention where that is asked for.
        attention: The translations have their attention.
        can_align: `translate` can tell the attention.

    Returns:
        A translation for each text, in their order.
    """
    results = translate(asked, attention)
    waiting: dict[int, list[Reading]] = {}
    for place, (text, prefix, _) in enumerate(asked):
        if unknown := source.unknown(text):
            results[place] = replace(results[place], unknown=unknown)
            known = source.known_characters
            runs = [] if known is None or prefix else unknown_runs(text, known, between=BETWEEN)
            if all(run.text in results[place].text for run in runs):
                continue
            waiting[place] = readings(text, runs, source)
            if not waiting[place]:
                results[place] = replace(copy(Segment(text)), unknown=unknown)
    while waiting := {place: left for place, left in waiting.items() if left}:
        tried = {place: left.pop(0) for place, left in waiting.items()}
        again = [(without_runs(each.text, each.left_out), (), asked[place][2]) for place, each in tried.items()]
        for (place, reading), found in zip(tried.items(), translate(again, can_align), strict=True):
            if whole := reading.whole(found):
                look = whole.attention if attention else None
                told = results[place].unknown
                results[place] = replace(whole, source=asked[place][0], attention=look, unknown=told)
                waiting[place].clear()
    return results


def readings(text: str, runs: Sequence[UnknownRun], source: Tokenizer) -> list[Reading]:
    """How to read a text, the best way first: with known words for the unknown ones, then without these.

    Symbols are left out. There is no way where nothing is known of the text.
    """
    bare = Reading(text, {}, list(runs))
    if not any(map(str.isalnum, without_runs(text, runs))):
        return []
    words = [run for run in runs if run.is_word]
    names = [name for name in STAND_INS if not source.unknown(name) and not re.search(rf"\b{name}\b", text)]
    if not words or len(words) > len(names):
        return [bare]
    chosen = dict(zip(names, [run.text for run in words], strict=False))
    named = substitute(text, words, list(chosen))
    return [Reading(named, chosen, unknown_runs(named, source.known_characters or frozenset(), between=BETWEEN)), bare]


def without_runs(text: str, runs: Sequence[UnknownRun]) -> str:
    """The text without what is unknown in it, and without the blanks before that."""
    spaced = [run._replace(start=run.start - 1, text=" " + run.text) if run.space_before else run for run in runs]
    return substitute(text, spaced, [""] * len(runs)).strip()


def with_runs(found: Translation, source: str, runs: Sequence[UnknownRun]) -> Translation:
    """The translation of a text without its unknown words and symbols, with these where attention says.

    Each stands behind the last word that is the word before it, or that looked most at that; without attention, or
    where no word did, it stands as far from the beginning as in the source. It stands before the punctuation of that
    word unless it stood behind some. Alternatives have no attention.
    """
    words = group_words(found.text, found.tokens)
    read = align_words(found.source, found.source_tokens[:-1])
    seen = looked_at(found, words, read)
    inside: list[str] = [""] * (len(words) + 1)
    behind: list[str] = [""] * (len(words) + 1)
    for number, run in enumerate(runs):
        kept = without_runs(source[: run.start], runs[:number])
        before = sum(start < len(kept) for start in starts(read))
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
        with_runs(replace(each, source=found.source, source_tokens=found.source_tokens), source, runs)
        for each in found.alternatives
    )
    alternatives = tuple(replace(each, source_tokens=()) for each in others)
    return replace(found, text=text.strip(), alternatives=alternatives)


def starts(words: Sequence[Word]) -> list[int]:
    """Where each word begins in the text that they make, with its blank."""
    return [0, *accumulate(len(word.text) + word.space_before for word in words)][: len(words)]


def looked_at(found: Translation, words: Sequence[Word], read: Sequence[Word]) -> list[int]:
    """For each word of a translation the number of the source word that it looked most at; none without attention."""
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
