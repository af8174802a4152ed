"""Batches on lengths like those of natural sentences, and small cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from seqtasks.data.batch_sampler import TokenBucketSampler, sorted_batches
from seqtasks.errors import SeqtasksError


def natural_lengths(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Log-normal sentence lengths whose sides correlate by about 0.9, as measured on image descriptions."""
    random = np.random.default_rng(seed)
    base = random.normal(2.7, 0.4, count)
    sides = [np.maximum(2, np.exp(base + random.normal(shift, 0.12, count))).astype(np.int64) for shift in (0, 0.15)]
    return sides[0], sides[1]


@pytest.mark.parametrize("budget", [1800, 4096])
def test_little_of_a_batch_is_padding_and_it_is_nearly_full(budget: int) -> None:
    source, target = natural_lengths(30_000)
    batches = TokenBucketSampler(source, target, budget, seed=1).batches(0)
    cells = sum(len(rows) * (source[rows].max() + target[rows].max()) for rows in batches)
    assert 1 - (source.sum() + target.sum()) / cells < 0.09
    full = [len(rows) * max(source[rows].max(), target[rows].max()) / budget for rows in batches]
    assert np.mean(full) > 0.95


def test_batches_come_in_no_order_of_length_and_with_other_company_each_epoch() -> None:
    source, target = natural_lengths(5_000)
    batches = TokenBucketSampler(source, target, 1000, seed=1)
    first, second = batches.batches(0), batches.batches(1)
    means = np.array([source[rows].mean() for rows in first])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3
    company = {frozenset(rows.tolist()) for rows in first} & {frozenset(rows.tolist()) for rows in second}
    assert len(company) < 0.05 * len(first)


def test_the_seed_decides() -> None:
    source, target = natural_lengths(500)
    orders = [
        np.concatenate(TokenBucketSampler(source, target, 200, seed=seed).batches(0)).tolist() for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def test_an_example_beyond_the_budget_is_a_batch_of_its_own() -> None:
    source, target = np.array([3, 50, 3, 3]), np.array([4, 2, 4, 40])
    batches = TokenBucketSampler(source, target, 12, seed=1).batches(0)
    assert sorted(sorted(rows.tolist()) for rows in batches) == [[0, 2], [1], [3]]


def test_weights_mix_sources() -> None:
    lengths = np.full(100, 5)
    weights = np.repeat([2.0, 0.5, 1.25], [20, 40, 40])
    batches = TokenBucketSampler(lengths, lengths, 50, seed=1, weights=weights)
    counts = [np.bincount(np.concatenate(batches.batches(epoch)), minlength=100) for epoch in range(8)]
    for count in counts:
        assert set(count[:20]) == {2}
        assert set(count[20:60]) == {0, 1}
        assert count[20:60].sum() == 20
        assert set(count[60:]) == {1, 2}
        assert count[60:].sum() == 50
    assert all(np.sum(counts, axis=0)[20:60] > 0), "other halves in other epochs"


@pytest.mark.parametrize("weights", [None, np.full(0, 1.0)])
def test_no_examples_are_a_mistake(weights: np.ndarray | None) -> None:
    nothing = np.zeros(0, np.int64)
    with pytest.raises(SeqtasksError, match="no example"):
        TokenBucketSampler(nothing, nothing, 10, seed=1, weights=weights)


def test_weights_that_draw_nothing_are_a_mistake() -> None:
    with pytest.raises(SeqtasksError, match="no example"):
        TokenBucketSampler(np.array([3]), np.array([3]), 10, seed=1, weights=np.array([0.1]))


def test_batches_for_inference_begin_with_the_longest() -> None:
    batches = sorted_batches(np.array([2, 9, 4, 4, 30, 2, 0]), 12)
    assert [rows.tolist() for rows in batches] == [[4], [1], [2, 3, 0], [5, 6]]
    assert sorted_batches(np.zeros(0, np.int64), 12) == []
