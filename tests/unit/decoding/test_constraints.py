from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.steppers import TableStepper, probabilities

from seqtasks.decoding import DecodingConfig, decode
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.errors import SeqtasksError

END, VOCAB = 3, 8
LENGTHS = torch.tensor([4, 4])


def allowed(rules: DecodingConstraints, *history: list[int]) -> list[list[int]]:
    """For each row, the ids that may follow its history."""
    given = torch.tensor(history).unsqueeze(1)
    values = torch.arange(-1.0, -1.0 - VOCAB, -1).repeat(len(history), 1, 1)
    before = values.clone()
    after = rules.apply(values, given, given.shape[2])
    possible = after > -torch.inf
    assert torch.equal(after[possible], before[possible])
    return [row.nonzero().squeeze(1).tolist() for row in possible[:, 0]]


@pytest.mark.parametrize(
    ("options", "history", "expected"),
    [
        ({}, [4, 5], [3, 4, 5, 6, 7]),
        ({"suppress_tokens": (5, 7)}, [4, 5], [3, 4, 6]),
        ({"suppress_tokens": (END,)}, [4, 5], [4, 5, 6, 7]),
        ({"min_length": "4"}, [4, 5], [4, 5, 6, 7]),
        ({"min_length": "3"}, [4, 5], [3, 4, 5, 6, 7]),
        ({"min_length": "x"}, [4, 5, 6], [3, 4, 5, 6, 7]),
        ({"min_length": "99", "max_length": "3"}, [4, 5], [3, 4, 5, 6, 7]),
        ({"no_repeat_ngram_size": 1}, [4, 6], [3, 5, 7]),
        ({"no_repeat_ngram_size": 2}, [4], [3, 4, 5, 6, 7]),
        ({"no_repeat_ngram_size": 2}, [4, 5, 4], [3, 4, 6, 7]),
        ({"no_repeat_ngram_size": 2}, [4, 4], [3, 5, 6, 7]),
        ({"no_repeat_ngram_size": 2}, [4, 5, 6, 4, 7, 4], [3, 4, 6]),
        ({"no_repeat_ngram_size": 3}, [4, 5, 6, 4, 5], [3, 4, 5, 7]),
        ({"no_repeat_ngram_size": 3}, [4, 5, 6, 5, 5], [3, 4, 5, 6, 7]),
        ({"suppress_tokens": (4, 5, 6, 7), "min_length": "4"}, [4, 5], [3]),
        ({"no_repeat_ngram_size": 1, "min_length": "9", "max_length": "9"}, [4, 5, 6, 7], [3]),
    ],
)
def test_what_may_follow(options: dict[str, Any], history: list[int], expected: list[int]) -> None:
    rules = DecodingConstraints.from_config(DecodingConfig(**options), LENGTHS)
    assert allowed(rules, history, history) == [expected, expected]


def test_rows_have_rules_of_their_own() -> None:
    rules = DecodingConstraints.from_config(
        DecodingConfig(min_length="x", max_length="2x+1"), torch.tensor([2, 4]), [[6, 0], []]
    )
    assert rules.max_length.tolist() == [5, 9]
    assert allowed(rules, [6], [6]) == [[0], [4, 5, 6, 7]]
    assert allowed(rules, [6, 0], [6, 4]) == [[3, 4, 5, 6, 7], [4, 5, 6, 7]]
    assert allowed(rules.select_rows(torch.tensor([1])), [6]) == [[4, 5, 6, 7]]


def test_histories_have_rules_of_their_own() -> None:
    rules = DecodingConstraints.from_config(DecodingConfig(no_repeat_ngram_size=1), LENGTHS)
    assert allowed(rules, [4, 5], [6, 6]) == [[3, 6, 7], [3, 4, 5, 7]]


def test_a_prefix_has_priority_and_ends_at_its_end() -> None:
    rules = DecodingConstraints.from_config(
        DecodingConfig(suppress_tokens=(5,), min_length="4"), LENGTHS, [[5, END, 6], [7]]
    )
    assert rules.prefix is not None
    assert rules.prefix.tolist() == [[5, END], [7, -1]]
    assert allowed(rules, [5], [7]) == [[END], [4, 6, 7]]


def test_room_after_a_prefix() -> None:
    assert DecodingConstraints.from_config(
        DecodingConfig(max_length="2"), LENGTHS, [[4, 5, 6], []]
    ).max_length.tolist() == [4, 2]


def test_an_output_has_a_token_at_least() -> None:
    assert DecodingConstraints.from_config(DecodingConfig(max_length="x"), torch.tensor([0])).max_length.tolist() == [1]


def test_mistakes() -> None:
    with pytest.raises(SeqtasksError, match="1 prefix for 2 inputs"):
        DecodingConstraints.from_config(DecodingConfig(), LENGTHS, [[4]])
    with pytest.raises(SeqtasksError, match="0 prefixes for 2 inputs"):
        DecodingConstraints.from_config(DecodingConfig(), LENGTHS, [])
    with pytest.raises(SeqtasksError, match="negative"):
        DecodingConstraints.from_config(DecodingConfig(), LENGTHS, [[4], [-1]])
    for rules in (
        DecodingConstraints.from_config(DecodingConfig(suppress_tokens=(8,)), LENGTHS),
        DecodingConstraints.from_config(DecodingConfig(), LENGTHS, [[8], []]),
    ):
        with pytest.raises(SeqtasksError, match="the vocabulary ends at 7"):
            allowed(rules, [4], [4])


@pytest.mark.parametrize("options", [{"beam_size": 1}, {"beam_size": 3}])
def test_a_repetition_penalty_makes_what_is_there_already_less_likely(options: dict[str, int]) -> None:
    stepper = TableStepper(1, probabilities(0.05, 0.55, 0.4))
    plain = DecodingConfig(max_length="4", length_penalty="none", min_length="4", **options)
    [[best]] = decode(stepper, source_lengths=torch.tensor([1]), options=plain)
    assert best.tokens == (4, 4, 4, 4)
    [[best]] = decode(stepper, source_lengths=torch.tensor([1]), options=replace(plain, repetition_penalty=4.0))
    first, second = math.log(0.55), math.log(0.4)
    assert sorted(best.tokens[:2]) == [4, 5]
    assert best.log_probabilities[:2] == pytest.approx([first, second], abs=1e-5)
    assert best.log_probabilities[2] == pytest.approx(4 * first, abs=1e-5)


def test_a_repetition_penalty_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        DecodingConfig(repetition_penalty=0.5)


def test_rows_without_forbidden_phrases_cost_nothing() -> None:
    assert not DecodingConstraints.from_config(DecodingConfig(), LENGTHS, bad_words=[[], []]).may_have_no_candidate
    assert DecodingConstraints.from_config(DecodingConfig(), LENGTHS, bad_words=[[(5,)], []]).may_have_no_candidate
