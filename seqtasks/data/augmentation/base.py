"""What changes a pair of texts, and the copies that are added to training data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from pydantic import Field

from seqtasks.data.examples import Pair
from seqtasks.registry import Component, ConfigModel


class Augmentation(Component, ABC):
    """Changes a pair of texts; `[data] augmentation = [{kind = "upper_case", probability = 0.07}]` takes it.

    The `Config` of a member is a subclass of this one.

    Args:
        config: The settings of the member's own kind: its nested `Config`.
    """

    class Config(ConfigModel):
        probability: float = Field(default=0.05, gt=0, le=1)
        """Of each training pair: a changed copy of it is added."""

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """The changed pair.

        Args:
            pair: It stays as it is.
            random: The only source of chance, so that the same seed gives the same copies.

        Returns:
            Another pair; None where this one is nothing to change.
        """


def augmented_pairs(
    pairs: Sequence[Pair], augmentations: Sequence[ConfigModel], seed: int
) -> Iterator[tuple[int, Pair]]:
    """The copies that the settings ask for, one kind after the other.

    Args:
        pairs: The training data.
        augmentations: The `Config` of each augmentation.
        seed: Decides which pairs are copied, and how they change.

    Yields:
        The number of the pair that was copied, and the changed pair.
    """
    for place, config in enumerate(augmentations):
        change = Augmentation.of(config)(config)
        random = Random(f"{seed} {place}")
        for number, pair in enumerate(pairs):
            if random.random() < change.config.probability:
                changed = change(pair, random)
                if changed is not None and changed != pair:
                    yield number, changed
