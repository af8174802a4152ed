"""The most probable next words after the beginning of an output.

A word is a token that begins one and all that go on with it. Its probability is that of these tokens, and then of
anything that does not go on with it: "Hund" is not what "Hunde" begins with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import topk_candidates
from seqtasks.incremental_state import gather_hypotheses, reorder_hypotheses
from seqtasks.special_tokens import BEGIN, END, NEVER_GENERATED

LONGEST = 24
"""Tokens of the longest word."""


class NextWord(NamedTuple):
    """A word that can come next."""

    log_probability: float
    """Natural logarithm."""
    tokens: tuple[int, ...]


@torch.no_grad()
def next_words(
    stepper: Stepper,
    prefixes: Sequence[Sequence[int]],
    *,
    count: int,
    width: int,
    continuation_tokens: Bool[Tensor, "vocab"] | None = None,
) -> list[list[NextWord]]:
    """The most probable words after the prefix of each row.

    Args:
        stepper: The model bound to a batch of inputs.
        prefixes: For each row the tokens that its output begins with: whole words, which nothing goes on with.
        count: Words for each row.
        width: Beginnings of words that are looked at together; from 2 * `count` on little is missed.
        continuation_tokens: Which tokens go on with the word before them; None: each token is a word.

    Returns:
        For each row at most `count` words, the most probable first, none of which is the end.
    """
    device = stepper.device
    starts = torch.tensor([len(prefix) for prefix in prefixes], device=device).view(-1, 1, 1)
    longest = int(starts.max())
    padded = [[*prefix, *[0] * (longest + 1 - len(prefix))] for prefix in prefixes]
    given = torch.tensor(padded, device=device)
    state = stepper.start(width, longest + LONGEST + 1)
    tokens = torch.full((stepper.rows, width), BEGIN, device=device)
    scores = torch.full((stepper.rows, width), -torch.inf, device=device)
    scores[:, 0] = 0.0
    written = torch.zeros(stepper.rows, width, 0, dtype=torch.long, device=device)
    found: list[list[NextWord]] = [[] for _ in prefixes]
    for position in range(longest + LONGEST + 1):
        logits, state = stepper.step(tokens, position, state)
        values = logits.float().log_softmax(2)
        goes_on = torch.zeros_like(values[0, 0], dtype=torch.bool)
        if continuation_tokens is not None:
            goes_on |= continuation_tokens.to(device)
        never = torch.zeros_like(goes_on)
        never[list(NEVER_GENERATED)] = True
        begun = starts < position
        ends = scores + values.masked_fill(goes_on | never, -torch.inf).logsumexp(2)
        for row in begun.flatten().nonzero().flatten().tolist():
            own = zip(ends[row].tolist(), written[row, :, len(prefixes[row]) :].tolist(), strict=True)
            words = [NextWord(value, tuple(word)) for value, word in own if value > -torch.inf]
            found[row] = sorted([*found[row], *words], key=lambda each: -each.log_probability)[:count]
        least = [row[-1].log_probability if len(row) == count else -torch.inf for row in found]
        attainable = torch.where(begun.flatten(), scores.amax(1), torch.inf)
        if (attainable <= torch.tensor(least, device=device)).all():
            break
        never[END] = True
        forced = torch.full_like(values, -torch.inf)
        forced.scatter_(2, given[:, min(position, longest)].view(-1, 1, 1).expand(-1, width, 1), 0.0)
        values = torch.where(
            begun,
            values.masked_fill(~goes_on | never, -torch.inf),
            torch.where(starts == position, values.masked_fill(goes_on | never, -torch.inf), forced),
        )
        best = topk_candidates(values, scores, width)
        scores, tokens = best.scores, best.tokens
        written = torch.cat([gather_hypotheses(written, best.parents), tokens.unsqueeze(2)], 2)
        state = reorder_hypotheses(state, best.parents)
    return found
