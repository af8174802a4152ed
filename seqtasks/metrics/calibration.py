"""Whether a model is as often right as it is sure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from seqtasks.metrics.classification import check
from seqtasks.metrics.score import Score

BINS = 15
"""As in Guo et al. 2017, table 1."""


class Bin(NamedTuple):
    """The texts that a model is about equally sure of."""

    confidence: float
    """The mean of what it is sure of, from 0 to 1."""
    accuracy: float
    """How many of them are right, from 0 to 1."""
    texts: int


def calibration_score(confidences: Sequence[float], right: Sequence[bool]) -> Score:
    """The expected calibration error (Guo et al. 2017, equation 3), in percent: lower is better.

    Args:
        confidences: The probabilities of the labels that were found, from 0 to 1.
        right: Which of those labels are right.

    Raises:
        SeqtasksError: Nothing to score, or another number of confidences than of texts.
    """
    error = sum(each.texts * abs(each.accuracy - each.confidence) for each in reliability(confidences, right))
    signature = f"calibration-error|bins={BINS}|width=equal|texts={len(right)}"
    return Score("calibration-error", 100 * error / len(right), signature)


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """The bins of equal width that hold any text, the least sure first; the upper end of a bin belongs to it.

    Raises:
        SeqtasksError: Nothing to score, or another number of confidences than of texts.
    """
    check(confidences, right)
    held: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, is_right in zip(confidences, right, strict=True):
        held[max(0, math.ceil(confidence * BINS) - 1)].append((confidence, is_right))
    return [
        Bin(sum(sure for sure, _ in texts) / len(texts), sum(hit for _, hit in texts) / len(texts), len(texts))
        for _, texts in sorted(held.items())
    ]
