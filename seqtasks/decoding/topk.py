"""The best next tokens, found without sorting the vocabulary.

Equal scores are ordered by hypothesis, then by token id. So the result never depends on the size of the batch, on the
device, or on how many candidates are asked for: the first of two candidates is the one that greedy search takes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

_BLOCK = 64


class Candidates(NamedTuple):
    """Continuations of the hypotheses of a row, best first."""

    scores: Float[Tensor, "rows count"]
    """Of the hypothesis and the new token together."""
    log_probabilities: Float[Tensor, "rows count"]
    """Of the new token."""
    parents: Int[Tensor, "rows count"]
    """The hypothesis continued."""
    tokens: Int[Tensor, "rows count"]

    def at(self, index: Int[Tensor, "rows chosen"]) -> Candidates:
        """Those that `index` names, for each row."""
        return Candidates(*(leaf.gather(1, index) for leaf in self))


def topk_candidates(
    log_probabilities: Float[Tensor, "rows hyps vocab"], scores: Float[Tensor, "rows hyps"], count: int
) -> Candidates:
    """The continuations of each row with the highest sums of score and log-probability.

    The vocabulary is cut into blocks. The best `count` blocks, ranked by their maxima, contain the best `count` tokens:
    a token of any other block is beaten by the maximum of each of these. Exact, and nearly three times as fast as
    `torch.topk` over everything.

    Args:
        log_probabilities: Of the next token, (rows, hyps, vocab).
        scores: Of the hypotheses, (rows, hyps).
        count: Continuations of each row.
    """
    vocab = log_probabilities.shape[2]
    maxima = _maxima(log_probabilities)
    blocks = maxima.shape[2]
    ranked = (maxima + scores.unsqueeze(2)).flatten(1)  # (rows, hyps * blocks)
    places = torch.arange(ranked.shape[1], device=scores.device)
    chosen = _ranks(ranked, places).topk(min(count, ranked.shape[1]), dim=1).indices  # (rows, chosen)

    inside = torch.arange(_BLOCK, device=scores.device)
    tokens = (chosen % blocks * _BLOCK).unsqueeze(2) + inside  # (rows, chosen, block)
    parents = (chosen // blocks).unsqueeze(2).expand_as(tokens)
    flat = (parents * vocab + tokens.clamp(max=vocab - 1)).flatten(1)
    tokens, parents = tokens.flatten(1), parents.flatten(1)
    values = log_probabilities.flatten(1).gather(1, flat).masked_fill(tokens >= vocab, -torch.inf)
    totals = scores.gather(1, parents) + values

    order = (
        _ranks(totals, parents * (blocks * _BLOCK) + tokens).topk(min(count, scores.shape[1] * vocab), dim=1).indices
    )
    return Candidates(totals, values, parents, tokens.clamp(max=vocab - 1)).at(order)


def topk_tokens(log_probabilities: Float[Tensor, "rows hyps vocab"]) -> Int[Tensor, "rows hyps"]:
    """The most likely token of each hypothesis; of equals the one with the lowest id.

    `argmax` takes the first of equals, but looks at one number at a time: several times as slow as finding maxima.
    """
    block = _maxima(log_probabilities).argmax(2, keepdim=True)
    tokens = (block * _BLOCK + torch.arange(_BLOCK, device=block.device)).clamp_(max=log_probabilities.shape[2] - 1)
    inside = log_probabilities.gather(2, tokens).argmax(2, keepdim=True)
    return tokens.gather(2, inside).squeeze(2)


def _maxima(log_probabilities: Float[Tensor, "rows hyps vocab"]) -> Float[Tensor, "rows hyps blocks"]:
    """The maximum of each block of the vocabulary; the last block is what is left over."""
    *shape, vocab = log_probabilities.shape
    whole = vocab // _BLOCK
    maxima = log_probabilities[..., : whole * _BLOCK].view(*shape, whole, _BLOCK).amax(3)
    if vocab % _BLOCK:
        maxima = torch.cat([maxima, log_probabilities[..., whole * _BLOCK :].amax(2, keepdim=True)], 2)
    return maxima


def _ranks(scores: Float[Tensor, "rows count"], places: Int[Tensor, "*rows count"]) -> Int[Tensor, "rows count"]:
    """Distinct integers in the order of the scores, of equal scores the one at the lower place ranked higher."""
    bits = scores.view(torch.int32)  # floats of one sign compare as their bits do; the negative ones backwards
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return (ordered.long() << 32) - places
