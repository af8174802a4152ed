"""Old data mixed into new ones, so that a model that learns these keeps what it knew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

MixRatio = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""Examples of `mix` for each of `train` in an epoch; no example of `mix` comes more than once. With 1 both have the
same share, as in mixed fine-tuning (Chu, Dabre & Kurohashi 2017)."""


def mix_weight(new: float, old: float, ratio: float) -> float:
    """How often an epoch draws each old example: below 1, a random part of them in each epoch.

    Args:
        new: The total weight of the new examples.
        old: That of the old ones.
        ratio: A `MixRatio`.
    """
    return min(1.0, ratio * new / old) if old else 1.0


def describe_mix(count: int, weight: float, examples: str) -> list[str]:
    """A remark on the old examples, where there are any."""
    share = "each once an epoch" if weight == 1 else f"{weight:.2%} of them in each epoch, drawn at random"
    return [f"old {examples} mixed in: {count:,}, {share}"] if count else []


def cut_texts(texts: Sequence[str], weight: float, seed: int) -> list[str]:
    """About this share of some texts: of each one the lines from a random place on."""
    if weight >= 1:
        return list(texts)
    random = np.random.default_rng(seed)
    found = []
    for text in texts:
        length = round(weight * len(text))
        start = int(random.integers(len(text) - length + 1))
        begin = text.find("\n", start) + 1 if start else 0
        found.append(text[begin if begin <= start + length // 2 else start : start + length])
    return [text for text in found if text]


def draw(weights: Sequence[float], random: np.random.Generator) -> list[int]:
    """The numbers of the examples of one epoch: those of weight 1, and of others so large a part, at random."""
    return [number for number, weight in enumerate(weights) if weight >= 1 or random.random() < weight]
