"""Stores of pairs as one corpus."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqtasks.data.augmentation import UpperCase
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.corpus import Corpus, Segment, held_out_keys, pairs_with
from seqtasks.data.parallel.pair_store import PairStore, write_store

NONE = np.empty(0, np.uint64)


def store(folder: Path, count: int, name: str = "pair") -> PairStore:
    (folder / name).mkdir()
    write_store((Pair(f"{name} {number // 2}", f"T{number}") for number in range(count)), folder / name, ReadReport())
    return PairStore(folder / name)


def drawn(corpus: Corpus, epoch: int, chunk: int = 7) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start in range(0, len(corpus), chunk):
        part = corpus.draw(epoch, start, start + chunk)
        found += zip(part.segments.tolist(), part.numbers.tolist(), strict=True)
    return found


@pytest.mark.parametrize("weight", [1.0, 2.0, 0.5, 2.25])
def test_an_epoch_draws_each_pair_as_often_as_its_weight_says(tmp_path: Path, weight: float) -> None:
    corpus = Corpus([Segment(store(tmp_path, 100), weight), Segment(store(tmp_path, 20, "other"), 1.0)], NONE, 1)
    epochs = [drawn(corpus, epoch) for epoch in range(2)]
    for epoch in epochs:
        counts = Counter(epoch)
        assert Counter(counts[0, number] for number in range(100)) == Counter(
            {int(weight): 100 - round(100 * (weight % 1)), int(weight) + 1: round(100 * (weight % 1))}
        ) - Counter({int(weight) + 1: 0})
        assert all(counts[1, number] == 1 for number in range(20))
    assert epochs[0] != epochs[1]
    if weight % 1:
        assert Counter(epochs[0]) != Counter(epochs[1]), "other pairs take part"


def test_chunks_of_any_size_are_parts_of_the_same_order(tmp_path: Path) -> None:
    corpus = Corpus([Segment(store(tmp_path, 100), 1.5)], NONE, 3)
    assert drawn(corpus, 4, 7) == drawn(corpus, 4, 150) == drawn(corpus, 4, 1)


def test_what_is_held_out_is_not_drawn(tmp_path: Path) -> None:
    """Pairs with the same source stay together, in whatever file they are."""
    stores = [store(tmp_path, 100), store(tmp_path, 100, "other")]
    keys = held_out_keys(stores, 10, seed=5)
    validation = [pair for each in stores for pair in pairs_with(each, keys)]
    assert len(validation) == 20
    assert len({pair.source for pair in validation}) == 10
    segments = [Segment(stores[0], 1.0), Segment(stores[1], 1.0), Segment(stores[0], 1.0, holds_out=False)]
    corpus = Corpus(segments, keys, 1)
    part = corpus.draw(0, 0, len(corpus))
    pairs = corpus.pairs(part, part.numbers)
    trained = [pair for segment, pair in zip(part.segments.tolist(), pairs, strict=True) if segment < 2]
    assert len(trained) == 180
    assert not {pair.source for pair in trained} & {pair.source for pair in validation}
    assert len(pairs) == 280, "what is mixed in is not held out"


def test_what_is_held_out_follows_from_seed_and_texts_alone(tmp_path: Path) -> None:
    stores = [store(tmp_path, 100), store(tmp_path, 100, "other")]
    keys = held_out_keys(stores, 10, seed=5)
    assert held_out_keys(stores[::-1], 10, seed=5).tolist() == keys.tolist()
    assert held_out_keys(stores, 10, seed=6).tolist() != keys.tolist()
    assert len(held_out_keys(stores, 1_000, seed=5)) == 10, "at most a tenth of the sources that differ, as in memory"


def test_many_pairs_of_few_sources_are_not_all_held_out(tmp_path: Path) -> None:
    write_store((Pair(f"s{number % 150}", f"t{number}") for number in range(3_000)), tmp_path, ReadReport())
    assert len(held_out_keys([PairStore(tmp_path)], 100, seed=1)) == 15


def test_the_number_of_sources_is_estimated(tmp_path: Path) -> None:
    write_store((Pair(f"s{number % 50_000}", "t") for number in range(100_000)), tmp_path, ReadReport())
    assert abs(len(held_out_keys([PairStore(tmp_path)], 0.02, seed=1)) - 1_000) < 60


def test_changed_copies(tmp_path: Path) -> None:
    pairs = store(tmp_path, 100)
    change = UpperCase(UpperCase.Config(probability=0.2))
    corpus = Corpus([Segment(pairs, 1.0), Segment(pairs, 0.2, change)], NONE, 1)
    part = corpus.draw(0, 0, len(corpus))
    found = corpus.pairs(part, part.numbers)
    copies = [pair for segment, pair in zip(part.segments.tolist(), found, strict=True) if segment == 1]
    assert len(copies) == 20
    assert all(pair.source.isupper() for pair in copies)
    assert corpus.lengths(part).shape == (2, 120)
