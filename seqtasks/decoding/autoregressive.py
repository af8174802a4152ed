"""Hypotheses that never meet: what greedy search and sampling have in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from seqtasks.decoding.active_rows import ActiveRows
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import FinishedSequences, PartialSequences, index_rows
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.incremental_state import select_rows

TokenSelector = Callable[
    [Float[Tensor, "rows hyps vocab"], int, Int[Tensor, "rows"]],
    Int[Tensor, "rows hyps"],
]
"""Chooses the next tokens, given their log-probabilities, the position, and the rows' numbers in the whole batch."""


def decode_autoregressively(
    stepper: Stepper, rules: DecodingConstraints, *, hyps: int, choose: TokenSelector, penalty: LengthPenalty
) -> FinishedSequences:
    """Continues each of `hyps` hypotheses a row with the token chosen for it, until it ends or reaches its limit."""
    capacity = int(rules.max_length.max())
    left = ActiveRows(stepper.rows, stepper.device)
    state = stepper.start(hyps, capacity)
    tokens = torch.full((stepper.rows, hyps), rules.begin, device=stepper.device)
    found = FinishedSequences(
        PartialSequences.start(stepper.rows, hyps, capacity, stepper.device),
        torch.zeros(tokens.shape, device=stepper.device),
        torch.zeros_like(tokens),
        torch.zeros_like(tokens, dtype=torch.bool),
    )
    running = torch.ones_like(found.finished)
    for position in range(capacity):
        logits, state = stepper.step(tokens, position, state)
        log_probabilities = rules.apply(logits.float().log_softmax(2), found.sequences.tokens[..., :position], position)
        tokens = choose(log_probabilities, position, left.indices)
        values = log_probabilities.gather(2, tokens.unsqueeze(2)).squeeze(2)
        found, running = _continue(found, running, tokens, values, position, rules)
        kept = left.drop(~running.any(1), found, position)
        if kept is not None:
            found, tokens, running = index_rows((found, tokens, running), kept)
            if not len(kept):
                break
            state, rules = select_rows(state, kept), rules.select_rows(kept)
    found = left.finish(found)
    return found._replace(
        normalized_scores=found.sequences.scores / penalty.table(capacity, stepper.device)[found.lengths]
    )


def _continue(
    found: FinishedSequences,
    running: Bool[Tensor, "rows hyps"],
    tokens: Int[Tensor, "rows hyps"],
    values: Float[Tensor, "rows hyps"],
    position: int,
    rules: DecodingConstraints,
) -> tuple[FinishedSequences, Bool[Tensor, "rows hyps"]]:
    """Appends the tokens to the hypotheses that are running; also tells which of them run on."""
    paths = found.sequences
    paths.tokens[..., position] = tokens
    paths.log_probabilities[..., position] = values
    scores = torch.where(running, paths.scores + values, paths.scores)
    lengths = found.lengths + running
    finished = found.finished | (running & (tokens == rules.end))
    onward = running & ~finished & (lengths < rules.max_length.unsqueeze(1))
    return FinishedSequences(paths._replace(scores=scores), found.normalized_scores, lengths, finished), onward
