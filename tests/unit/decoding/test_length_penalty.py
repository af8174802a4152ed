from __future__ import annotations

import pytest
import torch

from seqtasks.decoding import LengthPenalty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", [1, 1, 1]),
        ("average", [1, 7, 25]),
        ("wu:0", [1, 1, 1]),
        ("wu:1", [1, 2, 5]),
        ("wu:0.6", [1, 1.515717, 2.626528]),
    ],
)
def test_penalties(text: str, expected: list[float]) -> None:
    penalty = LengthPenalty.parse(text)
    assert [penalty(length) for length in (1, 7, 25)] == pytest.approx(expected, abs=1e-6)
    table = penalty.table(25, torch.device("cpu"))
    assert table[[1, 7, 25]].tolist() == pytest.approx(expected, abs=1e-6)
    assert len(table) == 26
    assert table.diff().min() >= 0


@pytest.mark.parametrize("text", ["", "wu", "wu:", "wu:-1", "wu:nan", "wu:inf", "wu:x", "mean", "average:1"])
def test_what_is_no_penalty(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length penalty"):
        LengthPenalty.parse(text)
