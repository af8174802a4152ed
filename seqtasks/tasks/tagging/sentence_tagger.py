"""From sentences to labels: cutting, batching, the model, and everything back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seqtasks.data.batching import sorted_batches
from seqtasks.models import Tagger
from seqtasks.special_tokens import PAD
from seqtasks.text.tokens import TokenReader

BATCH_TOKENS = 4_000
"""Words a batch, padding included: more gives nothing on a CPU."""
LONGEST = 400
"""Words that are tagged in one piece; a longer sentence is cut."""


@dataclass(frozen=True)
class TaggedSentence:
    """Words, the label of each, and how probable the model holds that label for."""

    words: tuple[str, ...]
    labels: tuple[str, ...]
    confidences: tuple[float, ...]


class SentenceTagger:
    """A model, how words are read for it, and what its labels are called."""

    def __init__(self, model: Tagger, reader: TokenReader, labels: Sequence[str]) -> None:
        self.model = model
        self.reader = reader
        self.labels = list(labels)

    @torch.no_grad()
    def tag(self, sentences: Sequence[Sequence[str]]) -> list[TaggedSentence]:
        """The labels of each sentence; they stand in the order of the sentences and do not depend on each other.

        An empty sentence stays empty.
        """
        pieces = [
            (number, sentence[start : start + LONGEST])
            for number, sentence in enumerate(sentences)
            for start in range(0, len(sentence), LONGEST)
        ]
        lengths = np.array([len(piece) for _, piece in pieces], dtype=np.int64)
        device = next(self.model.parameters()).device
        found: list[tuple[list[int], list[float]]] = [([], [])] * len(pieces)
        for batch in sorted_batches(lengths, BATCH_TOKENS):
            rows = batch.tolist()
            tokens, mask = stack([self.reader.read(pieces[row][1]) for row in rows])
            labels, confidences = self.model.tag(tokens.to(device), mask.to(device))
            for row, numbers, sure in zip(rows, labels.tolist(), confidences.tolist(), strict=True):
                found[row] = numbers[: lengths[row]], sure[: lengths[row]]
        labels_of: list[list[str]] = [[] for _ in sentences]
        confidences_of: list[list[float]] = [[] for _ in sentences]
        for (number, _), (numbers, sure) in zip(pieces, found, strict=True):
            labels_of[number] += [self.labels[label] for label in numbers]
            confidences_of[number] += sure
        return [
            TaggedSentence(tuple(words), tuple(names), tuple(sure))
            for words, names, sure in zip(sentences, labels_of, confidences_of, strict=True)
        ]


def stack(
    sentences: Sequence[Int[np.ndarray[Any, Any], "_ _"]],
) -> tuple[Int[Tensor, "rows src parts"], Bool[Tensor, "rows src"]]:
    """Sentences as `TokenReader` reads them in one padded tensor, and True where a token is real."""
    shape = [max(sentence.shape[axis] for sentence in sentences) for axis in (0, 1)]
    tokens = np.full((len(sentences), *shape), PAD, np.int64)
    mask = np.zeros((len(sentences), shape[0]), np.bool_)
    for row, sentence in enumerate(sentences):
        tokens[row, : sentence.shape[0], : sentence.shape[1]] = sentence
        mask[row, : len(sentence)] = True
    return torch.from_numpy(tokens), torch.from_numpy(mask)
