"""How probable a model finds a text."""

from __future__ import annotations

import math

from seqtasks.metrics.score import Score

LARGEST_LOSS = 700.0
"""Nats whose exponential is a number still."""


def likelihood_scores(nats: float, tokens: int, characters: int | None, reading: str) -> tuple[Score, ...]:
    """The loss in nats a token, perplexity, and bits a character; of all three less is better.

    Args:
        nats: The negative log-likelihood of all tokens together, natural logarithm.
        tokens: How many there are.
        characters: Those that the tokens spell; None where a token can spell any characters, which leaves out bits per
            character.
        reading: What the model knew of the text before each token; it is part of the signatures.
    """
    mean = nats / tokens
    signed = f"{reading}|tokens={tokens}"
    scores = [
        Score("loss", mean, f"nats|per=token|{signed}"),
        Score("perplexity", math.exp(min(mean, LARGEST_LOSS)), f"perplexity|per=token|{signed}"),
    ]
    if characters:
        bits = nats / math.log(2) / characters
        scores.append(Score("bits-per-character", bits, f"bits|per=character|{signed}|characters={characters}"))
    return tuple(scores)
