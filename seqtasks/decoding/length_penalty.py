"""How hypotheses of different lengths are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class LengthPenalty:
    """What a score is divided by: a number that grows with the length, end token included.

    `none`: 1. `average`: the length. `wu`: ((5 + length) / 6) ** alpha, equation 14 of Wu et al. 2016,
    "Google's Neural Machine Translation System".
    """

    kind: Literal["none", "average", "wu"]
    alpha: float = 0.0

    @classmethod
    def parse(cls, text: str) -> LengthPenalty:
        """Reads "none", "average" or "wu:ALPHA" with ALPHA >= 0.

        Raises:
            ValueError: For anything else.
        """
        if text == "none":
            return cls("none")
        if text == "average":
            return cls("average")
        kind, _, alpha = text.partition(":")
        try:
            exponent = float(alpha)
        except ValueError:
            exponent = -1.0
        if kind != "wu" or not 0 <= exponent < float("inf"):
            raise ValueError(
                f'{text!r} is not a length penalty: write "none", "average" or "wu:0.6" (any number from 0).'
            )
        return cls("wu", exponent)

    def __call__(self, length: int) -> float:
        """What the score of a hypothesis of `length` tokens is divided by."""
        if self.kind == "none":
            return 1.0
        if self.kind == "average":
            return float(max(length, 1))
        return float(((5 + length) / 6) ** self.alpha)

    def table(self, capacity: int, device: torch.device) -> Float[Tensor, "lengths"]:
        """Entry n is the penalty of length n, for n from 0 to `capacity`. It never decreases."""
        return torch.tensor([self(length) for length in range(capacity + 1)], dtype=torch.float32, device=device)
