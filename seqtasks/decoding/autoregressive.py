"""Hypotheses that never meet: greedy search, and what sampling has in common with it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor

from seqtasks.decoding.active_rows import ActiveRows
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import FinishedSequences
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import topk_tokens
from seqtasks.incremental_state import HypothesisTokens, NextLogits, select_rows
from seqtasks.special_tokens import BEGIN, END

TokenSelector = Callable[[NextLogits, int, Int[Tensor, "rows"]], HypothesisTokens]
"""Chooses the next tokens, given their log-probabilities, the position, and the rows' numbers in the whole batch."""


def decode_autoregressively(
    stepper: Stepper, rules: DecodingConstraints, *, hyps: int, choose: TokenSelector, penalty: LengthPenalty
) -> FinishedSequences:
    """Continues each hypothesis with the token chosen for it, until it ends or reaches its limit.

    Args:
        stepper: The model bound to a batch of inputs.
        rules: What tokens may follow, and how long outputs may be.
        hyps: Hypotheses of each row.
        choose: Takes log-probabilities (rows, hyps, vocab), the position and the numbers of the rows that are left;
            gives tokens (rows, hyps).
        penalty: What scores are divided by.
    """
    capacity = int(rules.max_length.max())
    left = ActiveRows(stepper.rows, stepper.device)
    state = stepper.start(hyps, capacity)
    tokens = torch.full((stepper.rows, hyps), BEGIN, device=stepper.device)
    found = FinishedSequences.start(stepper.rows, hyps, capacity, 0.0, stepper.device)
    running = torch.ones_like(found.finished)
    for position in range(capacity):
        paths = found.sequences
        logits, state = stepper.step(tokens, position, state)
        log_probabilities = rules.apply(logits.float().log_softmax(2), paths.tokens[..., :position], position)
        tokens = choose(log_probabilities, position, left.indices)
        values = log_probabilities.gather(2, tokens.unsqueeze(2)).squeeze(2)
        paths.tokens[..., position] = tokens
        paths.log_probabilities[..., position] = values
        found = FinishedSequences(
            paths._replace(scores=torch.where(running, paths.scores + values, paths.scores)),
            found.normalized_scores,
            found.lengths + running,
            found.finished | (running & (tokens == END)),
        )
        running = running & ~found.finished & (found.lengths < rules.max_length.unsqueeze(1))
        kept = left.drop(~running.any(1), found, position)
        if kept is not None:
            if not len(kept):
                break
            found, tokens, running, state = select_rows((found, tokens, running, state), kept)
            rules = rules.select_rows(kept)
    found = left.finish(found)
    divisors = penalty.table(capacity, stepper.device)[found.lengths]
    return found._replace(normalized_scores=found.sequences.scores / divisors)


def greedy_search(stepper: Stepper, rules: DecodingConstraints, *, penalty: LengthPenalty) -> FinishedSequences:
    """The most likely token at each step, one hypothesis a row: the same tokens as a beam of 1 under penalty `none`."""
    return decode_autoregressively(stepper, rules, hyps=1, choose=argmax_tokens, penalty=penalty)


def argmax_tokens(log_probabilities: NextLogits, position: int, rows: Int[Tensor, "rows"]) -> HypothesisTokens:
    """Greedy search's choice: the most likely token of each hypothesis."""
    return topk_tokens(log_probabilities)
