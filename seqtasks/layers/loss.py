"""Cross-entropy over a vocabulary without ever holding the logits of a whole batch."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

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

    A smoothed target gives `1 - smoothing` to the wanted token and spreads `smoothing` evenly over the vocabulary
    (Szegedy et al. 2016, section 7). Natural logarithm. Each position counts `factors` times, once without them.
    The gradients are computed on the way forward.
    """
    total: Tensor = _SmoothedCrossEntropy.apply(
        states, weight, bias, targets, smoothing, factors, torch.is_grad_enabled()
    )
    return total


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
            None,
            None,
            None,
            None,
        )
