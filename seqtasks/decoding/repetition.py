"""Loops: outputs that say the same over and over, up to the length limit, unless something stops them.

What is probable becomes more probable each time it is repeated (Holtzman et al. 2020, "The Curious Case of Neural Text
Degeneration"; Xu et al. 2022, "Learning to Break the Loop"), so that a model seldom leaves a loop by itself. To forbid
every n-gram that comes twice (`no_repeat_ngram_size`; Paulus et al. 2018) also forbids what is right. Here only loops
that are certain are stopped: in both sides of 791,000 pairs of English and German, two had one, of dots and of digits.
All other outputs are the same, bit by bit, as without the guard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from seqtasks.incremental_state import NextLogits
from seqtasks.special_tokens import END

ROUNDS, TOKENS = 4, 8
"""A loop has so many rounds and so many tokens, or more,"""
LONG_ROUNDS, LONG_TOKENS = 3, 30
"""or so many of a long cycle."""
CERTAIN = 12
"""An output loops for certain where all its loops have so many tokens. With another loop it can only end."""
LONGEST = 32
"""Tokens of the longest cycle that is looked for."""
INTERVAL = 4
"""Of so many positions one is looked at: a look costs some microseconds, and on an accelerator it waits for the device.
"""

_SEEN = 5
"""Hypotheses are looked at closely whose last tokens, so many, came before within a cycle; few others do."""
_LONGEST_IN_SOURCE = 200
"""Characters of the longest cycle of a source."""


class Repetitions(NamedTuple):
    """What a source repeats in a row, such as "ha ha ha ha ha": its translation may repeat it, too."""

    rounds: int
    """The most rounds of anything, a round that is not complete included."""
    runs: int
    """How often it has ROUNDS of something, or more."""


@lru_cache(maxsize=1024)
def source_repetitions(text: str) -> Repetitions:
    """What a text repeats, by characters: an output, whose tokens are longer, has no more rounds of the same."""
    characters = np.array([ord(character) for character in text.casefold()])
    rounds, runs = 1, 0
    for size in range(1, min(_LONGEST_IN_SOURCE, len(characters) - 1) + 1):
        same = characters[size:] == characters[:-size]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
        here = -(-(edges[1::2] - edges[::2] + size) // size)  # a last round that is not complete included
        rounds, runs = max(rounds, here.max(initial=1)), max(runs, (here >= ROUNDS).sum())
    return Repetitions(int(rounds), int(runs))


def least_length(size: int, repeated: int) -> int:
    """The tokens of the shortest loop whose cycle has `size` of them, for a source of `repeated` rounds."""
    rounds = LONG_ROUNDS if size * LONG_ROUNDS >= LONG_TOKENS else max(ROUNDS, -(-TOKENS // size))
    return size * max(rounds, repeated + 1)


def trailing_cycle(tokens: Sequence[int], end: int, repeated: int) -> int:
    """The tokens of the cycle of the loop that the first `end` tokens end with; 0 where there is none.

    Args:
        tokens: An output.
        end: How many of them are looked at.
        repeated: The rounds that its source has of anything; a loop has more.
    """
    for size in range(1, min(LONGEST, end // LONG_ROUNDS) + 1):
        if tokens[end - 1] == tokens[end - 1 - size]:
            start = end - least_length(size, repeated)
            if start >= 0 and tokens[start : end - size] == tokens[start + size : end]:
                return size
    return 0


class Loops(NamedTuple):
    """The loops of an output."""

    number: int
    tokens: int
    """Of all of them."""


def find_loops(tokens: Sequence[int], repeated: int, start: int = 0) -> Loops:
    """The loops of an output behind its first `start` tokens; `repeated` as in `trailing_cycle`."""
    number = total = covered = 0
    for end in range(start + 1, len(tokens) + 1):
        if size := trailing_cycle(tokens, end, repeated):
            number += covered < end - 1
            total += end - max(covered, end - least_length(size, repeated), start)
            covered = end
    return Loops(number, total)


def is_repetitive(tokens: Sequence[int], source: str) -> bool:
    """Whether an output loops for certain, in more rounds than its source has of anything."""
    if max(Counter(tokens).values(), default=0) < LONG_ROUNDS or find_loops(tokens, 1).tokens < CERTAIN:
        return False
    return find_loops(tokens, source_repetitions(source).rounds).tokens >= CERTAIN


@dataclass(frozen=True)
class RepetitionGuard:
    """Stops the loops of outputs.

    First the token that would go on with the loop is forbidden, so that the output can leave it; where it comes back to
    a loop, it can only end. Where the source repeats itself, each time is one more chance. The hypotheses of a beam,
    which are much alike, all end where one of them has to and none is without a loop: others would take its place.
    """

    sources: tuple[str, ...]
    """For each row the text that its outputs are made from; "" where there is none."""

    def select_rows(self, rows: Int[Tensor, "kept"]) -> RepetitionGuard:
        """The guard of the given rows."""
        return replace(self, sources=tuple(self.sources[row] for row in rows.tolist()))

    def apply(
        self,
        log_probabilities: NextLogits,
        history: Int[Tensor, "rows hyps position"],
        given: Int[Tensor, "rows prefix"] | None,
        *,
        beam: bool,
    ) -> None:
        """Forbids what would go on with a loop, in place.

        Args:
            log_probabilities: Of the next token, (rows, hyps, vocab).
            history: The tokens before it, (rows, hyps, position).
            given: Tokens that each row had to start with, -1 where it is free: loops in them are the user's.
            beam: Whether the hypotheses of a row are those of a beam, and not independent of each other.
        """
        position = history.shape[2]
        if position < CERTAIN or position % INTERVAL:
            return
        found = looping(history)
        if not found.any():
            return
        places = found.nonzero()
        for (row, hyp), tokens in zip(places.tolist(), history[tuple(places.T)].tolist(), strict=True):
            if END in tokens or not trailing_cycle(tokens, position, 1):  # one that ended is there while its row is
                continue
            source = source_repetitions(self.sources[row])
            start = 0 if given is None else int((given[row] >= 0).sum())
            size, loops = trailing_cycle(tokens, position, source.rounds), find_loops(tokens, source.rounds, start)
            if not size or loops.tokens < CERTAIN:
                continue
            onward = log_probabilities[row, hyp].clone()
            onward[tokens[-size]] = -torch.inf
            if onward.amax() > -torch.inf:  # what has no other way out stays as it is
                log_probabilities[row, hyp] = onward
            if loops.number > 1 + source.runs and loops.tokens >= CERTAIN + TOKENS:
                everyone = history[row].tolist() if beam else []
                all_loop = beam and all(find_loops(each, source.rounds, start).tokens >= CERTAIN for each in everyone)
                end_only(log_probabilities[row] if all_loop else log_probabilities[row, hyp : hyp + 1])


def end_only(log_probabilities: Float[Tensor, "hyps vocab"]) -> None:
    """Forbids all but the end, in place; where the end is forbidden, nothing."""
    end = log_probabilities[:, END].clone()
    log_probabilities.masked_fill_((end > -torch.inf).unsqueeze(1), -torch.inf)
    log_probabilities[:, END] = end


def looping(history: Int[Tensor, "rows hyps position"]) -> Bool[Tensor, "rows hyps"]:
    """Which hypotheses may end with a loop: those whose last tokens came before, within a cycle."""
    position = history.shape[2]
    size = min(LONGEST, position - _SEEN)
    same = torch.ones_like(history[..., :size], dtype=torch.bool)
    for end in range(position, position - _SEEN, -1):  # one after the other: much quicker than windows of all
        same &= history[..., end - 1 - size : end - 1] == history[..., end - 1 : end]
    return same.any(2)
