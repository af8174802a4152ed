"""The keys and values that step-by-step self-attention keeps, in a cache that search never has to copy.

All hypotheses of a row write into one cache, one slot each a step, behind what was read before the first step. Which
slots are a hypothesis' own past is marked; reordering hypotheses moves these marks instead of the caches.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool
from torch import Tensor
from torch.nn import functional

from seqtasks.layers.attention import KeysValues

GROWTH = 16
"""Positions by which the caches grow: whole caches are read in every step, which needs no copy of a part of them."""

Caches = tuple[KeysValues, ...]
"""Keys and values, a layer each, in slots of which the last ones may still be empty."""


def init_cache(past: Caches, hyps: int) -> tuple[Caches, Bool[Tensor, "rows hyps slots"]]:
    """The caches before the first step, and the marks: every hypothesis sees all that was read before."""
    rows, _, slots, _ = past[0].keys.shape
    return past, torch.ones(rows, hyps, slots, dtype=torch.bool, device=past[0].keys.device)


def extend_cache(
    caches: Caches, visible: Bool[Tensor, "rows hyps slots"], position: int
) -> tuple[Caches, Bool[Tensor, "rows hyps more_slots"], int]:
    """Caches and marks with room for a step.

    Hypothesis i writes into the slot i places behind the first one, which is marked as its own.

    Args:
        caches: Keys and values, a layer each, (rows, heads, slots, head_dim).
        visible: Which slots each hypothesis sees, (rows, hyps, slots); it may be changed in place.
        position: The step, counted from 0.

    Returns:
        Caches and marks, and the first of the step's slots.
    """
    hyps = visible.shape[1]
    block = GROWTH * hyps
    if position % GROWTH == 0:
        caches = tuple(KeysValues(*(functional.pad(part, (0, 0, 0, block)) for part in cache)) for cache in caches)
        visible = functional.pad(visible, (0, block))
    read_before = visible.shape[2] - block * (position // GROWTH + 1)
    first = read_before + position * hyps
    own = torch.arange(hyps, device=visible.device)
    visible[:, own, first + own] = True
    return caches, visible, first
