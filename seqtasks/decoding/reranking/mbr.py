"""Minimum Bayes risk (Kumar & Byrne 2004; Eikema & Aziz 2020): the hypothesis that agrees best with what is likely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
from jaxtyping import Float

from seqtasks.decoding.hypotheses import Hypothesis
from seqtasks.special_tokens import END

ORDERS = 4
"""Tokens of the longest n-grams that are compared."""

LENGTH_DEVIATION = 6.0
"""Tokens by which lengths may differ: the standard deviation of the penalty."""


def mbr_rerank(hypotheses: Sequence[Hypothesis], samples: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The hypotheses, those first that agree best with the samples; of equals the earlier one.

    The most likely output may be unlike all others that are nearly as likely. The mean agreement with samples of the
    model is the expected one under the model's own distribution (minimum Bayes risk, Kumar & Byrne 2004).

    Args:
        hypotheses: What the beam has found for an input.
        samples: What was drawn for it.
    """
    order = numpy.argsort(-expected_utility(hypotheses, samples).mean(axis=1), kind="stable")
    return [hypotheses[place] for place in order]


def expected_utility(
    hypotheses: Sequence[Hypothesis], samples: Sequence[Hypothesis]
) -> Float[numpy.ndarray, "hyps samples"]:
    """How much of each sample a hypothesis says, 0 to 1: CIDEr-D without its weights of rare n-grams.

    The mean over n of the cosine between the counts of n-grams, END included, less for different lengths.
    """
    outputs = [(*each.tokens, END) if each.finished else each.tokens for each in (*hypotheses, *samples)]
    count = len(hypotheses)
    cosines = numpy.zeros((count, len(samples)))
    for order in range(1, ORDERS + 1):
        ngrams: dict[tuple[int, ...], int] = {}
        places = [
            (row, ngrams.setdefault(ngram, len(ngrams)))
            for row, tokens in enumerate(outputs)
            for ngram in zip(*(tokens[start:] for start in range(order)), strict=False)
        ]
        table = numpy.zeros((len(outputs), len(ngrams)))
        if places:
            numpy.add.at(table, tuple(zip(*places, strict=True)), 1)
        norms = numpy.linalg.norm(table, axis=1, keepdims=True)
        table /= numpy.where(norms == 0, 1, norms)
        cosines += table[:count] @ table[count:].T
    lengths = numpy.array([len(tokens) for tokens in outputs])
    difference = lengths[:count, None] - lengths[count:]
    agreeing: Float[numpy.ndarray, "hyps samples"] = cosines * numpy.exp(-(difference**2) / (2 * LENGTH_DEVIATION**2))
    return agreeing / ORDERS
