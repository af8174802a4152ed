"""How often an epoch draws from each of several sources: old data beside new ones, and sources of uneven sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from seqtasks.plurals import counted

MixRatio = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""Examples of `mix` for each of `train` in an epoch; no example of `mix` comes more than once. With 1 both have the
same share, as in mixed fine-tuning (Chu, Dabre & Kurohashi 2017)."""


SamplingTemperature = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""The share of a source in an epoch is in proportion to (its examples times its weight)^(1/T) (Arivazhagan et al.
2019); an epoch has as many examples as without it. With 1 these are their sizes and weights; above 1 small sources come
more often, below 1 less."""


def temperature_weights(counts: Sequence[int], weights: Sequence[float], temperature: float) -> list[float]:
    """How often an epoch draws each example of a source, for every source.

    Args:
        counts: The examples of each source.
        weights: How often an epoch would draw each example of a source.
        temperature: A `SamplingTemperature`; 1 returns the weights as they are.

    Returns:
        The new weights, under which an epoch has as many examples as before.
    """
    amounts = np.array(counts, dtype=np.float64) * weights
    if temperature == 1 or not amounts.any():
        return list(weights)
    shares = np.where(amounts > 0, (amounts / amounts.max()) ** (1 / temperature), 0.0)
    shares *= amounts.sum() / shares.sum()
    return [
        float(share / count) if count else weight for share, count, weight in zip(shares, counts, weights, strict=True)
    ]


def source_weights(
    names: Sequence[str], counts: Sequence[int], weights: Sequence[float], temperature: float
) -> tuple[list[float], list[str]]:
    """The weights of `temperature_weights`, and a remark on the shares of the sources, for a temperature other than 1.

    Args:
        names: What to call the sources.
        counts: As in `temperature_weights`.
        weights: As in `temperature_weights`.
        temperature: A `SamplingTemperature`.
    """
    found = temperature_weights(counts, weights, temperature)
    amounts = np.array(counts, dtype=np.float64) * found
    if temperature == 1 or not amounts.any():
        return found, []
    told = [
        f"{name} {share:.1%} ({counted(count, 'examples')}, each {weight:.3g} times)"
        for name, share, count, weight in zip(names, (amounts / amounts.sum()).tolist(), counts, found, strict=True)
    ]
    return found, [f"shares of an epoch at sampling temperature {temperature:g}: {', '.join(told)}"]


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
