from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.decoding.topk import topk_candidates, topk_tokens


@settings(max_examples=60)
@given(
    rows=st.integers(1, 4),
    hyps=st.integers(1, 4),
    vocab=st.sampled_from([4, 6, 31, 32, 33, 64, 100, 257]),
    count=st.sampled_from([1, 2, 10, 40]),
    levels=st.sampled_from([1, 3, 1000]),
    seed=st.integers(0, 2**31),
)
def test_equals_a_stable_sort(rows: int, hyps: int, vocab: int, count: int, levels: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    log_probabilities = -torch.randint(0, 4 * levels, (rows, hyps, vocab), generator=generator) / levels
    log_probabilities[torch.rand(rows, hyps, vocab, generator=generator) < 0.2] = -torch.inf
    scores = -torch.randint(0, 3 * levels, (rows, hyps), generator=generator) / levels
    scores[torch.rand(rows, hyps, generator=generator) < 0.2] = -torch.inf

    totals = (log_probabilities + scores.unsqueeze(2)).flatten(1)
    expected, order = torch.sort(totals, dim=1, descending=True, stable=True)
    found = topk_candidates(log_probabilities, scores, count)
    width = min(count, hyps * vocab)
    assert found.scores.tolist() == expected[:, :width].tolist()
    possible = found.scores > -torch.inf
    assert (found.parents * vocab + found.tokens)[possible].tolist() == order[:, :width][possible].tolist()
    assert (found.tokens < vocab).all()
    given_values = log_probabilities.flatten(1).gather(1, order[:, :width])
    assert found.log_probabilities[possible].tolist() == given_values[possible].tolist()
    first = torch.sort(log_probabilities, dim=2, descending=True, stable=True).indices[..., 0]
    assert topk_tokens(log_probabilities).tolist() == first.tolist()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_of_equals_the_lowest_id_is_first(count: int) -> None:
    found = topk_candidates(torch.zeros(2, 3, 300), torch.zeros(2, 3), count)
    assert found.tokens.tolist() == [list(range(count))] * 2
    assert found.parents.tolist() == [[0] * count] * 2
    assert topk_tokens(torch.zeros(2, 3, 300)).tolist() == [[0] * 3] * 2
