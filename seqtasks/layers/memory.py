"""What an encoder hands over to a decoder, a classifier or a tagger."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

SourceStates = Float[Tensor, "rows src dim"]
"""A vector for each position of padded rows."""

Mask = Bool[Tensor, "rows src"]
"""True where a position is real, False where it pads the batch."""


class Memory(NamedTuple):
    """The encoded source. Never copied for each hypothesis: hypotheses are the query axis of attention."""

    states: SourceStates
    mask: Mask
    summary: Float[Tensor, "rows dim"]
    """One vector for the whole source: the start of a recurrent decoder."""
