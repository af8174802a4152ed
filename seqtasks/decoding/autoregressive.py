"""Hypotheses that never meet: what greedy search and sampling have in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from seqtasks.decoding.active_rows import RowsLeft
from seqtasks.decoding.constraints import Rules
from seqtasks.decoding.hypotheses import Found, Paths, take_rows
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.incremental_state import select

Choice = Callable[
    [Float[Tensor, "rows hyps vocab"], int, Int[Tensor, "rows"]],
    Int[Tensor, "rows hyps"],
]
"""Chooses the next tokens, given their log-probabilities, the position, and the rows' numbers in the whole batch."""


def walk(stepper: Stepper, rules: Rules, *, hyps: int, choose: Choice, penalty: LengthPenalty) -> Found:
    """Continues each of `hyps` hypotheses a row with the token chosen for it, until it ends or reaches its limit."""
    capacity = int(rules.max_length.max())
    left = RowsLeft(stepper.rows, stepper.device)
    state = stepper.start(hyps, capacity)
    tokens = torch.full((stepper.rows, hyps), rules.begin, device=stepper.device)
    found = Found(
        Paths.start(stepper.rows, hyps, capacity, stepper.device),
        torch.zeros(tokens.shape, device=stepper.device),
        torch.zeros_like(tokens),
        torch.zeros_like(tokens, dtype=torch.bool),
    )
    running = torch.ones_like(found.finished)
    for position in range(capacity):
        logits, state = stepper.step(tokens, position, state)
        log_probabilities = rules.apply(logits.float().log_softmax(2), found.paths.tokens[..., :position], position)
        tokens = choose(log_probabilities, position, left.numbers)
        values = log_probabilities.gather(2, tokens.unsqueeze(2)).squeeze(2)
        found, running = _continue(found, running, tokens, values, position, rules)
        kept = left.drop(~running.any(1), found, position)
        if kept is not None:
            found, tokens, running = take_rows((found, tokens, running), kept)
            if not len(kept):
                break
            state, rules = select(state, kept), rules.select(kept)
    found = left.finish(found)
    return found._replace(normalised=found.paths.scores / penalty.table(capacity, stepper.device)[found.lengths])


def _continue(
    found: Found,
    running: Bool[Tensor, "rows hyps"],
    tokens: Int[Tensor, "rows hyps"],
    values: Float[Tensor, "rows hyps"],
    position: int,
    rules: Rules,
) -> tuple[Found, Bool[Tensor, "rows hyps"]]:
    """Appends the tokens to the hypotheses that are running; also tells which of them run on."""
    paths = found.paths
    paths.tokens[..., position] = tokens
    paths.log_probabilities[..., position] = values
    scores = torch.where(running, paths.scores + values, paths.scores)
    lengths = found.lengths + running
    finished = found.finished | (running & (tokens == rules.end))
    onward = running & ~finished & (lengths < rules.max_length.unsqueeze(1))
    return Found(paths._replace(scores=scores), found.normalised, lengths, finished), onward
