"""Diverse beam search: groups of hypotheses that avoid each other's tokens.

Vijayakumar et al. 2018, "Diverse Beam Search for Improved Description of Complex Scenes", with their Hamming diversity:
the groups choose one after the other, and a token costs `strength` for each hypothesis of an earlier group that has
just taken it. The cost decides what is chosen; scores are the model's own.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding.beam import extend, keep_best, start_beam
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import FinishedSequences, PartialSequences, concatenate, sort_by_score
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import Candidates, topk_candidates
from seqtasks.incremental_state import NextLogits, reorder_hypotheses, select_rows
from seqtasks.special_tokens import END


def diverse_beam_search(
    stepper: Stepper,
    rules: DecodingConstraints,
    *,
    width: int,
    groups: int,
    strength: float,
    nbest: int,
    penalty: LengthPenalty,
) -> FinishedSequences:
    """The best hypotheses that any of the groups finds; the first group searches as a beam of its width does.

    Args:
        stepper: The model bound to a batch of inputs.
        rules: What tokens may follow, and how long outputs may be.
        width: Hypotheses alive at a time, in all groups together.
        groups: How many groups there are, which share them evenly.
        strength: What a token costs for each hypothesis of an earlier group that has taken it, as a log-probability.
        nbest: Hypotheses kept for each row.
        penalty: What scores are divided by.

    Returns:
        `nbest` different hypotheses a row, best first; those that were not found have a score of -inf.
    """
    rows, device, own = stepper.rows, stepper.device, width // groups
    limits, capacity, divisors, left, state, tokens, live = start_beam(stepper, rules, width, penalty, groups)
    # As many of each group as are asked for: others may have found the same.
    found = [FinishedSequences.start(rows, min(nbest, 2 * own), capacity, -torch.inf, device) for _ in range(groups)]
    for position in range(capacity):
        length = position + 1
        logits, state = stepper.step(tokens, position, state)
        log_probabilities = logits.float().log_softmax(2)
        log_probabilities = rules.apply(log_probabilities, live.tokens[..., :position], position, beam=True)
        costs = torch.zeros_like(log_probabilities[:, 0])
        onward = []
        for group in range(groups):
            members = slice(group * own, (group + 1) * own)
            best = choose(log_probabilities[:, members], live.scores[:, members], costs)
            best = best._replace(parents=best.parents + group * own)
            ends = best.tokens == END
            ended = Candidates(*(leaf[:, :own] for leaf in best))
            found[group] = keep_best(
                found[group], extend(live, ended, position), ends[:, :own], length, divisors, finished=True
            )
            onward.append(best.at(torch.sort(ends, dim=1, stable=True).indices[:, :own]))
            costs.scatter_add_(1, onward[-1].tokens, torch.full_like(onward[-1].scores, strength))
        chosen = Candidates(*(torch.cat(leaves, 1) for leaves in zip(*onward, strict=True)))
        live, tokens, parents = extend(live, chosen, position), chosen.tokens, chosen.parents
        if length in limits:
            cut = rules.max_length == length
            for group in range(groups):
                members = slice(group * own, (group + 1) * own)
                part = PartialSequences(*(leaf[:, members] for leaf in live))
                at_limit = cut.unsqueeze(1).expand(-1, own)
                found[group] = keep_best(found[group], part, at_limit, length, divisors, finished=False)
            live = live._replace(scores=live.scores.masked_fill(cut.unsqueeze(1), -torch.inf))

        most = divisors.gather(1, rules.max_length.unsqueeze(1))
        attainable = live.scores.view(len(live.scores), groups, own).amax(2) / most
        done = (attainable <= torch.stack([each.normalized_scores[:, -1] for each in found], 1)).all(1)
        if device.type == "cpu" and not done.any():
            kept = None
        else:
            kept = left.drop(done, distinct(concatenate(*found, dim=1), nbest), position)
        if kept is not None:
            if not len(kept):
                break
            parts = (live, found, tokens, parents, state, divisors)
            live, found, tokens, parents, state, divisors = select_rows(parts, kept)
            rules = rules.select_rows(kept)
        state = reorder_hypotheses(state, parents)
    return left.finish(distinct(concatenate(*found, dim=1), nbest))


def choose(
    log_probabilities: NextLogits, scores: Float[Tensor, "rows hyps"], costs: Float[Tensor, "rows vocab"]
) -> Candidates:
    """The best continuations of a group, by their scores less what their tokens cost."""
    costly = log_probabilities - costs.unsqueeze(1)
    best = topk_candidates(costly, scores, 2 * scores.shape[1])
    paid = costs.gather(1, best.tokens)
    return best._replace(scores=best.scores + paid, log_probabilities=best.log_probabilities + paid)


def distinct(found: FinishedSequences, count: int) -> FinishedSequences:
    """The best that differ from each other."""
    ordered = sort_by_score(found, found.lengths.shape[1])
    places = torch.arange(ordered.sequences.tokens.shape[2], device=ordered.lengths.device)
    inside = places < ordered.lengths.unsqueeze(2)
    tokens: Int[Tensor, "rows hyps capacity"] = ordered.sequences.tokens.masked_fill(~inside, -1)
    same = (tokens.unsqueeze(2) == tokens.unsqueeze(1)).all(3).tril(-1).any(2)
    scores = ordered.normalized_scores.masked_fill(same, -torch.inf)
    return sort_by_score(ordered._replace(normalized_scores=scores), count)
