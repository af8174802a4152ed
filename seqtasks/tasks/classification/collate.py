"""Training batches of a classification task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from seqtasks.data.batch_sampler import TokenBucketSampler
from seqtasks.data.collate import pad
from seqtasks.data.documents.sliding_window import sliding_windows
from seqtasks.models import ClassificationBatch
from seqtasks.special_tokens import PAD
from seqtasks.tasks.data_loader import TokenBucketLoader
from seqtasks.text import Tokenizer


@dataclass(eq=False)
class ClassificationLoader(TokenBucketLoader[ClassificationBatch]):
    """Documents, or windows of them, as padded tensors, at most `batch_tokens` tokens in each.

    Each window is an example with the labels of its document, and the windows of a document count as much together as
    another document. Sampled segmentations depend on the seed, the epoch and the batch alone; documents that are read
    in windows are never sampled.
    """

    processor: Tokenizer
    texts: Sequence[str]
    labels: Float[np.ndarray[Any, Any], "documents labels"]
    weights: Float[np.ndarray[Any, Any], "documents"]
    _: KW_ONLY
    window: int
    batch_tokens: int
    seed: int
    draws: Sequence[float] | None = None
    """How often an epoch draws each document; None = once."""

    def __post_init__(self) -> None:
        self.sampling = getattr(getattr(self.processor, "config", None), "subword_sampling", 0.0) > 0
        self.windows: list[np.ndarray[Any, Any]] = []
        self.owners: list[int] = []
        for number, ids in enumerate(self.processor.encode_all(self.texts)):
            for piece in sliding_windows(ids, self.window):
                self.windows.append(np.array(piece, dtype=np.int32))
                self.owners.append(number)
        shares = np.bincount(self.owners, minlength=len(self.texts))
        self.whole = shares == 1
        self.targets = torch.from_numpy(self.labels.astype(np.float32))
        self.shares = torch.from_numpy((self.weights / np.maximum(shares, 1)).astype(np.float32))
        lengths = np.array([len(each) + 2 for each in self.windows], dtype=np.int64)
        draws = None if self.draws is None else np.array(self.draws, dtype=np.float64)[self.owners]
        self.sampler = TokenBucketSampler(lengths, lengths, self.batch_tokens, seed=self.seed, weights=draws)

    def collate(self, examples: list[int], random: np.random.Generator) -> ClassificationBatch:
        """Padded tokens between BEGIN and END, with the labels of each row's document and how much it counts."""
        owners = [self.owners[number] for number in examples]
        read = [
            self.processor.sample(self.texts[owner], random)
            if self.sampling and self.whole[owner]
            else self.windows[number]
            for number, owner in zip(examples, owners, strict=True)
        ]
        tokens = pad(read, begin=True, end=True)
        return ClassificationBatch(tokens, tokens != PAD, self.targets[owners], self.shares[owners])
