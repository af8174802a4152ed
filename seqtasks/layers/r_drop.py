"""R-Drop: the same input under two dropouts shall get the same distributions (Liang et al. 2021)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

CHUNK_POSITIONS = 256
"""Positions of which both distributions are held at a time; they are computed again on the way back."""


def bidirectional_kl_divergence(
    one: Float[Tensor, "positions dim"],
    other: Float[Tensor, "positions dim"],
    weight: Float[Tensor, "vocab dim"],
    bias: Float[Tensor, "vocab"],
) -> Float[Tensor, ""]:
    """The mean of both Kullback-Leibler divergences between two distributions (equation 2), summed over positions.

    Args:
        one: What the output layer reads in one pass, (positions, dim).
        other: The same positions in the other pass, (positions, dim).
        weight: Of the output layer, (vocab, dim).
        bias: Of the output layer, (vocab,).

    Returns:
        A scalar in nats, float32.
    """
    total = one.new_zeros((), dtype=bias.dtype)
    for first in range(0, len(one), CHUNK_POSITIONS):
        chunk = slice(first, first + CHUNK_POSITIONS)
        part: Tensor = checkpoint(_divergence, one[chunk], other[chunk], weight, bias, use_reentrant=False)
        total = total + part
    return total


def _divergence(one: Tensor, other: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    logs = [functional.linear(states, weight, bias).float().log_softmax(dim=1) for states in (one, other)]
    # KL(p|q) + KL(q|p) is the sum of (p - q)(log p - log q)
    return 0.5 * ((logs[0].exp() - logs[1].exp()) * (logs[0] - logs[1])).sum()
