"""Training batches out of a corpus on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from itertools import islice
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from seqtasks.data.batch_sampler import POOL, bucketed_batches
from seqtasks.data.collate import pad
from seqtasks.data.parallel.corpus import Corpus, Drawn
from seqtasks.data.token_cache import TokenCache, id_dtype
from seqtasks.errors import SeqtasksError
from seqtasks.models import Seq2SeqBatch
from seqtasks.special_tokens import PAD
from seqtasks.tasks.data_loader import DataLoader
from seqtasks.text import Tokenizer

CHUNKS = 2**16, 2**19
"""Fewest and most examples that are drawn, tokenized and sorted together."""
BLOCK = 256
"""Examples that are tokenized at a time."""

Tokens = NDArray[np.integer[Any]]
NONE = np.empty(0, np.uint16)


@dataclass
class Chunk:
    """Examples of an epoch that follow each other, with their token ids as soon as they are tokenized.

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
    tokens: tuple[list[Tokens], list[Tokens]] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = [NONE] * len(self.drawn), [NONE] * len(self.drawn)


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
    caches: list[tuple[TokenCache, TokenCache] | None]
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
        """Fills in the tokens of a chunk, a block at each step."""
        blocks = np.array_split(np.arange(len(chunk.drawn)), -(-len(chunk.drawn) // BLOCK) or 1)
        begin = len(blocks) * (self.share.start or 0) // (self.share.step or 1)
        for rows in blocks[begin:] + blocks[:begin]:
            segments = chunk.drawn.segments[rows]
            for segment in np.unique(segments).tolist():
                self.tokenize_rows(chunk, rows[segments == segment], self.caches[segment])
            yield

    def tokenize_rows(
        self, chunk: Chunk, rows: Int[np.ndarray, " rows"], caches: tuple[TokenCache, TokenCache] | None
    ) -> None:
        """The tokens of rows of one segment, out of its caches where they are there."""
        numbers = chunk.drawn.numbers[rows]
        missing = np.ones(len(rows), bool)
        if caches is not None:
            for place, sides in enumerate(zip(*(cache.get(numbers) for cache in caches), strict=True)):
                if sides[0] is not None and sides[1] is not None:
                    missing[place] = False
                    chunk.tokens[0][rows[place]], chunk.tokens[1][rows[place]] = sides
        if not missing.any():
            return
        rows, numbers = rows[missing], numbers[missing]
        pairs = self.corpus.pairs(chunk.drawn.take(rows), chunk.seeds[rows])
        for side, texts in enumerate(([pair.source for pair in pairs], [pair.target for pair in pairs])):
            encoded = self.processors[side].encode_all(texts)
            for row, ids in zip(rows.tolist(), encoded, strict=True):
                chunk.tokens[side][row] = np.array(ids, id_dtype(self.processors[side].size))
            if caches is not None:
                caches[side].put(numbers, encoded)

    def batches_of(self, chunk: Chunk) -> list[Int[np.ndarray, " rows"]]:
        """Which rows of a chunk make each batch."""
        lengths = np.array([[len(ids) for ids in side] for side in chunk.tokens], np.int64)
        fitting = np.flatnonzero(((lengths > 0) & (lengths <= self.max_tokens)).all(axis=0))
        source, target = lengths + np.array([[1], [2]])
        random = np.random.default_rng([self.corpus.seed, chunk.epoch, chunk.number])
        return bucketed_batches(fitting, np.maximum(source, target), source - target, self.batch_tokens, random)

    def collate(self, chunk: Chunk, rows: Int[np.ndarray, " rows"], random: np.random.Generator) -> Seq2SeqBatch:
        """Sources up to END, targets between BEGIN and END."""
        if self.sampling:
            pairs = self.corpus.pairs(chunk.drawn.take(rows), chunk.seeds[rows])
            sources: list[Any] = [self.processors[0].sample(pair.source, random) for pair in pairs]
            targets: list[Any] = [self.processors[1].sample(pair.target, random) for pair in pairs]
        else:
            sources, targets = ([side[row] for row in rows.tolist()] for side in chunk.tokens)
        source, target = pad(sources, end=True), pad(targets, begin=True, end=True)
        return Seq2SeqBatch(source, source != PAD, target, target != PAD)
