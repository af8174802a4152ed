"""Batches to train on, without end, in an order that a saved state pins down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from typing import Any, ClassVar, Generic

import numpy as np
from torch import Tensor
from typing_extensions import TypeVar

from seqtasks.data.batch_sampler import TokenBucketSampler

BatchT = TypeVar("BatchT", bound=tuple[Tensor | None, ...], default=Any)
Item = TypeVar("Item")


class DataLoader(ABC, Generic[BatchT]):
    """Training batches without end. What comes next depends on the constructor's arguments and `state` alone.

    The state is that behind the last batch that was handed out: `epoch`, and `index` within it.
    """

    prefetch: ClassVar[bool] = False
    """Whether the next batch is made in a thread while this one is trained on."""
    state: dict[str, int]
    share: slice = slice(None)
    """The rows that are trained in this process, of several that make the same batches. What is costly to make may be
    left empty in the others; their number, and all random numbers, stay the same."""

    def __iter__(self) -> Iterator[BatchT]:
        """Goes on from `state`."""
        made = self.make_batches()
        for state, batch in prefetched(made) if self.prefetch else made:
            self.state = state
            yield batch

    @abstractmethod
    def make_batches(self) -> Iterator[tuple[dict[str, int], BatchT]]:
        """The batches that follow `state`, each with the state behind it."""

    def state_dict(self) -> dict[str, int]:
        """The position of the next batch."""
        return self.state

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Goes on from what `state_dict` gave, at the next iteration."""
        self.state = state


class TokenBucketLoader(DataLoader[BatchT]):
    """Batches of similar lengths, every example once an epoch; what one holds, the subclass says."""

    sampler: TokenBucketSampler
    """What comes in which batch; made by the constructor."""
    state = {"epoch": 0, "index": 0}  # noqa: RUF012 (replaced, never changed)

    def make_batches(self) -> Iterator[tuple[dict[str, int], BatchT]]:
        """Each batch has random numbers of its own, by seed, epoch and index."""
        first = self.state["index"]
        for epoch in count(self.state["epoch"]):
            for index, examples in islice(enumerate(self.sampler.batches(epoch)), first, None):
                random = np.random.default_rng([self.sampler.seed, epoch, index])
                yield {"epoch": epoch, "index": index + 1}, self.collate(examples.tolist(), random)
            first = 0

    @abstractmethod
    def collate(self, examples: list[int], random: np.random.Generator) -> BatchT:
        """The tensors of the examples with these numbers. Random numbers come from `random` alone, new each batch."""


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, which never end; the next one is made while this one is in use."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items)
        while True:
            item = coming.result()
            coming = thread.submit(next, items)
            yield item
