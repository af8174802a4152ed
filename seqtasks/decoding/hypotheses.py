"""What a search found: as tensors while it runs, as plain Python objects at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from seqtasks.decoding.repetition import is_repetitive
from seqtasks.incremental_state import gather_hypotheses


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One output. Its tokens hold neither the begin nor the end token."""

    tokens: tuple[int, ...]
    score: float
    """Sum of the log-probabilities (natural logarithm), end token included."""
    normalized_score: float
    """The score divided by the length penalty."""
    log_probabilities: tuple[float, ...]
    """Of each token and, where finished, of the end token."""
    finished: bool
    """False where the output was cut at the length limit."""
    repetitive: bool = False
    """It says the same over and over, more often than its source; search stops such outputs."""


class PartialSequences(NamedTuple):
    """Token sequences under way. Positions beyond their ends mean nothing."""

    tokens: Int[Tensor, "rows hyps capacity"]
    log_probabilities: Float[Tensor, "rows hyps capacity"]
    scores: Float[Tensor, "rows hyps"]

    @classmethod
    def start(cls, rows: int, hyps: int, capacity: int, device: torch.device) -> PartialSequences:
        """Empty sequences with score 0."""
        return cls(
            torch.zeros(rows, hyps, capacity, dtype=torch.long, device=device),
            torch.zeros(rows, hyps, capacity, device=device),
            torch.zeros(rows, hyps, device=device),
        )


class FinishedSequences(NamedTuple):
    """Token sequences that are done, best first. A place not filled yet has length 0 and normalized score -inf."""

    sequences: PartialSequences
    normalized_scores: Float[Tensor, "rows hyps"]
    lengths: Int[Tensor, "rows hyps"]
    finished: Bool[Tensor, "rows hyps"]

    @classmethod
    def start(cls, rows: int, hyps: int, capacity: int, score: float, device: torch.device) -> FinishedSequences:
        """Empty sequences with this score."""
        empty = PartialSequences.start(rows, hyps, capacity, device)
        scores = torch.full_like(empty.scores, score)
        lengths = torch.zeros_like(scores, dtype=torch.long)
        return cls(empty._replace(scores=scores), scores, lengths, torch.zeros_like(lengths, dtype=torch.bool))

    def columns(self) -> tuple[Tensor, ...]:
        """Its tensors: tokens, log-probabilities, scores, normalized scores, lengths, and which are finished."""
        return (*self.sequences, *self[1:])


def concatenate(*parts: FinishedSequences, dim: int) -> FinishedSequences:
    """All of the parts, side by side along the rows (0) or the hypotheses (1)."""
    leaves = [torch.cat(columns, dim) for columns in zip(*(part.columns() for part in parts), strict=True)]
    return FinishedSequences(PartialSequences(*leaves[:3]), *leaves[3:])


def sort_by_score(found: FinishedSequences, hyps: int) -> FinishedSequences:
    """The `hyps` best by normalized score; of equals the earlier one."""
    order = torch.sort(found.normalized_scores, dim=1, descending=True, stable=True).indices
    return gather_hypotheses(found, order[:, :hyps])


def to_lists(found: FinishedSequences) -> list[list[Hypothesis]]:
    """The hypotheses of each row, at least one; further ones only where they are possible at all."""
    lists = []
    for row in zip(*(column.tolist() for column in found.columns()), strict=True):
        hypotheses = [
            Hypothesis(tuple(tokens[: length - finished]), score, normalized, tuple(values[:length]), finished)
            for tokens, values, score, normalized, length, finished in zip(*row, strict=True)
        ]
        lists.append(hypotheses[:1] + [other for other in hypotheses[1:] if other.normalized_score != -float("inf")])
    return lists


def mark_repetitive(rows: Sequence[Sequence[Hypothesis]], sources: Sequence[str]) -> list[list[Hypothesis]]:
    """The hypotheses of each row, those marked that repeat themselves more often than the text they are made from."""
    return [
        [replace(each, repetitive=True) if is_repetitive(each.tokens, source) else each for each in row]
        for row, source in zip(rows, sources, strict=True)
    ]
