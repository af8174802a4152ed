from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from seqtasks.incremental_state import State, reorder_hypotheses, select_rows


class Leaves(NamedTuple):
    first: Tensor
    second: list[Tensor | None]


def test_reorder_and_select() -> None:
    shared = {"memory": torch.arange(6).view(3, 2)}
    cache = torch.arange(12).view(3, 2, 2)
    state = State(shared, (Leaves(cache, [cache + 100, None]),))

    turned = reorder_hypotheses(state, torch.tensor([[0, 0], [1, 0], [1, 1]]))
    assert turned.per_row is shared
    [leaves] = turned.per_hypothesis
    assert leaves.first.tolist() == [[[0, 1], [0, 1]], [[6, 7], [4, 5]], [[10, 11], [10, 11]]]
    assert torch.equal(leaves.second[0], leaves.first + 100)
    assert leaves.second[1] is None

    kept = select_rows(state, torch.tensor([0, 2]))
    assert kept.per_row["memory"].tolist() == [[0, 1], [4, 5]]
    assert torch.equal(kept.per_hypothesis[0].second[0], cache[[0, 2]] + 100)
