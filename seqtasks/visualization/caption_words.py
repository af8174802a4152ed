"""The words of a caption, each with its probability and its attention."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqtasks.text.word_groups import group_words

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Caption


@dataclass(frozen=True)
class CaptionWord:
    """A word of one token or several."""

    text: str
    blank_before: bool
    probability: float
    """Of all its tokens together, given the words before."""
    attention: tuple[float, ...] | None
    """The attention weight of each image cell, the mean over the word's tokens; None without attention."""


def caption_words(caption: Caption) -> list[CaptionWord]:
    """Groups the tokens of a caption into words."""
    words = []
    for word in group_words(caption.text, caption.tokens):
        score = sum(caption.log_probabilities[place] for place in word.tokens)
        attention = None
        if caption.attention is not None:
            rows = [caption.attention[place] for place in word.tokens]
            attention = tuple(sum(cell) / len(rows) for cell in zip(*rows, strict=True))
        words.append(CaptionWord(word.text, word.space_before, math.exp(score), attention))
    return words
