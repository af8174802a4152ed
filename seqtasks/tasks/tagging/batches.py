"""Training batches of a tagging task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from seqtasks.data.batching import TokenBatches
from seqtasks.data.collate import pad
from seqtasks.inference.tagging import stack
from seqtasks.models import Tagged


class TaggedBatches:
    """Sentences and the labels of their words as padded tensors, at most `batch_tokens` words in each."""

    def __init__(
        self,
        sentences: Sequence[Int[np.ndarray[Any, Any], "_ _"]],
        labels: Sequence[Sequence[int]],
        *,
        batch_tokens: int,
        seed: int,
    ) -> None:
        self.sentences = sentences
        self.labels = labels
        lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        self.order = TokenBatches(lengths, lengths, batch_tokens, seed=seed)

    def __iter__(self) -> Iterator[Tagged]:
        for batch in self.order:
            rows = batch.examples.tolist()
            tokens, mask = stack([self.sentences[row] for row in rows])
            yield Tagged(tokens, mask, pad([self.labels[row] for row in rows]))

    def state_dict(self) -> dict[str, int]:
        return self.order.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.order.load_state_dict(state)
