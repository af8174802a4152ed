"""Translation data that are not kept in memory: sentence pairs are read from disk as they are needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtasks.data.augmentation import Augmentation
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.mixing import mix_weight
from seqtasks.data.parallel.corpus import Corpus, Segment, held_out_keys, pairs_with
from seqtasks.data.parallel.pair_store import PairStore, open_store, source_key
from seqtasks.data.parallel.readers import read_texts
from seqtasks.data.token_cache import TokenCache
from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import atomic_directory, atomic_file
from seqtasks.storage.user_cache import user_cache
from seqtasks.tasks.data_reports import fingerprint
from seqtasks.tasks.data_warnings import other_languages, seen_in_training
from seqtasks.tasks.translation.data import TranslationData, weights_of
from seqtasks.tasks.translation.stored_loader import StoredPairLoader
from seqtasks.tasks.translation.tokenizers import Both, load_processors, make_processors, save_processors
from seqtasks.text import Tokenizer

if TYPE_CHECKING:
    from seqtasks.tasks.translation.task import TranslationTask

SAMPLE = 100_000
"""Examples, the first ones of the first epoch, that a vocabulary is learned from."""
MEASURED = 10_000
"""Of these, the ones that tell how many tokens a pair has, and in which language it is."""


@dataclass
class StoredPairs:
    """What is trained on, on disk.

    Args:
        corpus: All examples, in their order.
        validation: The pairs to validate on, which are in memory.
        cache: The folder of what is kept from one run to the next.
        stores: Those of the training data, then those of the old data that are mixed in.
        shares: A remark on the shares of the sources, where a temperature decides them.
        mix_share: How often an epoch draws each of the old pairs.
        holds_out: Whether the pairs to validate on are some of the training data.
    """

    corpus: Corpus
    validation: list[Pair]
    cache: Path
    stores: tuple[list[PairStore], list[PairStore]]
    shares: list[str]
    mix_share: float
    holds_out: bool

    @property
    def pairs(self) -> int:
        """Training pairs, the old ones that are mixed in left out."""
        return sum(map(len, self.stores[0])) - (len(self.validation) if self.holds_out else 0)

    @property
    def fingerprint(self) -> str:
        """A digest of all texts, as `seqtasks.tasks.data_reports.fingerprint` is one of texts in memory."""
        known = [store.digest for stores in self.stores for store in stores]
        known.append(fingerprint((pair.source, pair.target) for pair in self.validation))
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()

    def seen_in_training(self) -> Iterator[str]:
        """See `seqtasks.tasks.data_warnings`."""
        if not self.holds_out:
            known = b"".join(source_key(pair.source.encode()) for pair in self.validation)
            keys = np.unique(np.frombuffer(known, "<u8"))
            alike = (pair for stores in self.stores for store in stores for pair in pairs_with(store, keys))
            yield from seen_in_training(alike, self.validation, "pairs")

    def sample(self, count: int) -> list[Pair]:
        """The first examples of the first epoch."""
        first = self.corpus.draw(0, 0, count)
        return [pair for pair in self.corpus.pairs(first, first.numbers) if pair.source]

    @cached_property
    def measured(self) -> list[Pair]:
        """A small sample, from which all that is wanted of the corpus but its vocabulary is found out."""
        return self.sample(MEASURED)

    @property
    def identity(self) -> list[Any]:
        """What decides about all samples, as JSON can hold it."""
        segments = [
            (each.store.digest, each.weight, each.holds_out, each.change and each.change.config.model_dump(mode="json"))
            for each in self.corpus.segments
        ]
        return [segments, self.corpus.seed, self.corpus.held_out.tolist()]

    def remembered(self, name: str, known: Any, find: Callable[[], Any]) -> Any:
        """What was found out from a sample, kept for the next run.

        Args:
            name: What it is called; it has a folder of its own.
            known: What decides about it besides the sample, as JSON can hold it.
            find: Finds it out; the result is of the kind that JSON can hold.
        """
        file = self.cache / name / f"{sha256(json.dumps([known, self.identity]).encode())}.json"
        with suppress(OSError, ValueError):
            return json.loads(file.read_bytes())
        found = find()
        with suppress(OSError):  # it is found out again
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(file) as stream:
                stream.write(json.dumps(found).encode())
        return found

    def language_warnings(self, languages: tuple[str, str]) -> list[str]:
        """See `seqtasks.tasks.data_warnings.other_languages`."""
        found: list[str] = self.remembered(
            "languages", languages, lambda: list(other_languages(languages, self.measured))
        )
        return found

    def mean_tokens(self, processors: Both, digests: list[str]) -> float:
        """How many tokens the longer side of a pair has, about."""

        def measure() -> float:
            sources = processors[0].encode_all([pair.source for pair in self.measured])
            targets = processors[1].encode_all([pair.target for pair in self.measured])
            longer = [max(len(source), len(target)) for source, target in zip(sources, targets, strict=True)]
            return max(1.0, sum(longer) / len(longer))

        return float(self.remembered("lengths", digests, measure))

    def tokenizers(self, config: TranslationTask.Config, start: Path | None) -> Both:
        """Text processors learned from a sample, or found again where the same ones were learned before."""
        if start is not None:
            return make_processors(config, self.sample(SAMPLE), start)
        settings = [config.text.model_dump(mode="json"), config.shared_vocab, config.languages.model_dump(mode="json")]
        known = json.dumps([settings, *self.identity])
        folder = self.cache / "vocabularies" / sha256(known.encode())
        if not folder.is_dir():
            with atomic_directory(folder) as part:
                save_processors(make_processors(config, self.sample(SAMPLE), None), part)
        return load_processors(config, folder)

    def loader(
        self, config: TranslationTask.Config, processors: Both, batch_tokens: int, seed: int
    ) -> StoredPairLoader:
        """Batches in an order by this seed.

        Raises:
            SeqtasksError: The disk refuses to keep token ids.
        """
        digests = [processor_digest(config, processor) for processor in processors]
        return StoredPairLoader(
            processors,
            Corpus(self.corpus.segments, self.corpus.held_out, seed),
            self.token_caches(processors, digests),
            batch_tokens=batch_tokens,
            max_tokens=config.data.max_tokens,
            mean_tokens=self.mean_tokens(processors, digests),
            sampling=getattr(config.text, "subword_sampling", 0.0) > 0,
        )

    def token_caches(self, processors: Both, digests: list[str]) -> list[tuple[TokenCache, TokenCache] | None]:
        """Those of the sources and of the targets of each segment; changed copies are other ones each time."""

        def cache(store: PairStore, side: int) -> TokenCache:
            folder = self.cache / "tokens" / f"{store.folder.name}-{('source', 'target')[side]}-{digests[side]}"
            return TokenCache(folder, len(store), processors[side].size)

        try:
            return [
                (cache(segment.store, 0), cache(segment.store, 1)) if segment.change is None else None
                for segment in self.corpus.segments
            ]
        except OSError as error:
            raise SeqtasksError(
                f"{self.cache} cannot be written: {error.strerror or error}.",
                "Set data.cache_dir to a folder with room.",
            ) from error


def read_stored(
    data: TranslationData, languages: tuple[str, str], seed: int, skipped: ReadReport, unread: ReadReport
) -> StoredPairs:
    """Copies the pairs to disk, or finds them there.

    Args:
        data: What is trained on.
        languages: The codes of source and target.
        seed: Of the order, and of what is held out.
        skipped: Counts what is left out of the training data.
        unread: The same for the validation data.

    Raises:
        SeqtasksError: The files cannot be read, or have no pair; or the disk refuses.
    """
    cache = data.cache_dir or user_cache("corpora")
    train, mix = (
        [open_store(source, languages, cache / "pairs") for source in sources] for sources in (data.train, data.mix)
    )
    for store in (*train, *mix):
        store.tell(skipped)
    held_out, validation = np.empty(0, np.uint64), []
    if data.validation:
        validation = [pair for source in data.validation for pair in read_texts(source, unread, languages)]
    else:
        held_out = held_out_keys(train, data.validation_split, seed)
        validation = [pair for store in train for pair in pairs_with(store, held_out)]
    weights, shares = weights_of(data, [len(store) for store in train])
    old = sum(len(store) * source.weight for store, source in zip(mix, data.mix, strict=True))
    share = mix_weight(
        sum(len(store) * weight for store, weight in zip(train, weights, strict=True)), old, data.mix_ratio
    )
    segments = [Segment(store, weight) for store, weight in zip(train, weights, strict=True)]
    segments += [
        Segment(store, source.weight * share, holds_out=False) for store, source in zip(mix, data.mix, strict=True)
    ]
    for change in [Augmentation.of(config)(config) for config in data.augmentation]:
        originals = [segment for segment in segments if segment.change is None]
        segments += [replace(each, weight=each.weight * change.config.probability, change=change) for each in originals]
    segments = [segment for segment in segments if segment.size]
    if not segments:
        raise SeqtasksError(f"No sentence pair is left to train on: {skipped.explain()}.", "Check the data files.")
    corpus = Corpus(segments, held_out, seed)
    return StoredPairs(corpus, validation, cache, (train, mix), shares, share, len(held_out) > 0)


def processor_digest(config: TranslationTask.Config, processor: Tokenizer) -> str:
    """A digest of a text processor and its settings."""
    with TemporaryDirectory() as name:
        file = Path(name) / "processor"
        processor.save(file)
        return sha256(config.text.model_dump_json().encode() + file.read_bytes())


def sha256(content: bytes) -> str:
    """The first 40 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:40]
