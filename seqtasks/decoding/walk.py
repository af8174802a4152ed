"""Hypotheses that never meet: what greedy search and sampling have in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding.dropping import RowsLeft
from seqtasks.decoding.penalty import LengthPenalty
from seqtasks.decoding.result import Found, Paths, take_rows
from seqtasks.decoding.rules import Rules
from seqtasks.decoding.state import Stepper, select

Choice = Callable[
    [Float[Tensor, "rows hyps vocab"], int, Int[Tensor, "rows"]],
    Int[Tensor, "rows hyps"],
]
"""Chooses the next tokens, given their log-probabilities, the position, and the rows' numbers in the whole batch."""


def walk(stepper: Stepper, rules: Rules, *, hyps: int, choose: Choice, penalty: LengthPenalty) -> Found:
    """Continues each of `hyps` hypotheses a row with the token chosen for it, until it ends or reaches its limit."""
    capacity = int(rules.max_length.max())
    table = penalty.table(capacity, stepper.device)
    left = RowsLeft(stepper.rows, stepper.device)
    state = stepper.start(hyps, capacity)
    tokens = torch.full((stepper.rows, hyps), rules.begin, device=stepper.device)
    found = Found(
        Paths.start(stepper.rows, hyps, capacity, stepper.device),
        torch.zeros(tokens.shape, device=stepper.device),
        torch.zeros_like(tokens),
        torch.zeros_like(tokens, dtype=torch.bool),
    )
    for position in range(capacity):
        logits, state = stepper.step(tokens, position, state)
        log_probabilities = rules.apply(logits.float().log_softmax(2), found.paths.tokens[..., :position], position)
        tokens = choose(log_probabilities, position, left.numbers)
        values = log_probabilities.gather(2, tokens.unsqueeze(2)).squeeze(2)
        found = _continue(found, tokens, values, position, rules, table)
        done = (found.finished | (found.lengths >= rules.max_length.unsqueeze(1))).all(1)
        kept = left.drop(done, found, position)
        if kept is not None:
            found, tokens = take_rows(found, kept), tokens[kept]
            if not len(kept):
                break
            state, rules = select(state, kept), rules.select(kept)
    return left.finish(found)


def _continue(
    found: Found,
    tokens: Int[Tensor, "rows hyps"],
    values: Float[Tensor, "rows hyps"],
    position: int,
    rules: Rules,
    table: Float[Tensor, "lengths"],
) -> Found:
    """Appends the tokens to the hypotheses that still run."""
    paths = found.paths
    running = ~found.finished & (position < rules.max_length.unsqueeze(1))
    values = values.masked_fill(~running, 0.0)
    paths.tokens[..., position] = tokens
    paths.log_probabilities[..., position] = values
    scores = paths.scores + values
    lengths = found.lengths + running
    finished = found.finished | (running & (tokens == rules.end))
    return Found(Paths(paths.tokens, paths.log_probabilities, scores), scores / table[lengths], lengths, finished)
