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
    """A model bound to its input: all that search knows. An `Ensemble` of steppers is a stepper.

    The axis `rows` of what it takes is that of the state, which shrinks when search drops finished rows.
    """

    @property
    def rows(self) -> int:
        """Inputs in the batch."""

    @property
    def device(self) -> torch.device:
        """Where the model computes; search keeps its tensors there."""
        ...

    def start(self, hyps: int, capacity: int) -> State:
        """The state before the first token.

        Args:
            hyps: Hypotheses of each row.
            capacity: The most steps that will follow.
        """

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Reads a token of every hypothesis.

        Args:
            tokens: The last token of each hypothesis, (rows, hyps).
            position: The position of these tokens; 0 is that of the begin token.
            state: What `start` or the step before returned. It is used up.

        Returns:
            Logits of the next token, (rows, hyps, vocab), and the state after this step.
        """

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        """Scores given targets.

        Args:
            tokens: Ids, (rows, tgt), the begin token first, padded at the end.
            attention: Asks for attention weights, too, which are None where the model has none.

        Returns:
            Entry i of each result is of token i + 1.
        """
