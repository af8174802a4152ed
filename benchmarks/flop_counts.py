"""How fast this processor multiplies matrices, and how many operations an encoder-decoder Transformer asks of it.

Operations are those of matrix products alone, two for each multiplication and addition, as the rate counts them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import torch

FORWARD_AND_BACKWARD = 3
"""A product on the way forward is two of the same size on the way back: one for its input, one for its weights."""


class Size(NamedTuple):
    """A Transformer with as many layers in the encoder as in the decoder."""

    dim: int
    ffn_dim: int
    layers: int
    heads: int


def operations_of_update(size: Size, vocabulary: int, sources: Sequence[int], targets: Sequence[int]) -> float:
    """Those of one training update on sentence pairs of these lengths, padding not counted."""
    return operations(size, sources, targets) + operations_of_output(size, vocabulary, sum(targets))


def operations_of_rectangle(size: Size, vocabulary: int, sources: Sequence[int], targets: Sequence[int]) -> float:
    """The same where every sentence is as long as the longest one; the output layer leaves padding out all the same."""
    padded = [[max(lengths)] * len(lengths) for lengths in (sources, targets)]
    return operations(size, *padded) + operations_of_output(size, vocabulary, sum(targets))


def operations(size: Size, sources: Sequence[int], targets: Sequence[int]) -> float:
    """All layers of the encoder and the decoder."""
    square, wide = size.dim**2, 2 * size.dim * size.ffn_dim
    source, target = sum(sources), sum(targets)
    encoder = source * (4 * square + wide)
    decoder = target * (4 * square + 2 * square + wide) + source * 2 * square
    looked_at = sum(
        own**2 + other**2 + own * other for own, other in zip(sources, targets, strict=True)
    )  # pairs of positions: in the encoder, in the decoder, between them
    products = encoder + decoder + 2 * size.dim * looked_at
    return FORWARD_AND_BACKWARD * 2.0 * size.layers * products


def operations_of_output(size: Size, vocabulary: int, targets: int) -> float:
    """The output layer, at so many positions."""
    return FORWARD_AND_BACKWARD * 2.0 * targets * size.dim * vocabulary


def matrix_rate(size: int, dtype: torch.dtype, least_seconds: float = 0.5) -> float:
    """Operations a second in products of two square matrices."""
    left, right = (torch.randn(size, size).to(dtype) for _ in range(2))
    product = torch.empty_like(left)
    torch.mm(left, right, out=product)
    started, count, seconds = time.perf_counter(), 0, 0.0
    while seconds < least_seconds:
        torch.mm(left, right, out=product)
        count += 1
        seconds = time.perf_counter() - started
    return 2.0 * size**3 * count / seconds
