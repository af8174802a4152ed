"""A text that a model wrote, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.collate import pad
from seqtasks.decoding import Hypothesis, Stepper
from seqtasks.text import TextProcessor

Attention = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Output:
    """What all tasks that write have in common."""

    text: str
    score: float
    """Sum of the tokens' log-probabilities, natural logarithm."""
    normalised: float
    """The score under the length penalty."""
    tokens: tuple[str, ...] = ()
    log_probabilities: tuple[float, ...] = ()
    """Of each token, then of the end where it was reached."""
    finished: bool = True
    """False when the output was cut at the length limit."""
    attention: Attention | None = None
    """A row for each token (and the end): how much it looked at each source position."""


def written(hypothesis: Hypothesis, processor: TextProcessor) -> dict[str, Any]:
    """What a hypothesis says, as the fields of an `Output`."""
    return {
        "text": processor.decode(hypothesis.tokens),
        "score": hypothesis.score,
        "normalised": hypothesis.normalised,
        "tokens": tuple(processor.pieces(hypothesis.tokens)),
        "log_probabilities": hypothesis.log_probabilities,
        "finished": hypothesis.finished,
    }


def fields(output: Output) -> dict[str, Any]:
    """What a program that reads JSON wants to know of an output."""
    names = ("text", "score", "normalised", "tokens", "log_probabilities", "finished")
    return {name: getattr(output, name) for name in names}


def attention_of(
    stepper: Stepper, found: Sequence[Sequence[Hypothesis]], source_lengths: Sequence[int]
) -> list[Attention | None]:
    """Where the best hypotheses looked, read off in one pass over their tokens; None for a model without attention."""
    best = [hypotheses[0].tokens for hypotheses in found]
    forced = stepper.force(pad(best, begin=True, end=True).to(stepper.device), attention=True)
    if forced.attention is None:
        return [None] * len(found)
    weights = forced.attention.float().cpu()
    return [
        tuple(tuple(line) for line in row[: len(tokens) + 1, :length].tolist())
        for row, tokens, length in zip(weights, best, source_lengths, strict=True)
    ]
