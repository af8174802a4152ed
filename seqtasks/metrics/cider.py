"""CIDEr-D: how well a caption agrees with the human captions of the same image."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from seqtasks.metrics.ngrams import ORDERS, ngram_counts

SIGMA = 6.0
"""Words by which a caption's length may differ from a reference's: the standard deviation of the penalty."""

Sentence = Sequence[str]


class Vector(NamedTuple):
    """A sentence as weights of its n-grams, for each order: term frequency times inverse document frequency."""

    weights: list[dict[tuple[str, ...], float]]
    norms: list[float]
    length: int
    """In pairs of words, as the COCO evaluation measures it."""


class CiderD:
    """CIDEr-D (Vedantam et al. 2015) of tokenized captions, as coco-caption computes it: 0 to 10.

    `references` are the captions of each image whose n-grams are counted: an n-gram weighs the less, the more
    images it describes. The COCO evaluation takes the very references that it scores against; as a reward one takes
    those of the training images. The end-of-sentence token is a token like any other: a reward that does not see it
    teaches captions that end in mid-sentence, so include it there in both hypotheses and references.
    """

    def __init__(self, references: Iterable[Sequence[Sentence]]) -> None:
        frequency: Counter[tuple[str, ...]] = Counter()
        images = 0
        for captions in references:
            frequency.update({ngram for caption in captions for counts in ngram_counts(caption) for ngram in counts})
            images += 1
        self.rarest = math.log(max(1, images))
        self.rarity = {ngram: self.rarest - math.log(count) for ngram, count in frequency.items()}

    def score(
        self, hypotheses: Sequence[Sentence], references: Sequence[Sequence[Sentence]]
    ) -> Float[np.ndarray, " rows"]:
        """Scores hypotheses against references.

        Args:
            hypotheses: Tokens of each.
            references: For each of them the tokens of its references: for several hypotheses of an image, the
                same ones again.

        Returns:
            One score a hypothesis, (rows,).
        """
        seen: dict[int, tuple[Sequence[Sentence], list[Vector]]] = {}
        scores = np.empty(len(hypotheses))
        for row, (hypothesis, others) in enumerate(zip(hypotheses, references, strict=True)):
            if id(others) not in seen:
                seen[id(others)] = others, [self.vector(other) for other in others]
            vector = self.vector(hypothesis)
            scores[row] = 10 * np.mean([similarity(vector, other) for other in seen[id(others)][1]])
        return scores

    def vector(self, tokens: Sentence) -> Vector:
        """The weighted n-grams of one sentence."""
        rarity, rarest = self.rarity, self.rarest
        weights = [
            {ngram: count * rarity.get(ngram, rarest) for ngram, count in counts.items()}
            for counts in ngram_counts(tokens)
        ]
        norms = [math.hypot(*order.values()) for order in weights]
        return Vector(weights, norms, max(0, len(tokens) - 1))


def similarity(hypothesis: Vector, reference: Vector) -> float:
    """The mean over the orders of the clipped cosine, less for different lengths; 0 to 1."""
    total = 0.0
    for own, other, norm, other_norm in zip(
        hypothesis.weights, reference.weights, hypothesis.norms, reference.norms, strict=True
    ):
        if norm and other_norm:
            shared = sum(min(own[ngram], other[ngram]) * other[ngram] for ngram in own.keys() & other.keys())
            total += shared / (norm * other_norm)
    difference = hypothesis.length - reference.length
    return total / ORDERS * math.exp(-(difference**2) / (2 * SIGMA**2))
