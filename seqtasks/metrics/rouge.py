"""ROUGE-L as the COCO captioning evaluation computes it."""

from __future__ import annotations

from collections.abc import Sequence

BETA = 1.2
"""How much more recall weighs than precision."""


def rouge_l(hypothesis: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """F-score of the longest common subsequence, from 0 to 1: best precision and best recall, each over all references.

    Lin 2004; the two may come from different references, as in the COCO evaluation and in no other.
    """
    common = [longest_common_subsequence(hypothesis, reference) for reference in references]
    if not any(common):
        return 0.0
    precision = max(common) / len(hypothesis)
    recall = max(shared / len(other) for shared, other in zip(common, references, strict=True) if other)
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """How many tokens two sentences have in common, in the same order.

    One bit a token of `first`, all of them in one addition for each token of `second` (Hyyrö 2004).
    """
    places: dict[str, int] = {}
    for place, token in enumerate(first):
        places[token] = places.get(token, 0) | 1 << place
    everywhere = (1 << len(first)) - 1
    unmatched = everywhere
    for token in second:
        here = unmatched & places.get(token, 0)
        unmatched = (unmatched + here | unmatched - here) & everywhere
    return len(first) - unmatched.bit_count()
