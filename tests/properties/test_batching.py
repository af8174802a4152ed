"""What must hold for batches of any lengths, budget and seed."""

from __future__ import annotations

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.batch_sampler import TokenBucketSampler, sorted_batches
from seqtasks.tasks.data_loader import TokenBucketLoader

LENGTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=200)
BUDGETS = st.integers(1, 200)
SEEDS = st.integers(0, 2**32)


class Numbers(TokenBucketLoader):
    """Batches of the numbers of their examples."""

    def collate(self, examples: list[int], random: np.random.Generator) -> list[int]:
        return examples


def sides(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs)
    return table[:, 0], table[:, 1]


@given(LENGTHS, BUDGETS, SEEDS, st.integers(0, 3))
def test_every_example_comes_exactly_once_an_epoch(
    pairs: list[tuple[int, int]], budget: int, seed: int, epoch: int
) -> None:
    batches = TokenBucketSampler(*sides(pairs), budget, seed=seed).batches(epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(pairs)))


@given(LENGTHS, BUDGETS, SEEDS)
def test_no_batch_exceeds_the_budget_but_a_single_long_example(
    pairs: list[tuple[int, int]], budget: int, seed: int
) -> None:
    source, target = sides(pairs)
    for rows in TokenBucketSampler(source, target, budget, seed=seed).batches(0):
        assert len(rows) == 1 or len(rows) * max(source[rows].max(), target[rows].max()) <= budget


@given(LENGTHS, BUDGETS, SEEDS, st.integers(0, 30), st.booleans())
def test_a_restored_object_continues_with_exactly_the_next_batch(
    pairs: list[tuple[int, int]], budget: int, seed: int, taken: int, weighted: bool
) -> None:
    source, target = sides(pairs)
    weights = np.where(np.arange(len(pairs)) % 2, 0.5, 1.5) if weighted else None
    sampler = TokenBucketSampler(source, target, budget, seed=seed, weights=weights)
    whole, interrupted, restored = Numbers(), Numbers(), Numbers()
    whole.sampler = interrupted.sampler = restored.sampler = sampler
    expected = [(whole.state_dict(), batch) for batch in islice(whole, taken + 5)][taken:]
    list(islice(interrupted, taken))
    restored.load_state_dict(interrupted.state_dict())
    assert [(restored.state_dict(), batch) for batch in islice(restored, 5)] == expected


@given(LENGTHS, BUDGETS, SEEDS, st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.75, 3.0]), min_size=200, max_size=200))
def test_an_epoch_draws_each_example_as_often_as_its_weight_says(
    pairs: list[tuple[int, int]], budget: int, seed: int, weights: list[float]
) -> None:
    given_weights = np.array([1.0, *weights])[: len(pairs)]
    batches = TokenBucketSampler(*sides(pairs), budget, seed=seed, weights=given_weights).batches(0)
    counts = np.bincount(np.concatenate(batches), minlength=len(pairs))
    assert (np.abs(counts - given_weights) < 1).all()
    for weight in np.unique(given_weights):
        group = counts[given_weights == weight]
        assert abs(group.sum() - weight * len(group)) <= 0.5


@given(st.lists(st.integers(0, 60), max_size=100), BUDGETS)
def test_sorted_batches_hold_everything_once_longest_first(lengths: list[int], budget: int) -> None:
    table = np.array(lengths, np.int64)
    batches = sorted_batches(table, budget)
    order = [example for rows in batches for example in rows.tolist()]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[example] for example in order] == sorted(lengths, reverse=True)
    for rows in batches:
        assert len(rows) == 1 or len(rows) * table[rows].max() <= budget
