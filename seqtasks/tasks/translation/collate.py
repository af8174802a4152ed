"""Training batches of a translation task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.data.batch_sampler import TokenBucketSampler
from seqtasks.data.collate import pad
from seqtasks.data.parallel.alignment import Links
from seqtasks.models import Seq2SeqBatch
from seqtasks.special_tokens import PAD
from seqtasks.tasks.data_loader import TokenBucketLoader
from seqtasks.text import Tokenizer


@dataclass(eq=False)
class TranslationLoader(TokenBucketLoader[Seq2SeqBatch]):
    """Sentence pairs as padded tensors, at most `batch_tokens` tokens on the longer side; see `TokenBucketSampler`.

    With `sampling` each epoch segments the texts in another way.
    With `links`, the word alignments of all pairs, batches have the attention that guided alignment wants.
    """

    processors: tuple[Tokenizer, Tokenizer]
    texts: tuple[Sequence[str], Sequence[str]]
    weights: Sequence[float]
    _: KW_ONLY
    batch_tokens: int
    seed: int
    sampling: bool = False
    links: Sequence[Links] | None = None
    alignment_weight: float = 0.0

    def __post_init__(self) -> None:
        self.encoded: list[list[Int[np.ndarray[Any, Any], "_"]]] = [
            [np.array(ids, dtype=np.int32) for ids in processor.encode_all(side)]
            for processor, side in zip(self.processors, self.texts, strict=True)
        ]
        source, target = (np.array([len(ids) for ids in side]) for side in self.encoded)
        weights = np.array(self.weights, dtype=np.float64)
        self.sampler = TokenBucketSampler(source + 1, target + 2, self.batch_tokens, seed=self.seed, weights=weights)

    def collate(self, examples: list[int], random: np.random.Generator) -> Seq2SeqBatch:
        """Sources up to END, targets between BEGIN and END."""
        sources, targets = (self.side(side, examples, random) for side in (0, 1))
        source, target = pad(sources, end=True), pad(targets, begin=True, end=True)
        alignment = None
        if self.links is not None:
            shape = (len(examples), target.shape[1] - 1, source.shape[1])
            alignment = wanted_attention([self.links[number] for number in examples], sources, targets, shape)
            alignment *= self.alignment_weight
        return Seq2SeqBatch(source, source != PAD, target, target != PAD, alignment=alignment)

    def side(self, side: int, examples: list[int], random: np.random.Generator) -> list[Any]:
        """The token ids of the sources (0) or of the targets (1)."""
        if self.sampling:
            return [self.processors[side].sample(self.texts[side][number], random) for number in examples]
        return [self.encoded[side][number] for number in examples]


def wanted_attention(
    links: Sequence[Links], sources: Sequence[Any], targets: Sequence[Any], shape: tuple[int, int, int]
) -> Float[Tensor, "rows next src"]:
    """Each target token shares 1 evenly among the source tokens it is linked to; END looks at END."""
    wanted = torch.zeros(shape)
    for row, (linked, source, target) in enumerate(zip(links, sources, targets, strict=True)):
        wanted[row, linked[:, 1].astype(np.int64), linked[:, 0].astype(np.int64)] = 1
        wanted[row, len(target), len(source)] = 1
    return wanted / wanted.sum(dim=2, keepdim=True).clamp_min(1)
