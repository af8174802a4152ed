"""Padding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqtasks.data.collate import pad, pad_groups


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (False, False, [[7, 8, 9], [5, 0, 0], [0, 0, 0]]),
        (True, False, [[2, 7, 8, 9], [2, 5, 0, 0], [2, 0, 0, 0]]),
        (False, True, [[7, 8, 9, 3], [5, 3, 0, 0], [3, 0, 0, 0]]),
        (True, True, [[2, 7, 8, 9, 3], [2, 5, 3, 0, 0], [2, 3, 0, 0, 0]]),
    ],
)
def test_sequences_are_padded_on_the_right(begin: bool, end: bool, expected: list[list[int]]) -> None:
    sequences = [[7, 8, 9], [5], []]
    for given in (sequences, [np.array(sequence, np.int32) for sequence in sequences], [(7, 8, 9), (5,), ()]):
        padded = pad(given, begin=begin, end=end)
        assert padded.dtype == torch.int64
        assert padded.tolist() == expected


def test_no_sequences_and_empty_ones() -> None:
    assert pad([]).shape == (0, 0)
    assert pad([[], []]).shape == (2, 0)
    assert pad([], begin=True).shape == (0, 1)
    assert pad([], begin=True, end=True).shape == (0, 2)


def test_groups_of_different_sizes_are_rows_of_one_tensor() -> None:
    groups = [[[7, 8], [5]], [[]], [], [[9], [6, 7], [8]]]
    table = pad_groups(groups, begin=True, end=True)
    assert table.shape == (4, 3, 4)
    assert table[0].tolist() == [[2, 7, 8, 3], [2, 5, 3, 0], [0, 0, 0, 0]]
    assert table[1].tolist() == [[2, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert not table[2].any()
    assert table[3].tolist() == [[2, 9, 3, 0], [2, 6, 7, 3], [2, 8, 3, 0]]
