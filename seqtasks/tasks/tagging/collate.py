"""Training batches of a tagging task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from seqtasks.data.batch_sampler import TokenBucketSampler
from seqtasks.data.collate import pad
from seqtasks.inference.tagging import stack
from seqtasks.models import TaggingBatch
from seqtasks.tasks.data_loader import TokenBucketLoader


@dataclass(eq=False)
class TaggingLoader(TokenBucketLoader[TaggingBatch]):
    """Sentences and the labels of their words as padded tensors, at most `batch_tokens` words in each."""

    sentences: Sequence[Int[np.ndarray[Any, Any], "_ _"]]
    labels: Sequence[Sequence[int]]
    _: KW_ONLY
    batch_tokens: int
    seed: int
    weights: Sequence[float] | None = None
    """How often an epoch draws each sentence; None = once."""

    def __post_init__(self) -> None:
        lengths = np.array([len(sentence) for sentence in self.sentences], dtype=np.int64)
        weights = None if self.weights is None else np.array(self.weights, dtype=np.float64)
        self.sampler = TokenBucketSampler(lengths, lengths, self.batch_tokens, seed=self.seed, weights=weights)

    def collate(self, examples: list[int], random: np.random.Generator) -> TaggingBatch:
        """Padded words with their characters, and the number of each word's label."""
        tokens, mask = stack([self.sentences[number] for number in examples])
        return TaggingBatch(tokens, mask, pad([self.labels[number] for number in examples]))
