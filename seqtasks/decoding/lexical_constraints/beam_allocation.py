"""Beam search under lexical constraints: dynamic beam allocation.

Post & Vilar 2018, "Fast Lexically Constrained Decoding with Dynamic Beam Allocation for Neural Machine Translation",
for a whole batch at once as in Hu et al. 2019, "Improved Lexically Constrained Decoding for Translation and Monolingual
Rewriting". Hypotheses that have as many tokens of their phrases compete with each other alone: the beam is shared out
among these banks, so that one that has begun a phrase is not driven out by others that have not paid for it yet. A beam
has a place for each phrase in each bank, so that one that costs less at first does not displace another that costs less
in the end, up to MAX_WIDTH; where there are more banks, neighboring ones share a place.

What phrases cost is spread over the whole output by an average: the longer and the worse the output, the better it
looks. So outputs with phrases are compared by the sums of their log-probabilities, whatever the length penalty.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.lexical_constraints.phrases import ConstraintState, LexicalConstraints
from seqtasks.decoding.topk import Candidates, topk_candidates
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import HypothesisTokens, NextLogits, gather_hypotheses, select_rows
from seqtasks.special_tokens import END, PAD

MAX_WIDTH = 24
"""Hypotheses alive at a time, where the user asks for fewer."""


@dataclass(frozen=True)
class BeamAllocation:
    """The constraints of the rows of a beam, and how far its hypotheses are."""

    constraints: LexicalConstraints
    state: ConstraintState
    max_length: Int[Tensor, "rows"]
    free_from: Int[Tensor, "rows"]
    """The position from which on a row is not bound to its prefix."""
    widths: Int[Tensor, "rows"]
    """Hypotheses of each row: of one without phrases as many as were asked for."""

    def select_rows(self, rows: Int[Tensor, "kept"]) -> BeamAllocation:
        """Those of the given rows."""
        parts = (self.constraints, self.state, self.max_length, self.free_from, self.widths)
        return BeamAllocation(*select_rows(parts, rows))

    def advance(self, parents: Int[Tensor, "rows hyps"], tokens: HypothesisTokens) -> BeamAllocation:
        """After hypotheses have been continued: `tokens[i]` is what follows hypothesis `parents[i]`."""
        return replace(self, state=self.constraints.advance(gather_hypotheses(self.state, parents), tokens))

    @property
    def width(self) -> int:
        """The most hypotheses of a row."""
        return self.state.matched.shape[1]

    @property
    def complete(self) -> Bool[Tensor, "rows hyps"]:
        """Which hypotheses contain all phrases of their row."""
        return (self.state.met | (self.constraints.needed == 0).unsqueeze(1)).all(2)

    def next_values(self, log_probabilities: NextLogits) -> Float[Tensor, "rows hyps forms_and_end"]:
        """What the model itself gives that which each form begins or goes on with, and the end, before any rule."""
        tokens = functional.pad(self.constraints.next_tokens(self.state), (0, 1), value=END)
        return log_probabilities.gather(2, tokens.clamp(max=log_probabilities.shape[2] - 1))

    def apply(
        self, log_probabilities: NextLogits, values: Float[Tensor, "rows hyps forms_and_end"], position: int
    ) -> Float[Tensor, "rows hyps forms"]:
        """Forbids in place what the phrases do not allow.

        No output ends without them, and where there is only just room for those that are missing, nothing else comes.

        Args:
            log_probabilities: Of the next token, after all other rules.
            values: What `next_values` said before these.
            position: That of the next token, from 0.

        Returns:
            The values of what may begin or go on with a phrase; -inf for all else.
        """
        free = (position >= self.free_from).unsqueeze(1)  # --> (rows, 1)
        complete = self.complete
        log_probabilities[..., END].masked_fill_(~complete & free, -torch.inf)
        tables, state = self.constraints, self.state
        unsure = (tables.needed.unsqueeze(1) * ~state.confirmed).sum(2)
        room = (self.max_length - position).unsqueeze(1)
        tight = (room <= unsure + 1) & free
        values, end = values[..., :-1], values[..., -1]
        if tables.continues is not None and (whole := tight & complete & (unsure > 0)).any():
            log_probabilities.masked_fill_(whole.unsqueeze(2) & tables.continues.unsqueeze(1), -torch.inf)
            stuck = whole & (log_probabilities.amax(2) == -torch.inf)
            log_probabilities[..., END] = torch.where(stuck, end, log_probabilities[..., END])
        values = values.masked_fill(~(tables.open_forms(state) & free.unsqueeze(2)), -torch.inf)
        forced = (tight & ~complete).unsqueeze(2)
        if forced.any():
            gains = tables.gains(state)
            shortest = (tables.lengths == tables.needed.gather(1, tables.owners)).unsqueeze(1)
            nearest = (gains == gains.amax(2, keepdim=True)) & ((gains > 0) | shortest)
            values = values.masked_fill(forced & ~nearest, -torch.inf)
            log_probabilities.masked_fill_(forced, -torch.inf)
            tokens = tables.next_tokens(state)
            log_probabilities.scatter_reduce_(2, tokens, values.masked_fill(~forced, -torch.inf), "amax")
        return values

    def ends(self, log_probabilities: NextLogits, scores: Float[Tensor, "rows hyps"]) -> Candidates:
        """As many continuations as the beam is wide of those hypotheses that are complete: ends among them count."""
        best = topk_candidates(log_probabilities, scores.masked_fill(~self.complete, -torch.inf), scores.shape[1])
        return best._replace(tokens=best.tokens.masked_fill(self._beyond(best.tokens), PAD))

    def onward(
        self,
        log_probabilities: NextLogits,
        values: Float[Tensor, "rows hyps forms"],
        scores: Float[Tensor, "rows hyps"],
    ) -> Candidates:
        """The continuations that make the next beam; none of them ends.

        Looked at are the best of all, the best of each hypothesis, and whatever begins or goes on with a phrase.
        """
        rows, width = scores.shape
        tables = self.constraints
        best = topk_candidates(log_probabilities, scores, 2 * width)
        beyond = torch.arange(best.scores.shape[1], device=scores.device) >= 2 * self.widths.unsqueeze(1)
        best = best._replace(scores=best.scores.masked_fill(beyond, -torch.inf))  # of wider beams beside this one
        constrained = (tables.total > 0).view(-1, 1, 1)
        own_values, own_tokens = log_probabilities.max(2, keepdim=True)
        extra_tokens = torch.cat([own_tokens, tables.next_tokens(self.state)], 2)  # --> (rows, hyps, 1 + forms)
        extra_values = torch.cat([own_values.masked_fill(~constrained, -torch.inf), values], 2)
        parents = torch.arange(width, device=scores.device).view(1, -1, 1).expand_as(extra_tokens)
        totals = scores.unsqueeze(2) + extra_values
        extra = Candidates(*(leaf.reshape(rows, -1) for leaf in (totals, extra_values, parents, extra_tokens)))
        every = Candidates(*(torch.cat(leaves, 1) for leaves in zip(best, extra, strict=True)))
        continuation = every.parents * log_probabilities.shape[2] + every.tokens  # which of all it is
        same = continuation.unsqueeze(2) == continuation.unsqueeze(1)
        twice = (same & (every.scores > -torch.inf).unsqueeze(1)).tril(-1).any(2)
        every = every._replace(scores=every.scores.masked_fill(twice | (every.tokens == END), -torch.inf))
        chosen = every.at(self._allocate(every, width))
        return chosen._replace(scores=chosen.scores.masked_fill(self._beyond(chosen.tokens), -torch.inf))

    def _beyond(self, tokens: HypothesisTokens) -> Bool[Tensor, "rows hyps"]:
        """Places that a row does not have."""
        return torch.arange(tokens.shape[1], device=tokens.device) >= self.widths.unsqueeze(1)

    def _allocate(self, candidates: Candidates, width: int) -> Int[Tensor, "rows chosen"]:
        """The places in the beam go round the banks, from the one with the most tokens of phrases on."""
        reached = self.advance(candidates.parents, candidates.tokens)
        tokens = self.constraints.progress(reached.state)
        banks = tokens * self.widths.unsqueeze(1) // (self.constraints.total + 1).unsqueeze(1)
        order = torch.sort(candidates.scores, dim=1, descending=True, stable=True).indices
        members = functional.one_hot(banks.gather(1, order), width)
        ranks = (members.cumsum(1) * members).sum(2)  # in their bank, from 1 on
        impossible = candidates.scores.gather(1, order) == -torch.inf
        turns = ranks * width - banks.gather(1, order) + impossible * (width * order.shape[1] + width)
        return order.gather(1, torch.sort(turns, dim=1, stable=True).indices[:, :width])


def allocate(
    constraints: LexicalConstraints, rules: DecodingConstraints, width: int
) -> tuple[BeamAllocation, DecodingConstraints]:
    """The beam shared out, `width` hypotheses or more, and the rules with room for the phrases.

    Raises:
        SeqtasksError: A prefix ends its output before the phrases, or a phrase holds what the vocabulary lacks.
    """
    if rules.prefix is None:
        given = torch.zeros_like(rules.max_length)
    else:
        given = (rules.prefix >= 0).sum(1)
        if ((rules.prefix == END).any(1) & (constraints.total > 0)).any():
            raise SeqtasksError("A prefix ends its output, which has to contain a phrase.", "Leave out one of the two.")
    needed = given + constraints.total + 1
    rules = replace(
        rules,
        max_length=torch.where(constraints.total > 0, torch.maximum(rules.max_length, needed), rules.max_length),
        largest_id=max(rules.largest_id, int(constraints.forms.max())),
    )
    banks, phrases = constraints.total + 1, (constraints.needed > 0).sum(1)
    widths = (banks * phrases).clamp(min=width, max=max(width, MAX_WIDTH))
    state = constraints.start(int(widths.max()))
    return BeamAllocation(constraints, state, rules.max_length, given, widths), rules
