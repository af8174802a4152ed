"""Several models that decide together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from seqtasks.decoding.stepper import Stepper, TargetScores
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State


class Ensemble:
    """The mean of the probabilities of its members.

    Args:
        steppers: The members, all bound to the same input; they share one vocabulary.

    Raises:
        SeqtasksError: There is no member, or members differ in their number of inputs, their device or the size of
            their vocabulary.
    """

    def __init__(self, steppers: Sequence[Stepper]) -> None:
        if not steppers:
            raise SeqtasksError("An ensemble has no members.", "Give at least one.")
        self._members = list(steppers)
        if len({(member.rows, member.device) for member in self._members}) > 1:
            raise SeqtasksError(
                "The members of an ensemble are bound to different inputs or devices.", "Give all the same batch."
            )
        self.rows = self._members[0].rows
        self.device = self._members[0].device

    def start(self, hyps: int, capacity: int) -> State:
        """The states of all members side by side."""
        return _ensemble_states([member.start(hyps, capacity) for member in self._members])

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Runs every member; the logits are the logarithm of the mean probability.

        Raises:
            SeqtasksError: The vocabularies of the members differ in size.
        """
        log_probabilities, states = [], []
        for member, shared, live in zip(self._members, state.per_row, state.per_hypothesis, strict=True):
            logits, after = member.step(tokens, position, State(shared, live))
            log_probabilities.append(logits.float().log_softmax(2))
            states.append(after)
        sizes = [each.shape[2] for each in log_probabilities]
        if len(set(sizes)) > 1:
            raise SeqtasksError(
                f"The members of an ensemble have vocabularies of different sizes: {', '.join(map(str, sizes))}.",
                "Only models trained with the same tokenizer can be combined.",
            )
        return _log_mean_exp(log_probabilities), _ensemble_states(states)

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        """The attention is the mean of the members', None where one has none."""
        forced = [member.score_targets(tokens, attention=attention) for member in self._members]
        maps = [each.attention for each in forced if each.attention is not None]
        mean = torch.stack(maps).mean(0) if len(maps) == len(forced) else None
        return TargetScores(_log_mean_exp([each.log_probabilities for each in forced]), mean)


def _ensemble_states(states: Sequence[State]) -> State:
    return State(tuple(state.per_row for state in states), tuple(state.per_hypothesis for state in states))


def _log_mean_exp(log_probabilities: Sequence[Tensor]) -> Tensor:
    """The logarithm of the mean of the probabilities."""
    return torch.stack(list(log_probabilities)).logsumexp(0) - math.log(len(log_probabilities))
