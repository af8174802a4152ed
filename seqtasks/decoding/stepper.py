"""The protocol of what is searched over.

Search knows nothing else: no model class, no task, no tokenizer.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.incremental_state import HypothesisTokens, NextLogits, State


class TargetScores(NamedTuple):
    """What a model says of given targets (teacher forcing)."""

    log_probabilities: Float[Tensor, "rows tgt"]
    """Of each given token, natural logarithm, float32."""
    attention: Float[Tensor, "rows tgt src"] | None
    """Where each step looked; None for a model without attention."""


@runtime_checkable
class Stepper(Protocol):
    """A model bound to its input: all that search knows. An `Ensemble` of steppers is a stepper."""

    @property
    def rows(self) -> int:
        """Inputs in the batch."""

    @property
    def device(self) -> torch.device: ...

    def start(self, hyps: int, capacity: int) -> State:
        """The state before the first token, for `hyps` hypotheses a row and at most `capacity` steps."""

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Reads the token at `position` (0 is the begin token) and returns logits for the next one.

        `rows` is that of the state, which shrinks when search drops finished rows.
        """

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        """Scores given targets. `tokens` start with the begin token; entry i of the result is of token i + 1."""
