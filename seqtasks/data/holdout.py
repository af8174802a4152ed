"""Validation data that is held out of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import AfterValidator, Field

Example = TypeVar("Example")


def share_or_count(value: float) -> float:
    """The value, a count as an integer.

    Raises:
        ValueError: For what is neither a share nor a count.
    """
    if value >= 1 and value != int(value):
        raise ValueError("should be a share below 1, or a whole number of examples")
    return int(value) if value >= 1 else value


ValidationSplit = Annotated[float, Field(gt=0, allow_inf_nan=False), AfterValidator(share_or_count)]
"""A share of the training examples (below 1), or their number (from 1 on; at most a tenth of them is taken)."""


def validation_size(validation_split: float, examples: int) -> int:
    """How many of the examples are held out: at least one and never all; none where there are fewer than two."""
    wanted = min(int(validation_split), examples // 10) if validation_split >= 1 else round(validation_split * examples)
    return max(0, min(max(1, wanted), examples - 1))


def train_validation_split(
    examples: Sequence[Example],
    validation_split: float,
    seed: int,
    *,
    groups: Sequence[Any],
    labels: Sequence[tuple[str, ...]] | None = None,
    shuffle: bool = True,
) -> tuple[list[Example], list[Example]]:
    """Splits examples into those to train on and those to validate on, both in their order.

    Args:
        examples: All of them, in the order of the data.
        validation_split: The share of the groups that is held out, or their number; see `ValidationSplit`.
        seed: The same seed splits alike.
        groups: The group of each example; a group is never divided, so that nothing is on both sides.
        labels: The labels of each example, for a split with about the same share of each set of labels, which leaves
            at least one group with each label to train on. The labels of a group are those of its first example.
        shuffle: Whether groups are drawn at random; else the first ones in sorted order are held out.
    """
    count = validation_size(validation_split, len(set(groups)))
    random = np.random.default_rng(seed)
    if labels is not None:
        held_out = set(stratified_sample(groups, labels, count, random))
    else:
        ordered = sorted(set(groups))
        places = random.permutation(len(ordered)).tolist() if shuffle else range(len(ordered))
        held_out = {ordered[place] for place in places[:count]}
    sides: tuple[list[Example], list[Example]] = ([], [])
    for group, example in zip(groups, examples, strict=True):
        sides[group in held_out].append(example)
    return sides


def stratified_sample(
    groups: Sequence[Any], labels: Sequence[tuple[str, ...]], count: int, random: np.random.Generator
) -> list[Any]:
    """At most `count` groups, evenly over the sets of labels, without the first group that has a label."""
    known_as: dict[Any, tuple[str, ...]] = {}
    for group, names in zip(groups, labels, strict=True):
        known_as.setdefault(group, names)
    distinct = list(known_as)
    shuffled = [distinct[place] for place in random.permutation(len(distinct)).tolist()]
    seen: set[str] = set()
    candidates = []
    for group in sorted(shuffled, key=lambda group: sorted(known_as[group])):
        if seen.issuperset(known_as[group]):
            candidates.append(group)
        seen.update(known_as[group])
    count = min(count, len(candidates))
    places = (np.arange(count) + random.random()) * len(candidates) / max(1, count)
    return [candidates[place] for place in places.astype(int).tolist()]


def split_text(text: str, validation_split: float) -> tuple[str, str]:
    """A long text without its end, and its end: a share of it, or a number of characters, at most a tenth of all."""
    held_out = min(int(validation_split), len(text) // 10)
    cut = len(text) - held_out if validation_split >= 1 else int(len(text) * (1 - validation_split))
    return text[:cut], text[cut:]
