"""Rows leave the batch as soon as their search is over."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seqtasks.decoding.hypotheses import FinishedSequences, concatenate
from seqtasks.incremental_state import select_rows


class ActiveRows:
    """The rows still searched, and what the ones that have left found.

    Dropping costs a copy of the state, so that rows leave when an eighth of the batch is done. To know it means waiting
    for the device: on an accelerator that is asked every fourth step only.
    """

    def __init__(self, rows: int, device: torch.device) -> None:
        self.indices: Int[Tensor, "kept"] = torch.arange(rows, device=device)
        """Of the rows left, their places in the batch as it was."""
        self._interval = 1 if device.type == "cpu" else 4
        self._left: list[tuple[Int[Tensor, "gone"], FinishedSequences]] = []

    def drop(self, done: Bool[Tensor, "rows"], found: FinishedSequences, position: int) -> Int[Tensor, "kept"] | None:
        """Takes what the done rows found and returns the rows to keep, or None where all stay for now."""
        if (position + 1) % self._interval or int(done.sum()) * 8 < max(len(done), 1):
            return None
        self._take(done.nonzero().squeeze(1), found)
        kept = (~done).nonzero().squeeze(1)
        self.indices = self.indices[kept]
        return kept

    def finish(self, found: FinishedSequences) -> FinishedSequences:
        """What all rows found, in their first order; `found` belongs to the rows left."""
        self._take(torch.arange(len(self.indices), device=self.indices.device), found)
        order = torch.cat([numbers for numbers, _ in self._left]).argsort()
        return select_rows(concatenate(*(part for _, part in self._left), dim=0), order)

    def _take(self, rows: Int[Tensor, "gone"], found: FinishedSequences) -> None:
        self._left.append((self.indices[rows], select_rows(found, rows)))
