from __future__ import annotations

import pytest
import torch

from seqtasks.decoding import LengthLimit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50", [50, 50, 50]),
        ("0", [0, 0, 0]),
        ("x", [0, 7, 100]),
        ("2x", [0, 14, 200]),
        ("x+5", [5, 12, 105]),
        ("1.5x+10", [10, 20, 160]),
        ("0.29x", [0, 2, 29]),
    ],
)
def test_lengths(text: str, expected: list[int]) -> None:
    assert LengthLimit.parse(text)(torch.tensor([0, 7, 100])).tolist() == expected


@pytest.mark.parametrize(
    "text", ["", "+5", "1.5", "-3", "x*2", "2x-1", "x+", "2 x", "long", "1.5x10", "1" * 10, "1" * 10 + "x"]
)
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length"):
        LengthLimit.parse(text)
