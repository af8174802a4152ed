"""Texts as they are typed in a hurry."""

from __future__ import annotations

from random import Random
from typing import Literal

from pydantic import Field

from seqtasks.data.augmentation.base import Augmentation
from seqtasks.data.examples import Pair

END = (".", "!", "?", "...", "…", "。", "！", "？")


class RemoveEndPunctuation(Augmentation):
    """Neither side has its last full stop, exclamation mark or question mark."""

    class Config(Augmentation.Config):
        kind: Literal["remove_end_punctuation"] = "remove_end_punctuation"

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`He is here.` becomes `He is here`, and its translation likewise; only where both end so."""
        sides = [side.rstrip() for side in (pair.source, pair.target)]
        if not all(side.endswith(END) for side in sides):
            return None
        source, target = (side.rstrip("".join(END)).rstrip() for side in sides)
        return Pair(source, target) if source and target else None


class Typos(Augmentation):
    """Letters of the source are left out, doubled or swapped; the translation stays as it is."""

    class Config(Augmentation.Config):
        kind: Literal["typos"] = "typos"
        word_probability: float = Field(default=0.1, gt=0, le=1)
        """Of a typo in each word of four letters or more."""

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`He is here.` becomes `He is heer.`, say."""
        probability = self.config.word_probability
        words = [
            _mistyped(word, random) if len(word) > 3 and word.isalpha() and random.random() < probability else word
            for word in pair.source.split(" ")
        ]
        return Pair(" ".join(words), pair.target)


def _mistyped(word: str, random: Random) -> str:
    """A word with one mistake behind its first letter."""
    at = random.randrange(1, len(word) - 1)
    before, here, following, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    mistakes = (following, here + here + following, following + here, here)
    return before + random.choice(mistakes) + rest
