from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from seqtasks.data.documents.sliding_window import sliding_windows


@pytest.mark.parametrize("size", [2, 3, 4, 7])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 8, 9, 10, 23, 24])
def test_windows_overlap_and_hold_every_token(length: int, size: int) -> None:
    tokens = list(range(length))
    found = sliding_windows(tokens, size)
    assert {token for each in found for token in each} == set(tokens)
    if length <= size:
        assert found == [tokens]
        return
    assert all(len(each) == size for each in found)
    for before, after in pairwise(found):
        assert before[0] < after[0] <= before[size // 2]
    assert found[-1][-1] == length - 1
    assert max(Counter(token for each in found[:-1] for token in each).values()) <= 2 + size % 2


def test_without_a_size_all_is_one_window() -> None:
    assert sliding_windows(range(1_000), 0) == [range(1_000)]
