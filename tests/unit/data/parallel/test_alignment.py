"""Word alignments: joining two directions, keeping them, and what the aligner itself finds."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.parallel import alignment
from seqtasks.data.parallel.alignment import Links, align, symmetrize
from seqtasks.errors import SeqtasksError

Pairs = list[tuple[int, int]]
LINKS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12, unique=True)


def links(*pairs: tuple[int, int]) -> Links:
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def test_grow_diag_final_and() -> None:
    forward = links((0, 0), (1, 1), (2, 3), (4, 4), (6, 6), (0, 5))
    backward = links((0, 0), (1, 2), (2, 3), (4, 5), (5, 5))
    # Both have 0-0 and 2-3. Next to these stand 1-1 and 1-2 (each of a token that had none) and no more; 4-4 is next to
    # 2-3 in no direction, 5-5 and 6-6 join tokens without links, and 4-5, 0-5 do not: they come too late.
    assert symmetrize(forward, backward).tolist() == [[0, 0], [1, 1], [1, 2], [2, 3], [4, 4], [5, 5], [6, 6]]


@given(LINKS, LINKS)
def test_joined_links_lie_between_intersection_and_union(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    found = set(map(tuple, symmetrize(links(*one), links(*other)).tolist()))
    assert set(one) & set(other) <= found <= set(one) | set(other)
    if set(one) == set(other):
        assert found == set(one)


class Counted:
    """An aligner that links tokens in order, and counts how often it is asked."""

    calls = 0

    def __call__(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> tuple[list[Links], ...]:
        self.calls += 1
        found = [
            links(*((place, place) for place in range(min(map(len, pair)))))
            for pair in zip(sources, targets, strict=True)
        ]
        return found, found


def test_alignments_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aligner = Counted()
    monkeypatch.setattr(alignment, "run_eflomal", aligner)
    sources, targets = [[4, 5, 6], [7], []], [[8, 9], [4, 4], [5]]
    for _ in range(2):
        assert [each.tolist() for each in align(sources, targets, tmp_path)] == [[[0, 0], [1, 1]], [[0, 0]], []]
    assert aligner.calls == 1
    align(sources, [[8, 9], [4, 4], [6]], tmp_path)
    assert aligner.calls == 2
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 2
    kept[0].write_bytes(kept[0].read_bytes()[:40])
    kept[1].write_bytes(b"")
    with pytest.raises(SeqtasksError, match="damaged"):
        align(sources, targets, tmp_path)


def test_missing_aligner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "eflomal", None)
    with pytest.raises(SeqtasksError, match="eflomal"):
        align([[4]], [[5]], tmp_path)


def test_eflomal_finds_a_cipher(tmp_path: Path) -> None:
    """Each token has one translation, and neighbors change places: what stands for what is known."""
    pytest.importorskip("eflomal")
    chance = random.Random(1)
    sources = [[chance.randrange(4, 104) for _ in range(chance.randint(4, 12))] for _ in range(2000)]
    orders = [[place ^ 1 if place ^ 1 < len(ids) else place for place in range(len(ids))] for ids in sources]
    targets = [[ids[place] + 200 for place in order] for ids, order in zip(sources, orders, strict=True)]
    wanted = {(pair, place, at) for pair, order in enumerate(orders) for at, place in enumerate(order)}
    found = {
        (pair, int(source), int(target))
        for pair, each in enumerate(align(sources, targets, tmp_path))
        for source, target in each
    }
    assert len(wanted & found) > 0.95 * max(len(wanted), len(found))
