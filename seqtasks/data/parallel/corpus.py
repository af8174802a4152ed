"""Stores of sentence pairs as one corpus, of which any part of an epoch is drawn when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from jaxtyping import Bool, Int, UInt64

from seqtasks.data.augmentation import Augmentation
from seqtasks.data.examples import Pair
from seqtasks.data.holdout import validation_size
from seqtasks.data.parallel.pair_store import PairStore
from seqtasks.data.parallel.permutation import Permutation, mixed

SMALLEST = 4_096
"""Hashes by which the number of sources is estimated, to 2 %."""


@dataclass(frozen=True)
class Drawn:
    """Examples of an epoch, in its order.

    Args:
        segments: The number of the `Segment` of each.
        numbers: That of the pair in its store.
    """

    segments: Int[np.ndarray, " drawn"]
    numbers: Int[np.ndarray, " drawn"]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: Int[np.ndarray, " rows"] | Bool[np.ndarray, " drawn"]) -> Drawn:
        """Some of them: their places, or for each whether it is one of them."""
        return Drawn(self.segments[rows], self.numbers[rows])


@dataclass(frozen=True)
class Segment:
    """A store, or changed copies of its pairs.

    Args:
        store: The pairs.
        weight: How often an epoch draws each of them: 2 means twice, 0.5 that a random half of them takes part.
        change: What changes them.
        holds_out: Whether pairs are left out that are validated on.
    """

    store: PairStore
    weight: float
    change: Augmentation | None = None
    holds_out: bool = True

    @property
    def size(self) -> int:
        """How many examples an epoch draws."""
        return round(self.weight * len(self.store))

    def drawn(self, places: Int[np.ndarray, " places"], key: tuple[int, ...]) -> Int[np.ndarray, " places"]:
        """The numbers of the pairs at these places of an epoch, below `size`; `key` chooses those of a part."""
        whole = int(self.weight) * len(self.store)
        numbers = places % len(self.store)
        part = places >= whole
        numbers[part] = Permutation(len(self.store), key)(places[part] - whole)
        return numbers


class Corpus:
    """All segments in one random order, another one each epoch.

    The order follows from the seed, and any part of it is computed from its place alone, so that nothing of the size
    of the corpus is held in memory.

    Args:
        segments: At least one with an example.
        held_out: The hashes of the sources that are validated on, sorted; pairs with them are no examples.
        seed: Of the order.
    """

    def __init__(self, segments: Sequence[Segment], held_out: UInt64[np.ndarray, " keys"], seed: int) -> None:
        self.segments = segments
        self.held_out = held_out
        self.seed = seed
        self.ends = np.cumsum([segment.size for segment in segments])

    def __len__(self) -> int:
        """Examples of an epoch, those that are held out among them."""
        return int(self.ends[-1])

    def draw(self, epoch: int, start: int, end: int) -> Drawn:
        """The examples from place `start` on, up to `end`, in the order of an epoch."""
        places = Permutation(len(self), (self.seed, epoch))(np.arange(start, min(end, len(self))))
        segments = np.searchsorted(self.ends, places, side="right")
        numbers = places - np.concatenate(([0], self.ends))[segments]
        kept = np.ones(len(places), bool)
        for number, segment in enumerate(self.segments):
            chosen = segments == number
            numbers[chosen] = segment.drawn(numbers[chosen], (self.seed, epoch, number))
            if segment.holds_out and len(self.held_out):
                kept[chosen] = ~is_among(segment.store.index["key"][numbers[chosen]], self.held_out)
        self.release()
        return Drawn(segments, numbers).take(kept)

    def lengths(self, drawn: Drawn) -> Int[np.ndarray, "2 drawn"]:
        """The bytes of the sources and of the targets, before any change of them."""
        found = np.empty((2, len(drawn)), np.int64)
        for number, segment in enumerate(self.segments):
            chosen = drawn.segments == number
            found[:, chosen] = segment.store.lengths(drawn.numbers[chosen])
        return found

    def pairs(self, drawn: Drawn, seeds: Int[np.ndarray, " drawn"]) -> list[Pair]:
        """The pairs, changed where their segment changes them, each by a seed of its own; empty where it cannot.

        Raises:
            SeqtasksError: A store is damaged.
        """
        found: list[Pair] = [Pair("", "")] * len(drawn)
        for number, segment in enumerate(self.segments):
            rows = (drawn.segments == number).nonzero()[0]
            for row, pair in zip(rows.tolist(), segment.store.pairs(drawn.numbers[rows]), strict=True):
                if segment.change is None:
                    found[row] = pair
                elif (changed := segment.change(pair, Random(int(seeds[row])))) not in (None, pair):
                    found[row] = changed
        return found

    def release(self) -> None:
        """Gives back memory; see `PairStore.release`."""
        for segment in self.segments:
            segment.store.release()


def is_among(keys: UInt64[np.ndarray, " keys"], known: UInt64[np.ndarray, " known"]) -> Bool[np.ndarray, " keys"]:
    """Whether each key is one of the `known`, which are sorted."""
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: Bool[np.ndarray, " keys"] = known[places] == keys
    return found


def held_out_keys(stores: Sequence[PairStore], validation_split: float, seed: int) -> UInt64[np.ndarray, " keys"]:
    """The hashes of the sources to validate on, drawn at random among all that differ, sorted.

    How many differ is estimated by the smallest of their hashes, which lie evenly (Bar-Yossef et al. 2002, "Counting
    Distinct Elements in a Data Stream").

    Args:
        stores: All pairs that may be held out.
        validation_split: A share or a number of the sources that differ; see `ValidationSplit`.
        seed: The same seed draws the same ones, in whatever order the pairs come.
    """
    count = max(SMALLEST, validation_size(validation_split, sum(map(len, stores))))
    salt = np.random.default_rng(seed).integers(2**64, dtype=np.uint64)
    least = known = np.empty(0, np.uint64)
    for store in stores:
        for _, keys in store.key_blocks():
            drawn = mixed(keys ^ salt)
            if len(least) == count:  # few of the others are among them
                keys, drawn = keys[drawn < least[-1]], drawn[drawn < least[-1]]
            least, places = np.unique(np.concatenate([least, drawn]), return_index=True)
            least, known = least[:count], np.concatenate([known, keys])[places][:count]
    sources = len(least) if len(least) < count else int((count - 1) / (float(least[-1]) / 2**64))
    return np.sort(known[: validation_size(validation_split, sources)])


def pairs_with(store: PairStore, keys: UInt64[np.ndarray, " keys"]) -> list[Pair]:
    """The pairs of a store whose sources have one of these hashes, which are sorted, in their order."""
    if not len(keys):
        return []
    places = [start + is_among(block, keys).nonzero()[0] for start, block in store.key_blocks()]
    return store.pairs(np.concatenate(places)) if places else []
