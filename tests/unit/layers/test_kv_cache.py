"""Slots of the cache: every hypothesis writes and sees its own."""

from __future__ import annotations

import pytest
import torch

from seqtasks.layers.attention import KeysValues
from seqtasks.layers.kv_cache import GROWTH, extend_cache, init_cache


@pytest.mark.parametrize("read", [0, 1, 5])
@pytest.mark.parametrize("hyps", [1, 3])
def test_every_step_has_slots_of_its_own_behind_what_was_read(read: int, hyps: int) -> None:
    past = torch.randn(2, 4, read, 6)
    caches, visible = init_cache((KeysValues(past, past + 1),), hyps)
    assert visible.all()
    for position in range(2 * GROWTH + 1):
        caches, visible, first = extend_cache(caches, visible, position)
        assert first == read + position * hyps
        for each in caches[0]:
            assert each.shape == (2, 4, read + hyps * GROWTH * (position // GROWTH + 1), 6)
        assert torch.equal(caches[0].keys[:, :, :read], past)
        assert torch.equal(caches[0].values[:, :, :read], past + 1)
        assert visible.shape == (2, hyps, caches[0].keys.shape[2])
        slots = torch.arange(visible.shape[2])
        for hypothesis in range(hyps):
            own = (slots >= read) & (slots < first + hyps) & ((slots - read) % hyps == hypothesis)
            assert torch.equal(visible[:, hypothesis], ((slots < read) | own).expand(2, -1))
