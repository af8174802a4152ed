"""From documents to labels: tokens, windows, batching, the model or several, and everything back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqtasks.data.batching import sorted_batches
from seqtasks.data.collate import pad
from seqtasks.data.windows import windows
from seqtasks.models import Classifier
from seqtasks.special_tokens import PAD
from seqtasks.text import TextProcessor

BATCH_TOKENS = 8_000
"""Tokens a batch, padding included: more gives nothing on a CPU."""
THRESHOLD = 0.5
"""Where several labels may hold, those hold that are at least so probable."""


@dataclass(frozen=True)
class Classification:
    """What a model says of a document."""

    label: str
    """The most probable one."""
    probability: float
    probabilities: dict[str, float]
    """Of all labels, the most probable first."""
    labels: tuple[str, ...]
    """The label; where several may hold, those that are at least as probable as not."""


class DocumentClassifier:
    """A model or several that decide together, how text is read for them, and what their labels are called.

    A document of more than `window` tokens is read in overlapping windows, 0 = none is; its probabilities are the mean
    of theirs.
    """

    def __init__(
        self, models: Sequence[Classifier], processor: TextProcessor, labels: Sequence[str], *, window: int = 0
    ) -> None:
        self.models = list(models)
        self.processor = processor
        self.labels = list(labels)
        self.window = window

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """The labels of each text, in their order; they do not depend on each other."""
        return [self.classification(row) for row in self.probabilities(texts).tolist()]

    def classification(self, probabilities: Sequence[float]) -> Classification:
        """The labels by their probabilities, which stand in the order of the labels."""
        ranked = sorted(range(len(self.labels)), key=lambda number: -probabilities[number])
        best = ranked[0]
        held = ranked[:1]
        if self.models[0].multi_label:
            held = [number for number in ranked if probabilities[number] >= THRESHOLD]
        return Classification(
            self.labels[best],
            probabilities[best],
            {self.labels[number]: probabilities[number] for number in ranked},
            tuple(self.labels[number] for number in held),
        )

    @torch.no_grad()
    def probabilities(self, texts: Sequence[str]) -> Float[Tensor, "texts labels"]:
        """How probable each label is for each text; an ensemble's probabilities are the mean of its members'."""
        pieces = [windows(ids, self.window) for ids in self.processor.encode_all(texts)]
        owners = [number for number, each in enumerate(pieces) for _ in each]
        flat = [piece for each in pieces for piece in each]
        lengths = np.array([len(piece) + 2 for piece in flat], dtype=np.int64)
        device = next(self.models[0].parameters()).device
        found = torch.zeros(len(texts), len(self.labels))
        for batch in sorted_batches(lengths, BATCH_TOKENS):
            rows = batch.tolist()
            tokens = pad([flat[row] for row in rows], begin=True, end=True).to(device)
            members = [model.probabilities(tokens, tokens != PAD).cpu() for model in self.models]
            for row, probabilities in zip(rows, torch.stack(members).mean(dim=0), strict=True):
                found[owners[row]] += probabilities / len(pieces[owners[row]])
        return found
