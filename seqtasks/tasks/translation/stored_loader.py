"""Training batches out of a corpus on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from itertools import islice
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seqtasks.data.batch_sampler import POOL, bucketed_batches
from seqtasks.data.collate import pad
from seqtasks.data.parallel.corpus import Corpus, Drawn
from seqtasks.data.token_cache import TokenCache, id_dtype
from seqtasks.errors import SeqtasksError
from seqtasks.models import Seq2SeqBatch
from seqtasks.special_tokens import PAD
from seqtasks.tasks.data_loader import DataLoader
from seqtasks.text import Tokenizer

CHUNKS = 2**16, 2**22
"""Fewest and most examples that are drawn, tokenized and sorted together."""
BLOCK = 256
"""Examples that are tokenized at a time."""

Tokens = NDArray[np.integer[Any]]
Caches = tuple[TokenCache, TokenCache]
"""Those of the sources and of the targets of a segment."""
NONE = np.empty(0, np.uint16)


@dataclass
class Chunk:
    """Examples of an epoch that follow each other; their lengths are known as soon as they are tokenized.

    Args:
        epoch: From 0.
        number: Of the chunk in the epoch, from 0.
        drawn: The examples.
        seeds: Of what is random in each of them.
    """

    epoch: int
    number: int
    drawn: Drawn
    seeds: Int[np.ndarray, " drawn"]
    lengths: Int[np.ndarray, "2 drawn"] = field(init=False)
    """Tokens of the sources and of the targets."""
    tokens: dict[int, tuple[Tokens, Tokens]] = field(init=False, default_factory=dict)
    """The tokens of the rows that no cache holds."""

    def __post_init__(self) -> None:
        self.lengths = np.zeros((2, len(self.drawn)), np.int64)


@dataclass(eq=False)
class StoredPairLoader(DataLoader[Seq2SeqBatch]):
    """Sentence pairs as padded tensors, at most `batch_tokens` tokens on the longer side.

    An epoch is drawn chunk by chunk, and each is cut into batches of similar lengths. While one is trained on, the next
    one is tokenized. Processes that share the batches begin at different places and find the rest in the caches.

    Args:
        processors: Those of the source and of the target.
        corpus: The examples.
        caches: The token ids of the sources and of the targets of each segment; None where they are other ones each
            time.
        batch_tokens: As in `Task.batches`.
        max_tokens: Pairs with more tokens on either side are left out.
        mean_tokens: Of the longer side, about.
        sampling: Whether each epoch segments the texts in another way.
    """

    processors: tuple[Tokenizer, Tokenizer]
    corpus: Corpus
    caches: list[Caches | None]
    _: KW_ONLY
    batch_tokens: int
    max_tokens: int
    mean_tokens: float
    sampling: bool = False

    prefetch: ClassVar[bool] = True
    state = {"epoch": 0, "chunk": 0, "index": 0}  # noqa: RUF012 (replaced, never changed)

    def make_batches(self) -> Iterator[tuple[dict[str, int], Seq2SeqBatch]]:
        """Each batch has random numbers of its own, by seed, epoch, chunk and index.

        Raises:
            SeqtasksError: A whole epoch has no pair that is short enough.
        """
        first = self.state["index"]
        chunks = self.chunks(self.state["epoch"], self.state["chunk"])
        chunk, empty = next(chunks), 0
        for _ in self.tokenize(chunk):
            pass
        while True:
            batches = self.batches_of(chunk)
            following = next(chunks)
            work = self.tokenize(following)
            blocks = -(-len(following.drawn) // BLOCK)
            for index, rows in islice(enumerate(batches), first, None):
                random = np.random.default_rng([self.corpus.seed, chunk.epoch, chunk.number, index])
                state = {"epoch": chunk.epoch, "chunk": chunk.number, "index": index + 1}
                yield state, self.collate(chunk, rows, random)
                self.release()
                for _ in islice(work, -(-blocks // len(batches))):
                    pass
            for _ in work:
                pass
            empty = 0 if batches else empty + len(chunk.drawn)
            if empty >= len(self.corpus):
                raise SeqtasksError(
                    f"No sentence pair is left to train on: all have more than {self.max_tokens:,} tokens.",
                    "Raise data.max_tokens.",
                )
            chunk, first = following, 0

    def release(self) -> None:
        """Gives back the memory of all that was looked up."""
        self.corpus.release()
        for cache in [cache for caches in self.caches if caches is not None for cache in caches]:
            cache.release()

    def chunks(self, epoch: int, number: int) -> Iterator[Chunk]:
        """The chunks of all epochs from this one on, without their tokens."""
        fewest, most = CHUNKS
        size = min(max(fewest, int(POOL * self.batch_tokens / self.mean_tokens)), most)
        while True:
            drawn = self.corpus.draw(epoch, number * size, (number + 1) * size)
            seeds = np.random.default_rng([self.corpus.seed, epoch, number]).integers(2**62, size=len(drawn))
            yield Chunk(epoch, number, drawn, seeds)
            last = (number + 1) * size >= len(self.corpus)
            epoch, number = (epoch + 1, 0) if last else (epoch, number + 1)

    def tokenize(self, chunk: Chunk) -> Iterator[None]:
        """Finds out the lengths of a chunk: first all that the caches know, then the rest, a block at each step."""
        self.look_up(chunk, np.arange(len(chunk.drawn)))
        yield
        unknown = np.flatnonzero((chunk.lengths == 0).any(axis=0))
        blocks = np.array_split(unknown, -(-len(unknown) // BLOCK) or 1)
        begin = len(blocks) * (self.share.start or 0) // (self.share.step or 1)
        for rows in blocks[begin:] + blocks[:begin]:
            self.look_up(chunk, rows)  # another process may have been here
            missing = rows[(chunk.lengths[:, rows] == 0).any(axis=0)]
            if len(missing):
                self.tokenize_rows(chunk, missing)
            yield

    def look_up(self, chunk: Chunk, rows: Int[np.ndarray, " rows"]) -> None:
        """Fills in the lengths of rows that are in the caches."""
        for chosen, caches in self.by_segment(chunk, rows):
            if caches is not None:
                numbers = chunk.drawn.numbers[chosen]
                chunk.lengths[:, chosen] = [cache.lengths(numbers) for cache in caches]
        self.release()

    def by_segment(
        self, chunk: Chunk, rows: Int[np.ndarray, " rows"]
    ) -> Iterator[tuple[Int[np.ndarray, " chosen"], Caches | None]]:
        """Those of the rows that are of one segment, and its caches, for each segment."""
        segments = chunk.drawn.segments[rows]
        for segment in np.unique(segments).tolist():
            yield rows[segments == segment], self.caches[segment]

    def tokenize_rows(self, chunk: Chunk, rows: Int[np.ndarray, " rows"]) -> None:
        """Tokenizes rows, and keeps their tokens in the caches; in the chunk where there are none."""
        encoded = self.encoded(chunk, rows)
        chunk.lengths[:, rows] = [[len(ids) for ids in side] for side in encoded]
        tokens = dict(zip(rows.tolist(), zip(*encoded, strict=True), strict=True))
        for chosen, caches in self.by_segment(chunk, rows):
            kept = np.zeros(len(chosen), bool)
            if caches is not None:
                numbers = chunk.drawn.numbers[chosen]
                for side, cache in enumerate(caches):
                    cache.put(numbers, [tokens[row][side] for row in chosen.tolist()])
                kept = np.all([cache.lengths(numbers) > 0 for cache in caches], axis=0)
            chunk.tokens |= {row: tokens[row] for row in chosen[~kept].tolist()}

    def encoded(self, chunk: Chunk, rows: Int[np.ndarray, " rows"]) -> tuple[list[Tokens], list[Tokens]]:
        """The tokens of the sources and of the targets of rows, out of their texts."""
        pairs = self.corpus.pairs(chunk.drawn.take(rows), chunk.seeds[rows])
        source, target = (
            [np.array(ids, id_dtype(processor.size)) for ids in processor.encode_all(texts)]
            for processor, texts in zip(
                self.processors, ([pair.source for pair in pairs], [pair.target for pair in pairs]), strict=True
            )
        )
        return source, target

    def batches_of(self, chunk: Chunk) -> list[Int[np.ndarray, " rows"]]:
        """Which rows of a chunk make each batch."""
        fitting = np.flatnonzero(((chunk.lengths > 0) & (chunk.lengths <= self.max_tokens)).all(axis=0))
        source, target = chunk.lengths + np.array([[1], [2]])
        random = np.random.default_rng([self.corpus.seed, chunk.epoch, chunk.number])
        return bucketed_batches(fitting, np.maximum(source, target), source - target, self.batch_tokens, random)

    def collate(self, chunk: Chunk, rows: Int[np.ndarray, " rows"], random: np.random.Generator) -> Seq2SeqBatch:
        """Sources up to END, targets between BEGIN and END, as wide as all of them need.

        Of the rows of other processes nothing is read, unless it is sampled.
        """
        sides: tuple[list[Any], list[Any]] = [NONE] * len(rows), [NONE] * len(rows)
        longest = [0, 0]
        if self.sampling:
            pairs = self.corpus.pairs(chunk.drawn.take(rows), chunk.seeds[rows])
            sides[0][:] = [self.processors[0].sample(pair.source, random) for pair in pairs]
            sides[1][:] = [self.processors[1].sample(pair.target, random) for pair in pairs]
        else:
            longest = chunk.lengths[:, rows].max(axis=1).tolist()
            places = range(len(rows))[self.share]
            for place, (source, target) in zip(places, self.tokens_of(chunk, rows[self.share]), strict=True):
                sides[0][place], sides[1][place] = source, target
        read = widened(pad(sides[0], end=True), longest[0] + 1)
        written = widened(pad(sides[1], begin=True, end=True), longest[1] + 2)
        return Seq2SeqBatch(read, read != PAD, written, written != PAD)

    def tokens_of(self, chunk: Chunk, rows: Int[np.ndarray, " rows"]) -> list[tuple[Tokens, Tokens]]:
        """The tokens of rows of a chunk; those that are damaged in a cache are made again."""
        found = [chunk.tokens.get(row) for row in rows.tolist()]
        places = np.array([place for place, tokens in enumerate(found) if tokens is None], np.int64)
        segments = chunk.drawn.segments[rows[places]]
        for segment in np.unique(segments).tolist():
            chosen, caches = places[segments == segment], self.caches[segment]
            if caches is not None:
                numbers = chunk.drawn.numbers[rows[chosen]]
                for place, *sides in zip(chosen.tolist(), *(cache.get(numbers) for cache in caches), strict=True):
                    if sides[0] is not None and sides[1] is not None:
                        found[place] = sides[0], sides[1]
        damaged = [place for place, tokens in enumerate(found) if tokens is None]
        if damaged:
            for place, tokens in zip(damaged, zip(*self.encoded(chunk, rows[damaged]), strict=True), strict=True):
                found[place] = tokens
        return [tokens for tokens in found if tokens is not None]


def widened(table: Int[Tensor, "rows length"], width: int) -> Int[Tensor, "rows width"]:
    """With padding up to at least this width."""
    return functional.pad(table, (0, max(0, width - table.shape[1])), value=PAD)
