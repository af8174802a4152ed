"""The words of a caption, each with its probability and where the model looked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Caption


@dataclass(frozen=True)
class SeenWord:
    """A word as a reader sees it, of one token or several."""

    text: str
    blank_before: bool
    probability: float
    """Of all its tokens together, given the words before."""
    weights: tuple[float, ...] | None
    """How much the model looked at each cell, the mean over the word's tokens; None without attention."""


def seen_words(caption: Caption) -> list[SeenWord]:
    from seqtasks.text.grouping import words_of

    seen = []
    for word in words_of(caption.text, caption.tokens):
        score = sum(caption.log_probabilities[place] for place in word.tokens)
        weights = None
        if caption.attention is not None:
            rows = [caption.attention[place] for place in word.tokens]
            weights = tuple(sum(cell) / len(rows) for cell in zip(*rows, strict=True))
        seen.append(SeenWord(word.text, word.blank_before, math.exp(score), weights))
    return seen
