"""The data of a translation task: what is trained on, and what is validated on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from seqtasks.data.augmentation import Augmentation
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.files.patterns import matching_files
from seqtasks.data.holdout import ValidationSplit, train_validation_split
from seqtasks.data.mixing import MixRatio, SamplingTemperature, mix_weight, source_weights
from seqtasks.data.parallel.readers import read_texts
from seqtasks.data.parallel.source import Languages, ParallelSource
from seqtasks.registry import ConfigModel, PolymorphicField
from seqtasks.storage.presence import is_file

IN_MEMORY = 2**28
"""Bytes of texts that are held in memory unless something else is asked for: about two million pairs."""
PACKED = (".gz", ".zst", ".parquet")
COMPRESSED = 4
"""So many times as large are the texts in compressed files, about."""


class TranslationData(ConfigModel):
    """What to train on and what to validate on."""

    train: list[ParallelSource]
    """Pairs of texts."""
    validation: list[ParallelSource] = Field(default=[])
    """By default, a part of the training data is held out."""
    validation_split: ValidationSplit = 1000
    """A share (below 1) or a number of pairs (at most a tenth of all); pairs with the same source stay together."""
    sampling_temperature: SamplingTemperature = 1.0
    """Makes the shares of the sources of `train` in an epoch more even, in proportion to (pairs times weight)^(1/T)."""
    mix: list[ParallelSource] = Field(default=[])
    """Old pairs that are trained on beside the new ones, so that a model keeps what it knew; none are held out."""
    mix_ratio: MixRatio = 1.0
    """Examples of `mix` for each new one in an epoch, at most each of them once."""
    keep_in_memory: bool | None = None
    """Whether all pairs are held in memory; by default, where their files have at most 256 MiB. Others are copied to
    `cache_dir`, and read and tokenized as they are needed, in another order."""
    cache_dir: Path | None = None
    """Where pairs that are not held in memory are kept; else in the user's cache, seqtasks/corpora."""
    max_tokens: int = Field(default=128, gt=0)
    """Pairs with more tokens on either side are not trained on."""
    augmentation: list[Annotated[ConfigModel, PolymorphicField(Augmentation)]] = Field(default=[])
    """Changed copies of training pairs that are trained on, too."""


def keeps_in_memory(data: TranslationData) -> bool:
    """Whether sentence pairs are held in memory, by the settings or else by the size of their files."""
    if data.keep_in_memory is not None:
        return data.keep_in_memory
    return sum(map(text_bytes, [*data.train, *data.mix])) <= IN_MEMORY


def text_bytes(source: ParallelSource) -> int:
    """The bytes of the texts of a source, about; 0 for what is no file."""
    paths = [path for path in (source.path, source.source, source.target) if path is not None]
    files = [file for path in paths for file in matching_files(path) if is_file(file)]
    return sum(path.stat().st_size * (COMPRESSED if path.suffix.lower() in PACKED else 1) for path in files)


def read_data(
    data: TranslationData, languages: Languages, seed: int, skipped: ReadReport, unread: ReadReport
) -> tuple[list[Pair], list[float], list[Pair], list[str]]:
    """Training pairs, the weight of each, validation pairs, and a remark; `unread` reports the validation files."""
    sources = enumerate(data.train)
    numbered = [(pair, number) for number, source in sources for pair in read_texts(source, skipped, languages)]
    validation = [pair for source in data.validation for pair in read_texts(source, unread, languages)]
    if not data.validation:
        texts = [pair.source for pair, _ in numbered]
        numbered, held_out = train_validation_split(numbered, data.validation_split, seed, groups=texts)
        validation = [pair for pair, _ in held_out]
    counts = np.bincount(np.array([number for _, number in numbered], np.int64), minlength=len(data.train)).tolist()
    weights, shares = weights_of(data, counts)
    return [pair for pair, _ in numbered], [weights[number] for _, number in numbered], validation, shares


def weights_of(data: TranslationData, counts: Sequence[int]) -> tuple[list[float], list[str]]:
    """How often an epoch draws each pair of the sources of `train`, which have so many, and a remark on the shares."""
    names, weights = [source.name for source in data.train], [source.weight for source in data.train]
    return source_weights(names, counts, weights, data.sampling_temperature)


def read_mix(
    data: TranslationData, languages: Languages, new: float, skipped: ReadReport
) -> tuple[list[tuple[Pair, float]], float]:
    """The old pairs with the weight of each, and the share of them in an epoch; `new` is the weight of `train`."""
    mixed = [(pair, source.weight) for source in data.mix for pair in read_texts(source, skipped, languages)]
    share = mix_weight(new, sum(weight for _, weight in mixed), data.mix_ratio)
    return [(pair, weight * share) for pair, weight in mixed], share
