"""Outputs drawn at random from the model's distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding.autoregressive import TokenSelector, decode_autoregressively
from seqtasks.decoding.config import DecodingConfig
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import FinishedSequences, sort_by_score
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import topk_candidates
from seqtasks.incremental_state import HypothesisTokens, NextLogits


def sample(
    stepper: Stepper, rules: DecodingConstraints, *, count: int, options: DecodingConfig, row_numbers: Sequence[int]
) -> FinishedSequences:
    """Independent samples, best first.

    The random numbers depend on the seed, the row's number, the hypothesis and the position alone: a row is given the
    same samples in any batch. Log-probabilities are the model's own, before temperature, top-k and top-p.

    Args:
        stepper: The model bound to a batch of inputs.
        rules: What tokens may follow, and how long outputs may be.
        count: Samples of each row.
        options: Temperature, top-k (Fan et al. 2018), top-p (Holtzman et al. 2020), seed and length penalty.
        row_numbers: Which input of the whole data each row is.
    """
    uniforms = uniform_numbers(options.seed, row_numbers, count, int(rules.max_length.max()))
    choose = multinomial_selector(options, torch.from_numpy(uniforms).to(stepper.device))
    penalty = LengthPenalty.parse(options.length_penalty)
    found = decode_autoregressively(stepper, rules, hyps=count, choose=choose, penalty=penalty)
    return sort_by_score(found, count)


def multinomial_selector(options: DecodingConfig, uniforms: Float[Tensor, "rows hyps capacity"]) -> TokenSelector:
    """Chooses at random, by numbers drawn for each position."""

    def choose(log_probabilities: NextLogits, position: int, rows: Int[Tensor, "rows"]) -> HypothesisTokens:
        ids, probabilities = _distribution(log_probabilities, options)
        index = _inverse_cumulative(probabilities, uniforms[rows, :, position])
        return index if ids is None else ids.gather(2, index.unsqueeze(2)).squeeze(2)

    return choose


def uniform_numbers(
    seed: int, row_numbers: Sequence[int], hyps: int, capacity: int
) -> Float[numpy.ndarray, "rows hyps capacity"]:
    """Random numbers that depend on the seed, the row, the hypothesis and the position alone.

    Args:
        seed: The same seed gives the same numbers.
        row_numbers: Which input of the whole data each row is.
        hyps: Hypotheses of each row.
        capacity: Positions; a larger capacity continues the same numbers.

    Returns:
        From 0 to below 1.
    """
    drawn = [
        [numpy.random.default_rng([seed, row, hyp]).random(capacity) for hyp in range(hyps)] for row in row_numbers
    ]
    return numpy.array(drawn, dtype=numpy.float32).clip(max=1 - 2**-24)


def _distribution(
    log_probabilities: NextLogits, options: DecodingConfig
) -> tuple[Int[Tensor, "rows hyps kept"] | None, Float[Tensor, "rows hyps kept"]]:
    """What to draw from: token ids (None: all in order) and their probabilities, which need not sum to 1.

    First temperature, then top-k (Fan et al. 2018), then top-p (Holtzman et al. 2020).
    """
    rows, hyps, vocab = log_probabilities.shape
    ids = None
    if 0 < options.top_k < vocab:
        flat = log_probabilities.flatten(0, 1).unsqueeze(1)  # (rows * hyps, 1, vocab)
        best = topk_candidates(flat, flat.new_zeros(rows * hyps, 1), options.top_k)
        ids = best.tokens.view(rows, hyps, options.top_k)
        log_probabilities = best.log_probabilities.view(rows, hyps, options.top_k)
    elif options.top_p < 1:
        log_probabilities, ids = torch.sort(log_probabilities, dim=2, descending=True, stable=True)
    probabilities = (log_probabilities / options.temperature).softmax(2)
    if options.top_p < 1:
        before = probabilities.cumsum(2) - probabilities
        first = torch.arange(probabilities.shape[2], device=probabilities.device) == 0
        probabilities = probabilities.masked_fill((before >= options.top_p) & ~first, 0.0)
    return ids, probabilities


def _inverse_cumulative(
    probabilities: Float[Tensor, "rows hyps kept"], uniforms: Float[Tensor, "rows hyps"]
) -> HypothesisTokens:
    """The index at which the cumulative probability first exceeds the number drawn; never one of probability 0."""
    cumulative = probabilities.cumsum(2)
    total = cumulative[..., -1]
    threshold = torch.minimum(uniforms * total, total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(cumulative, threshold.unsqueeze(2), right=True).squeeze(2)
