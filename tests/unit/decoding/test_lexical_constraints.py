from __future__ import annotations

import math

import pytest
import torch
from helpers.steppers import RowStepper, TableStepper, probabilities

from seqtasks.decoding import DecodingConfig, decode
from seqtasks.decoding.lexical_constraints.phrases import ConstraintState, LexicalConstraints
from seqtasks.errors import SeqtasksError

GOES_ON = torch.tensor([False] * 6 + [True])
"""Token 6 goes on with the word before it."""


def read(tables: LexicalConstraints, tokens: list[int]) -> ConstraintState:
    """The state of one hypothesis after some tokens."""
    state = tables.start(1)
    for token in tokens:
        state = tables.advance(state, torch.tensor([[token]]))
    return state


@pytest.mark.parametrize(
    ("tokens", "matched", "met"),
    [
        ([4, 4, 5], 3, True),
        ([4, 4, 4, 5], 3, True),  # the beginning comes twice
        ([4, 4, 6, 5], 0, False),
        ([5, 4, 4], 2, False),
        ([4, 4, 5, 4], 1, True),
    ],
)
def test_a_phrase_is_found_wherever_it_stands(tokens: list[int], matched: int, met: bool) -> None:
    state = read(LexicalConstraints.from_phrases([[[(4, 4, 5)]]]), tokens)
    assert (int(state.matched), bool(state.met)) == (matched, met)


def test_a_phrase_inside_of_a_longer_word_does_not_count() -> None:
    tables = LexicalConstraints.from_phrases([[[(4, 5)]]], GOES_ON)
    assert read(tables, [4, 5]).met.item()
    assert not read(tables, [4, 5, 6]).met.item()
    assert read(tables, [4, 5, 6, 4, 5, 4, 6]).met.item()


def test_progress_counts_the_tokens_of_phrases() -> None:
    tables = LexicalConstraints.from_phrases([[[(4, 4, 5), (5, 4)], [(6,)]]])
    assert tables.total.tolist() == [3]
    assert [int(tables.progress(read(tables, tokens))) for tokens in ([], [5], [4, 4], [6, 5], [6, 5, 5, 4])] == [
        0,
        1,
        1,  # one more token to go of two: the longer form has brought it no nearer than that
        2,
        3,
    ]


def test_the_least_costly_place_is_taken() -> None:
    stepper = TableStepper(
        1, probabilities(0.2, 0.6, 0.2), after={4: probabilities(0.5, 0.1, 0.4), 5: probabilities(0.9, 0.05, 0.05)}
    )
    [[best]] = decode(
        stepper, source_lengths=torch.tensor([1]), force_words_ids=[[[(5,)]]],
        options=DecodingConfig(beam_size=4, length_penalty="none", max_length="6"),
    )  # fmt: skip
    assert best.tokens == (4, 5)
    assert best.score == pytest.approx(math.log(0.6 * 0.4 * 0.9), abs=1e-5)


def test_outputs_become_as_long_as_their_phrases() -> None:
    stepper = TableStepper(1, probabilities(0.9, 0.05, 0.05))
    [[best]] = decode(
        stepper, source_lengths=torch.tensor([1]), force_words_ids=[[[(4, 4, 5)], [(5, 5)]]], prefixes=[[5]],
        options=DecodingConfig(beam_size=2, max_length="2"),
    )  # fmt: skip
    assert best.tokens in {(5, 4, 4, 5, 5), (5, 5, 4, 4, 5), (5, 4, 4, 5, 5, 5), (5, 5, 5, 4, 4, 5)}
    assert best.finished


def test_each_row_has_its_own_phrases() -> None:
    stepper = RowStepper([probabilities(0.8, 0.1, 0.1)] * 3)
    results = decode(
        stepper, source_lengths=torch.ones(3, dtype=torch.long), force_words_ids=[[[(4,)]], [], [[(5,), (4, 4)]]],
        options=DecodingConfig(beam_size=3, max_length="5"),
    )  # fmt: skip
    assert [row[0].tokens for row in results] == [(4,), (), (5,)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"force_words_ids": [[[]]]}, "empty form"),
        ({"force_words_ids": [[[()]]]}, "empty form"),
        ({"force_words_ids": [[[(3,)]]]}, "token 3"),
        ({"force_words_ids": [[[(0, 4)]]]}, "token 0"),
        ({"force_words_ids": [[[(99,)]]]}, "Token 99"),
        ({"force_words_ids": [[[(4,)]], []]}, "2 inputs"),
        ({"force_words_ids": [[[(4,)]]], "prefixes": [[4, 3]]}, "prefix ends"),
        ({"force_words_ids": [[[(6, 4)]]], "continuation_tokens": GOES_ON}, "middle of a word"),
        ({"bad_words_ids": [[()]]}, "empty"),
        ({"bad_words_ids": [[(99,)]]}, "Token 99"),
        ({"bad_words_ids": []}, "0 inputs"),
    ],
)
def test_what_cannot_be_is_an_error(given: dict, message: str) -> None:
    stepper = TableStepper(1, probabilities(0.5, 0.2, 0.2, 0.1))
    with pytest.raises(SeqtasksError, match=message):
        decode(stepper, source_lengths=torch.tensor([1]), options=DecodingConfig(beam_size=2), **given)


@pytest.mark.parametrize("options", [{"beam_size": 1}, {"sample": True}])
def test_phrases_need_a_beam(options: dict) -> None:
    stepper = TableStepper(1, probabilities(0.5, 0.5))
    with pytest.raises(SeqtasksError, match="needs beam search"):
        decode(stepper, source_lengths=torch.tensor([1]), options=DecodingConfig(**options), force_words_ids=[[[(4,)]]])
