"""What is added to a loss to make attention behave."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor


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
