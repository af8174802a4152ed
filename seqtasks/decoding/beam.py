"""Beam search: the best hypotheses that a beam of a given width finds."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seqtasks.decoding.active_rows import ActiveRows
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import (
    FinishedSequences,
    PartialSequences,
    concatenate,
    sort_by_score,
)
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.lexical_constraints.beam_allocation import BeamAllocation
from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import Candidates, topk_candidates
from seqtasks.incremental_state import HypothesisTokens, State, gather_hypotheses, reorder_hypotheses, select_rows
from seqtasks.special_tokens import BEGIN, END


def beam_search(
    stepper: Stepper,
    rules: DecodingConstraints,
    *,
    width: int,
    nbest: int,
    penalty: LengthPenalty,
    allocation: BeamAllocation | None = None,
) -> FinishedSequences:
    """The best hypotheses of each row by normalized score.

    Each step looks at 2 * `width` continuations, so that `width` of them go on even if as many end. An end counts only
    when it is among the first `width`: a beam of 1 is greedy search. A row stops when no live hypothesis can beat the
    worst one kept, whatever its length will be; hypotheses cut at the length limit compete with finished ones.

    Args:
        stepper: The model bound to a batch of inputs.
        rules: What tokens may follow, and how long outputs may be.
        width: Hypotheses alive at a time; with phrases more.
        nbest: Hypotheses kept for each row.
        penalty: What scores are divided by.
        allocation: The phrases that outputs contain; None where there are none.

    Returns:
        `nbest` hypotheses a row, best first; those that were not found have a score of -inf.
    """
    width = width if allocation is None else allocation.width
    limits, capacity, divisors, left, state, tokens, live = start_beam(stepper, rules, width, penalty)
    if allocation is not None:
        divisors = divisors.masked_fill((allocation.constraints.total > 0).unsqueeze(1), 1.0)
    device = stepper.device
    found = FinishedSequences.start(stepper.rows, nbest, capacity, -torch.inf, device)
    for position in range(capacity):
        length = position + 1
        logits, state = stepper.step(tokens, position, state)
        log_probabilities = logits.float().log_softmax(2)
        values = None if allocation is None else allocation.next_values(log_probabilities)
        log_probabilities = rules.apply(log_probabilities, live.tokens[..., :position], position, beam=True)
        if allocation is None or values is None:
            best = topk_candidates(log_probabilities, live.scores, 2 * width)
            ended = Candidates(*(leaf[:, :width] for leaf in best))
            onward = best.at(torch.sort(best.tokens == END, dim=1, stable=True).indices[:, :width])
        else:
            values = allocation.apply(log_probabilities, values, position)
            ended = allocation.ends(log_probabilities, live.scores)
            onward = allocation.onward(log_probabilities, values, live.scores)

        ends = ended.tokens == END
        if device.type != "cpu" or ends.any():  # elsewhere it would mean waiting for the device
            found = keep_best(found, extend(live, ended, position), ends, length, divisors, finished=True)

        live, tokens = extend(live, onward, position), onward.tokens
        allocation = allocation and allocation.advance(onward.parents, onward.tokens)
        if length in limits:
            cut = (rules.max_length == length).unsqueeze(1).expand(-1, width)
            kept_at_limit = cut if allocation is None else cut & allocation.complete
            found = keep_best(found, live, kept_at_limit, length, divisors, finished=False)
            live = live._replace(scores=live.scores.masked_fill(cut, -torch.inf))

        most = divisors.gather(1, rules.max_length.unsqueeze(1)).squeeze(1)
        attainable = live.scores.amax(1) / most  # scores only fall, the penalty only grows
        kept = left.drop(attainable <= found.normalized_scores[:, -1], found, position)
        parents = onward.parents
        if kept is not None:
            if not len(kept):
                break
            parts = (live, found, tokens, parents, state, divisors)
            live, found, tokens, parents, state, divisors = select_rows(parts, kept)
            rules = rules.select_rows(kept)
            allocation = allocation and allocation.select_rows(kept)
        state = reorder_hypotheses(state, parents)
    return left.finish(found)


class BeamStart(NamedTuple):
    """A beam before its first step."""

    limits: set[int]
    """The lengths at which rows are cut."""
    capacity: int
    """The longest of them."""
    divisors: Float[Tensor, "rows lengths"]
    """What scores are divided by, by length."""
    left: ActiveRows
    state: State
    tokens: HypothesisTokens
    live: PartialSequences


def start_beam(
    stepper: Stepper, rules: DecodingConstraints, width: int, penalty: LengthPenalty, groups: int = 1
) -> BeamStart:
    """A beam of `width` hypotheses, in groups of equal size that choose for themselves."""
    rows, device = stepper.rows, stepper.device
    limits = set(rules.max_length.tolist())
    capacity = max(limits)
    live = PartialSequences.start(rows, width, capacity, device)
    live.scores.view(rows, groups, -1)[:, :, 1:] = -torch.inf  # in a group all start equal: one is enough
    return BeamStart(
        limits,
        capacity,
        penalty.table(capacity, device).expand(rows, -1),
        ActiveRows(rows, device),
        stepper.start(width, capacity),
        torch.full((rows, width), BEGIN, device=device),
        live,
    )


def extend(paths: PartialSequences, candidates: Candidates, position: int) -> PartialSequences:
    """The paths that the candidates lead to."""
    tokens, log_probabilities, _ = gather_hypotheses(paths, candidates.parents)
    tokens[..., position] = candidates.tokens
    log_probabilities[..., position] = candidates.log_probabilities
    return PartialSequences(tokens, log_probabilities, candidates.scores)


def keep_best(
    found: FinishedSequences,
    paths: PartialSequences,
    counts: Bool[Tensor, "rows hyps"],
    length: int,
    divisors: Float[Tensor, "rows lengths"],
    *,
    finished: bool,
) -> FinishedSequences:
    """Adds those paths that count, and keeps as many of the best as there were. Of equals the earlier one stays."""
    normalized = (paths.scores / divisors[:, length : length + 1]).masked_fill(~counts, -torch.inf)
    new = FinishedSequences(
        paths, normalized, torch.full_like(counts, length, dtype=torch.long), torch.full_like(counts, finished)
    )
    return sort_by_score(concatenate(found, new, dim=1), hyps=found.normalized_scores.shape[1])
