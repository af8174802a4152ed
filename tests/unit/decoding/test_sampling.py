from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
from helpers.steppers import HistoryStepper, TableStepper, probabilities

from seqtasks.decoding import DecodingConfig, Hypothesis, decode
from seqtasks.decoding.sampling import _inverse_cumulative

DISTRIBUTION = {3: 0.4, 4: 0.05, 5: 0.3, 6: 0.2, 7: 0.05}


def first_tokens(options: DecodingConfig, rows: int = 4000) -> Counter[int]:
    stepper = TableStepper(rows, probabilities(*DISTRIBUTION.values()))
    results = decode(stepper, source_lengths=torch.ones(rows, dtype=torch.long), options=options)
    return Counter(each.tokens[0] if each.tokens else 3 for row in results for each in row)


def tempered(temperature: float, kept: set[int]) -> dict[int, float]:
    weights = {token: DISTRIBUTION[token] ** (1 / temperature) for token in kept}
    return {token: weight / sum(weights.values()) for token, weight in weights.items()}


@pytest.mark.parametrize(
    ("options", "temperature", "kept"),
    [
        ({}, 1.0, {3, 4, 5, 6, 7}),
        ({"temperature": 0.5}, 0.5, {3, 4, 5, 6, 7}),
        ({"temperature": 3.0}, 3.0, {3, 4, 5, 6, 7}),
        ({"top_k": 1}, 1.0, {3}),
        ({"top_k": 3}, 1.0, {3, 5, 6}),
        ({"top_k": 4}, 1.0, {3, 4, 5, 6}),
        ({"top_k": 99}, 1.0, {3, 4, 5, 6, 7}),
        ({"top_p": 0.3}, 1.0, {3}),
        ({"top_p": 0.65}, 1.0, {3, 5}),
        ({"top_p": 0.75}, 1.0, {3, 5, 6}),
        ({"top_k": 3, "top_p": 0.75, "temperature": 2.0}, 2.0, {3, 5, 6}),
        ({"top_k": 3, "top_p": 0.75}, 1.0, {3, 5}),
    ],
)
def test_frequencies(options: dict[str, Any], temperature: float, kept: set[int]) -> None:
    counts = first_tokens(DecodingConfig(sample=True, nbest=2, max_length="1", **options))
    expected = tempered(temperature, kept)
    assert set(counts) == kept
    total = counts.total()
    chi_square = sum((counts[token] - total * share) ** 2 / (total * share) for token, share in expected.items())
    assert chi_square < 18.5  # the 0.1 % point at 4 degrees of freedom


def samples(rows: list[int], options: DecodingConfig) -> list[list[Hypothesis]]:
    stepper = HistoryStepper(rows, scale=0.5)
    return decode(stepper, source_lengths=torch.tensor(rows), options=options, row_numbers=rows)


def test_a_sample_depends_on_seed_row_and_hypothesis_alone() -> None:
    options = DecodingConfig(sample=True, nbest=3, max_length="x", length_penalty="none")
    longer = DecodingConfig(sample=True, nbest=4, max_length="x", length_penalty="none")
    together = samples([5, 9, 6], options)
    assert together[1] == samples([9], options)[0]
    assert Counter(together[1]) <= Counter(samples([9], longer)[0])
    assert together != samples(
        [5, 9, 6], DecodingConfig(sample=True, nbest=3, max_length="x", length_penalty="none", seed=2)
    )
    assert len(set(samples([12], DecodingConfig(sample=True, nbest=20, max_length="x"))[0])) > 5


def test_rows_of_equal_inputs_are_given_different_samples() -> None:
    stepper = HistoryStepper([1, 1], scale=0.1)
    lengths = torch.tensor([20, 20])
    options = DecodingConfig(sample=True, max_length="x")
    one, two = decode(stepper, source_lengths=lengths, options=options)
    assert one != two
    one, two = decode(stepper, source_lengths=lengths, options=options, row_numbers=[7, 7])
    assert one == two


def test_log_probabilities_are_those_of_the_model() -> None:
    stepper = TableStepper(1, probabilities(*DISTRIBUTION.values()))
    options = DecodingConfig(sample=True, nbest=50, max_length="2", temperature=3.0, top_k=4)
    for each in decode(stepper, source_lengths=torch.tensor([1]), options=options)[0]:
        tokens = [*each.tokens, *[3] * each.finished]
        assert each.log_probabilities == pytest.approx([math.log(DISTRIBUTION[token]) for token in tokens], abs=1e-6)


def test_nothing_impossible_is_drawn() -> None:
    weights = torch.tensor([[[0.0, 0.25, 0.0, 0.75, 0.0]]])
    for drawn, expected in [(0.0, 1), (0.2, 1), (0.25, 3), (0.9, 3), (1 - 2**-24, 3), (1.0, 3)]:
        assert _inverse_cumulative(weights, torch.tensor([[drawn]])).tolist() == [[expected]]
