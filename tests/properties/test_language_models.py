"""What holds for every search, over language models and prompts of any length: see `proofs`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import pytest
import torch
from helpers.proofs import (
    Subject,
    assert_an_ensemble_with_itself_is_the_model,
    assert_results_do_not_depend_on_the_batch,
    assert_the_n_best_are_distinct_and_scored_as_forced,
    assert_wide_beam_is_exhaustive_search,
    greedy_as_beam_of_one,
    samplings,
    searches,
    seeds,
)
from helpers.writers import VOCAB, prompt, texts, window, writer
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seqtasks.decoding import DecodingConfig
from seqtasks.models import LanguageModel, LanguageModelStepper

MODELS = ("rnn-1", "gru-2", "lstm-2", "transformer-2")
every_model = pytest.mark.parametrize("name", MODELS)
few = settings(max_examples=3)
lengths = st.integers(1, 20)
batches = st.lists(seeds, min_size=2, max_size=5)
ways = searches("6") | samplings("8")


@cache
def model(name: str) -> LanguageModel:
    return writer(name, seed=3)


def subject(name: str, length: int) -> Subject:
    """A model after prompts of this length, which lengths of outputs do not follow."""

    def bind(inputs: Sequence[int]) -> LanguageModelStepper:
        return model(name).make_stepper(torch.tensor([prompt(seed, length) for seed in inputs]))

    def nothing(inputs: Sequence[int]) -> Tensor:
        return torch.zeros(len(inputs), dtype=torch.long)

    return Subject(bind, nothing, VOCAB)


@every_model
@settings(max_examples=2)
@given(seed=seeds, length=lengths)
@torch.no_grad()
def test_wide_beam_is_exhaustive_search(name: str, seed: int, length: int) -> None:
    assert_wide_beam_is_exhaustive_search(subject(name, length), seed, 3)


@every_model
@few
@given(inputs=batches, length=lengths)
@torch.no_grad()
def test_beam_of_one_is_greedy_and_greedy_takes_the_likeliest(name: str, inputs: list[int], length: int) -> None:
    greedy = greedy_as_beam_of_one(subject(name, length), inputs, DecodingConfig(max_length="8"))
    for seed, [best] in zip(inputs, greedy, strict=True):
        history = prompt(seed, length)
        for token in [*best.tokens, 3] if best.finished else best.tokens:
            states, _ = model(name).encoder.read(torch.tensor([history]), None)
            logits = model(name).logits(states)[0, -1]
            logits[:3] = -torch.inf  # padding, unknown and begin are never written
            assert token == logits.argmax()
            history.append(token)


@every_model
@few
@given(inputs=batches, length=lengths, options=ways, data=st.data())
def test_results_do_not_depend_on_the_batch(
    name: str, inputs: list[int], length: int, options: DecodingConfig, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(inputs))))
    assert_results_do_not_depend_on_the_batch(subject(name, length), inputs, options, order)


@every_model
@few
@given(inputs=batches, length=lengths)
def test_the_n_best_are_distinct_and_scored_as_forced(name: str, inputs: list[int], length: int) -> None:
    options = DecodingConfig(beam_size=4, nbest=4, max_length="5")
    assert_the_n_best_are_distinct_and_scored_as_forced(subject(name, length), inputs, options)


@every_model
@few
@given(inputs=batches, length=lengths, options=ways)
def test_ensemble_of_a_model_with_itself_is_the_model(
    name: str, inputs: list[int], length: int, options: DecodingConfig
) -> None:
    assert_an_ensemble_with_itself_is_the_model(subject(name, length), inputs, options)


@pytest.mark.parametrize("name", ["rnn-1", "gru-2", "lstm-2"])
@few
@given(seed=seeds, cuts=st.sets(st.integers(1, 29), max_size=6), rows=st.integers(1, 4))
@torch.no_grad()
def test_windows_of_any_lengths_are_one_long_pass(name: str, seed: int, cuts: set[int], rows: int) -> None:
    tokens = texts(rows, 31, seed)
    whole, last = model(name).loss(window(tokens), None)
    carried, total, borders = None, 0.0, [0, *sorted(cuts), 30]
    for first, end in pairwise(borders):
        loss, carried = model(name).loss(window(tokens[:, first : end + 1]), carried)
        total += loss.total.item()
    assert total == pytest.approx(whole.total.item(), rel=1e-5)
    assert carried is not None
    for one, two in zip(carried, last, strict=True):
        assert torch.allclose(one, two, atol=1e-5)
