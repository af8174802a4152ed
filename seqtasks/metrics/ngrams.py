"""Counts of n-grams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

ORDERS = 4
"""The longest n-grams that BLEU and CIDEr count."""

Counts = list[Counter[tuple[str, ...]]]
"""How often each n-gram occurs, for each order from 1 to 4."""


def ngram_counts(tokens: Sequence[str]) -> Counts:
    """The n-grams of one sentence."""
    return [Counter(zip(*(tokens[start:] for start in range(order)), strict=False)) for order in range(1, ORDERS + 1)]
