"""What a training objective gives."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """A sum and what to divide it by: the trainer does so over all parts of an update."""

    total: Float[Tensor, ""]
    count: Int[Tensor, ""] | Float[Tensor, ""]
