"""One output, token by token as it is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch.nn import functional

from seqtasks.decoding.autoregressive import TokenSelector, argmax_tokens
from seqtasks.decoding.config import DecodingConfig
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.sampling import multinomial_selector, uniform_numbers
from seqtasks.decoding.stepper import Stepper
from seqtasks.special_tokens import BEGIN, END

BLOCK = 1024
"""Tokens for which there is room at a time, however many are asked for."""


class SampledToken(NamedTuple):
    """The next token of an output."""

    token: int
    """The end token is the last one, where the output does not reach its limit before."""
    log_probability: float
    """The model's own, natural logarithm."""


def stream(
    stepper: Stepper,
    *,
    options: DecodingConfig,
    length: int,
    number: int = 0,
    before: Sequence[int] = (),
    bad_words_ids: Sequence[Sequence[int]] = (),
) -> Iterator[SampledToken]:
    """What `decode` finds for one input, token by token: the first sample, or the output of greedy search.

    Args:
        stepper: The model bound to one row.
        options: With `sample` a sample is drawn, otherwise the search is greedy.
        length: The most tokens.
        number: The number of the row, as for `decode`: samples depend on it.
        before: The tokens of the same output that were found already, where it is made in several parts;
            `options.min_length` is that of the whole.
        bad_words_ids: Phrases, as tokens, that the output does not contain.

    Yields:
        Tokens with their log-probabilities; the last one is the end token unless `length` is reached.
    """
    first, end = len(before), len(before) + length
    row = torch.zeros(1, dtype=torch.long, device=stepper.device)
    rules = DecodingConstraints.from_config(options, row, bad_words=[bad_words_ids])
    choose: TokenSelector = argmax_tokens
    history = torch.tensor(before, dtype=torch.long, device=stepper.device).view(1, 1, -1)
    with torch.no_grad():
        state = stepper.start(1, length)
    tokens = torch.full((1, 1), BEGIN, device=stepper.device)
    for position in range(first, end):
        if (position - first) % BLOCK == 0:
            reached = min(position + BLOCK, end)
            history = functional.pad(history, (0, reached - position))
            if options.sample:
                uniforms = uniform_numbers(options.seed, [number], 1, reached)
                choose = multinomial_selector(options, torch.from_numpy(uniforms).to(stepper.device))
        with torch.no_grad():
            logits, state = stepper.step(tokens, position - first, state)
            log_probabilities = rules.apply(logits.float().log_softmax(2), history[..., :position], position)
            tokens = choose(log_probabilities, position, row)
        history[..., position] = tokens
        token = int(tokens)
        yield SampledToken(token, float(log_probabilities[0, 0, token]))
        if token == END:
            return
