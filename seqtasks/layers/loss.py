"""Losses: cross-entropy over a vocabulary without ever holding all logits of a batch; what makes attention behave."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

CHUNK_BYTES = 8 * 2**20
"""Float32 probabilities held at a time: they stay in the processor's cache, and memory is reused from chunk to chunk.
Whole batches of logits are new memory in every step, which costs a CPU more time than the arithmetic on it."""


def smoothed_cross_entropy(
    states: Float[Tensor, "positions dim"],
    weight: Float[Tensor, "vocab dim"],
    bias: Float[Tensor, "vocab"],
    targets: Int[Tensor, "positions"],
    smoothing: float,
    factors: Float[Tensor, "positions"] | None = None,
) -> Float[Tensor, ""]:
    """The sum over positions of the cross-entropy between softmax(states @ weight.T + bias) and smoothed targets.

    The gradients are computed on the way forward, chunk by chunk: no more than `CHUNK_BYTES` of probabilities are held.

    Args:
        states: What the output layer reads, (positions, dim).
        weight: Of the output layer, (vocab, dim).
        bias: Of the output layer, (vocab,).
        targets: The wanted tokens, (positions,).
        smoothing: A smoothed target gives `1 - smoothing` to the wanted token and spreads `smoothing` evenly over the
            vocabulary (Szegedy et al. 2016, section 7).
        factors: How often each position counts, (positions,); once without them.

    Returns:
        A scalar in nats.
    """
    total: Tensor = _SmoothedCrossEntropy.apply(
        states, weight, bias, targets, smoothing, factors, torch.is_grad_enabled()
    )
    return total


def sequence_cross_entropy(
    states: Float[Tensor, "rows length dim"],
    output: nn.Linear,
    targets: Int[Tensor, "rows length"],
    mask: Bool[Tensor, "rows length"],
    smoothing: float,
    *,
    bias: Float[Tensor, "vocab"] | None = None,
    weight: Float[Tensor, "rows"] | None = None,
) -> Float[Tensor, ""]:
    """`smoothed_cross_entropy` at real positions, where an output layer reads the states.

    Args:
        states: What the output layer reads, (rows, length, dim).
        output: The output layer.
        targets: The wanted tokens, (rows, length).
        mask: True at positions that count, (rows, length).
        smoothing: As in `smoothed_cross_entropy`.
        bias: Takes the place of the layer's own, (vocab,).
        weight: How much each row counts, (rows,).

    Returns:
        A scalar in nats.
    """
    real = mask.flatten().nonzero().squeeze(1)
    return smoothed_cross_entropy(
        states.flatten(0, 1).index_select(0, real),
        output.weight,
        output.bias if bias is None else bias,
        targets.flatten().index_select(0, real),
        smoothing,
        None if weight is None else weight.unsqueeze(1).expand(mask.shape).flatten().index_select(0, real),
    )


class _SmoothedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        smoothing: float,
        factors: Tensor | None,
        train: bool,
    ) -> Tensor:
        vocabulary = weight.shape[0]
        rows = max(CHUNK_BYTES // (4 * vocabulary), 16)
        small_weight = weight.to(states.dtype)
        small_bias = bias.to(states.dtype)
        d_states = torch.empty_like(states) if train else None
        d_weight = torch.zeros_like(weight, dtype=torch.float32) if train else None
        d_bias = torch.zeros_like(bias, dtype=torch.float32) if train else None
        with torch.autocast(states.device.type, enabled=False):
            mean_logits = states.float() @ weight.float().mean(dim=0) + bias.float().mean()
            total = -smoothing * (mean_logits if factors is None else mean_logits * factors).sum()
            for first in range(0, len(states), rows):
                chunk, wanted = states[first : first + rows], targets[first : first + rows, None]
                logits = torch.addmm(small_bias, chunk, small_weight.t())
                chosen = logits.gather(1, wanted).float()
                probabilities = logits.softmax(dim=1, dtype=torch.float32)
                normalizers = chosen - probabilities.gather(1, wanted).clamp_min(1e-37).log()
                losses = normalizers - (1 - smoothing) * chosen
                counted = None if factors is None else factors[first : first + rows, None]
                total += losses.sum() if counted is None else (losses * counted).sum()
                if d_states is None or d_weight is None or d_bias is None:
                    continue
                d_logits = probabilities.sub_(smoothing / vocabulary)
                d_logits.scatter_add_(1, wanted, torch.full_like(chosen, smoothing - 1))
                if counted is not None:
                    d_logits *= counted
                d_bias += d_logits.sum(dim=0)
                small = d_logits.to(states.dtype)
                torch.mm(small, small_weight, out=d_states[first : first + rows])
                d_weight += small.t() @ chunk
        ctx.dtypes = weight.dtype, bias.dtype
        if train:
            ctx.save_for_backward(d_states, d_weight, d_bias)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        d_states, d_weight, d_bias = ctx.saved_tensors
        weight_dtype, bias_dtype = ctx.dtypes
        return (
            d_states * gradient.to(d_states.dtype),
            (d_weight * gradient).to(weight_dtype),
            (d_bias * gradient).to(bias_dtype),
            *(None,) * 4,
        )


def doubly_stochastic_regularization(
    attention: Float[Tensor, "rows tgt src"],
    target_mask: Bool[Tensor, "rows tgt"],
    source_mask: Bool[Tensor, "rows src"],
) -> Float[Tensor, ""]:
    """Doubly stochastic regularization (Xu et al. 2015, equation 14): every place should be looked at once in all.

    The square of what a place's weights over time miss of 1, averaged over the places of a row, summed over the rows.
    The paper sums over its 196 places where this is the mean, which does not depend on how many there are: a weight
    of 1 there is one of 196 here. Float32.
    """
    total = attention.float().mul(target_mask.unsqueeze(2)).sum(dim=1)
    missed = (1 - total).square() * source_mask
    return (missed.sum(dim=1) / source_mask.sum(dim=1)).sum()


def guided_alignment_loss(
    attention: Float[Tensor, "rows tgt src"], wanted: Float[Tensor, "rows tgt src"]
) -> Float[Tensor, ""]:
    """Cross-entropy of attention against word alignments (Garg et al. 2019, equation 3), summed, in float32.

    The paper divides it by the target's length. Target tokens that are aligned with nothing do not count.
    """
    return -(wanted * attention.float().clamp_min(1e-9).log()).sum()
