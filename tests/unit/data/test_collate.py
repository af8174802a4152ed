"""Padding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqtasks.data.collate import pad


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
