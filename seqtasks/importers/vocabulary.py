"""From the token ids of another program to ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN
from seqtasks.text.sentencepiece_model import BYTES

NO_ROW = -1
"""In place of a row: a vector of zeros, with which Marian begins a translation."""
NEVER = -100.0
"""A bias that leaves no probability, and is small enough that a model with it can be trained further."""


@dataclass(frozen=True)
class ImportedVocabulary:
    """The tokens of a model of another program, numbered anew.

    Behind the special ids and the bytes, which every model here has, come the tokens in their own order. Bytes that the
    model does not have take the vector of its unknown token and are never generated.

    Args:
        ids: The model's own number of each token.
        unknown: Its unknown token.
        end: Its end of a sentence.
        padding: Its padding, which begins a translation; None where zeros do.
        with_bytes: Whether its text processors spell what they lack in bytes.
    """

    ids: Mapping[str, int]
    unknown: str
    end: str
    padding: str | None
    with_bytes: bool = False

    @cached_property
    def names(self) -> list[str]:
        """The tokens behind the special ids and the bytes."""
        special = {self.unknown, self.end, self.padding, *(BYTES if self.with_bytes else ())}
        return [name for name in sorted(self.ids, key=self.ids.__getitem__) if name not in special]

    @cached_property
    def rows(self) -> list[int]:
        """For each of our ids the number of the token in the other program."""
        unknown = self.ids[self.unknown]
        begin = NO_ROW if self.padding is None else self.ids[self.padding]
        special = {PAD: begin, UNKNOWN: unknown, BEGIN: begin, END: self.ids[self.end]}
        spelled = [self.ids.get(name, unknown) if self.with_bytes else unknown for name in BYTES]
        return [special[number] for number in range(len(special))] + spelled + [
            self.ids[name] for name in self.names
        ]  # fmt: skip

    @cached_property
    def never(self) -> list[int]:
        """Our ids that the model cannot generate."""
        unknown = self.ids[self.unknown]
        return [number for number, row in enumerate(self.rows) if row in (NO_ROW, unknown) and number != UNKNOWN] + (
            [] if self.padding is None else [PAD, BEGIN]
        )

    def matrix(self, theirs: Float[Tensor, "their_vocab dim"]) -> Float[Tensor, "vocab dim"]:
        """The rows of an embedding or an output layer in our order."""
        padded = torch.cat([theirs, theirs.new_zeros(1, theirs.shape[1])])
        return padded[torch.tensor(self.rows)]

    def bias(self, theirs: Float[Tensor, "their_vocab"]) -> Float[Tensor, "vocab"]:
        """The bias of the output layer in our order; what is never generated has none of the probability."""
        ours = torch.cat([theirs, theirs.new_zeros(1)])[torch.tensor(self.rows)]
        ours[self.never] = NEVER
        return ours
