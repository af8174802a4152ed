"""Batches of similar lengths under a budget of tokens.

Examples of one epoch are shuffled, cut into pools, sorted by length inside each pool, and cut into batches;
the batches then come in random order. Sorting goes by the longer side, and within one length back and forth over
the difference of the two sides, so that neighbors are alike on both: on natural sentence pairs about 5 % of the
positions are padding, where a shuffle without sorting wastes about half of them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from seqtasks.errors import SeqtasksError

POOL = 48
"""About how many batches are sorted together: more of them pad less, fewer mix more."""


class TokenBucketSampler:
    """Batches for training: the numbers of their examples, each epoch in a random order of its own.

    An epoch depends on the seed and its own number alone, so that (epoch, index) is all there is to save.

    Args:
        source_lengths: Tokens of each source as they are fed, begin and end of sentence included.
        target_lengths: The same of the targets.
        budget: `max(longest source, longest target) * rows` is at most this in every batch; an example that is longer
            is a batch of its own.
        seed: Of the order.
        weights: How often an epoch draws each example: 2 means twice, 0.5 that a random half of the examples of this
            weight takes part. Without weights every example comes exactly once an epoch.

    Raises:
        SeqtasksError: An epoch would be empty.
    """

    def __init__(
        self,
        source_lengths: Int[np.ndarray, " examples"],
        target_lengths: Int[np.ndarray, " examples"],
        budget: int,
        *,
        seed: int,
        weights: Float[np.ndarray, " examples"] | None = None,
    ) -> None:
        self.longer = np.maximum(np.maximum(source_lengths, target_lengths), 1)
        self.difference = source_lengths.astype(np.int64) - target_lengths
        self.budget = budget
        self.seed = seed
        self.weights = np.ones(len(self.longer)) if weights is None else weights
        if len(self._draw(np.random.default_rng(seed))) == 0:
            raise SeqtasksError("There are no examples to make batches of.", "Check what was skipped, and the weights.")

    def batches(self, epoch: int) -> list[Int[np.ndarray, " rows"]]:
        """All batches of one epoch, in order."""
        random = np.random.default_rng([self.seed, epoch])
        drawn = random.permutation(self._draw(random))
        return bucketed_batches(drawn, self.longer, self.difference, self.budget, random)

    def _draw(self, random: np.random.Generator) -> Int[np.ndarray, " drawn"]:
        """The examples of one epoch, each as often as its weight says."""
        copies = np.floor(self.weights).astype(np.int64)
        parts = self.weights - copies
        for part in np.unique(parts[parts > 0]):
            candidates = np.flatnonzero(parts == part)
            copies[random.choice(candidates, round(part * len(candidates)), replace=False)] += 1
        return np.repeat(np.arange(len(copies)), copies)


def bucketed_batches(
    drawn: Int[np.ndarray, " drawn"],
    longer: Int[np.ndarray, " examples"],
    difference: Int[np.ndarray, " examples"],
    budget: int,
    random: np.random.Generator,
) -> list[Int[np.ndarray, " rows"]]:
    """Batches of similar lengths, in a random order.

    Args:
        drawn: The numbers of the examples in the order in which they are cut into pools.
        longer: The length of the longer side of each example, at least 1.
        difference: By how much the source of each example is longer than the target.
        budget: `max(longer) * rows` is at most this in every batch; an example that is longer is a batch of its own.
        random: Of the order of the batches.
    """
    pools = 1 + int(longer[drawn].sum()) // (budget * POOL)
    batches = []
    for pool in np.array_split(drawn, pools):
        lengths = longer[pool]
        forth = np.where(lengths % 2 == 0, difference[pool], -difference[pool])
        ordered = pool[np.lexsort((forth, lengths))]
        batches += cut(ordered, longer[ordered], budget)
    return [batches[place] for place in random.permutation(len(batches))]


def sorted_batches(lengths: Int[np.ndarray, " examples"], budget: int) -> list[Int[np.ndarray, " rows"]]:
    """Batches for inference: the numbers of all examples, longest first, `longest * rows` at most `budget`.

    The longest come first so that memory runs out at once or never. The caller restores the order.
    """
    ordered = np.argsort(-lengths, kind="stable")
    return cut(ordered, np.maximum(lengths[ordered], 1), budget)


def cut(
    ordered: Int[np.ndarray, " examples"], lengths: Int[np.ndarray, " examples"], budget: int
) -> list[Int[np.ndarray, " rows"]]:
    """Cuts a row of examples into batches, each as long as `max(lengths) * rows` stays within the budget."""
    batches = []
    start = longest = 0
    for place, length in enumerate(lengths.tolist()):
        longest = max(longest, length)
        if place > start and longest * (place - start + 1) > budget:
            batches.append(ordered[start:place])
            start, longest = place, length
    if len(ordered) > start:
        batches.append(ordered[start:])
    return batches
