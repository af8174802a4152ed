"""BLEU as the COCO captioning evaluation computes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from operator import or_

from seqtasks.metrics.ngrams import ORDERS, ngram_counts

Sentence = Sequence[str]


def coco_bleu(hypotheses: Sequence[Sentence], references: Sequence[Sequence[Sentence]]) -> list[float]:
    """BLEU-1 to BLEU-4 of a whole corpus of tokens, from 0 to 1 (Papineni et al. 2002).

    A hypothesis is as long as it should be when it is as long as the closest of its references, the shorter of two
    that are equally close. Counts of zero are kept from the logarithm by a constant so small that they give zero.
    """
    matches, guesses = [0] * ORDERS, [0] * ORDERS
    length, wanted = 0, 0
    for hypothesis, others in zip(hypotheses, references, strict=True):
        length += len(hypothesis)
        wanted += min((abs(len(other) - len(hypothesis)), len(other)) for other in others)[1]
        counts = [ngram_counts(other) for other in others]
        for order, found in enumerate(ngram_counts(hypothesis)):
            most = reduce(or_, (other[order] for other in counts))
            matches[order] += (found & most).total()
            guesses[order] += found.total()
    brevity = min(1.0, math.exp(1 - (wanted + 1e-9) / (length + 1e-15)))
    scores, product = [], 1.0
    for order in range(ORDERS):
        product *= (matches[order] + 1e-15) / (guesses[order] + 1e-9)
        scores.append(brevity * product ** (1 / (order + 1)))
    return scores
