"""Random orders that are computed place by place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.parallel.permutation import Permutation


@given(length=st.integers(0, 400), key=st.tuples(st.integers(0, 2**62), st.integers(0, 9)))
def test_every_number_once(length: int, key: tuple[int, int]) -> None:
    order = Permutation(length, key)(np.arange(length))
    assert sorted(order.tolist()) == list(range(length))


def test_any_part_is_computed_by_itself() -> None:
    permutation = Permutation(10_001, (3, 1))
    whole = permutation(np.arange(10_001))
    assert permutation(np.arange(5_000, 5_100)).tolist() == whole[5_000:5_100].tolist()
    assert permutation(np.array([7, 7, 9_999])).tolist() == whole[[7, 7, 9_999]].tolist()


def test_another_key_is_another_order() -> None:
    orders = [Permutation(1_000, (seed, epoch))(np.arange(1_000)) for seed in (1, 2) for epoch in (0, 1)]
    for number, order in enumerate(orders):
        for other in orders[:number]:
            assert (order == other).mean() < 0.01


@pytest.mark.parametrize("length", [1_000, 65_536, 100_000])
def test_places_say_nothing_of_numbers(length: int) -> None:
    """Neither neighbors nor bits keep anything of the place; with real chance such bounds fail once in 10,000 keys."""
    places = np.arange(length)
    order = Permutation(length, (11, 0))(places)
    assert abs(np.corrcoef(places, order)[0, 1]) < 4 / np.sqrt(length)
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 4 / np.sqrt(length)
    for bit in range(8):
        same = ((order >> bit & 1) == (places >> bit & 1)).mean()
        assert abs(same - 0.5) < 2.5 / np.sqrt(length)


def test_a_long_order_takes_no_memory() -> None:
    far = Permutation(2**61, (1,))(np.array([0, 2**60, 2**61 - 1]))
    assert len(set(far.tolist())) == 3
    assert (far < 2**61).all()
