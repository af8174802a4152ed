"""What holds for every search, over generators of every kind: see `proofs`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
import torch
from helpers.generators import PAIRS, VOCAB, generator, padded, text
from helpers.proofs import (
    Subject,
    assert_an_ensemble_with_itself_is_the_model,
    assert_results_do_not_depend_on_the_batch,
    assert_same,
    assert_the_n_best_are_distinct_and_scored_as_forced,
    assert_wide_beam_is_exhaustive_search,
    greedy_as_beam_of_one,
    samplings,
    searches,
    seeds,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seqtasks.decoding import DecodingConfig, Ensemble, decode
from seqtasks.decoding.active_rows import ActiveRows
from seqtasks.models import EncoderDecoderStepper

MODELS = [PAIRS[number] for number in (0, 1, 3, 6, 7)]
every_model = pytest.mark.parametrize("names", MODELS, ids="/".join)
few = settings(max_examples=3)
batches = st.lists(seeds, min_size=2, max_size=7)
beams = searches("6", "1x+1")
few_words = DecodingConfig(beam_size=4, nbest=4, max_length="1x+1")


def lengths(inputs: Sequence[int]) -> Tensor:
    return torch.tensor([len(text(seed)) for seed in inputs])


@cache
def subject(names: tuple[str, str, str]) -> Subject:
    model = generator(*names, seed=3)

    @torch.no_grad()
    def bind(inputs: Sequence[int]) -> EncoderDecoderStepper:
        return model.make_stepper(*padded([text(seed) for seed in inputs]))

    return Subject(bind, lengths, VOCAB)


@every_model
@settings(max_examples=2)
@given(seed=seeds)
@pytest.mark.parametrize("max_length", [2, 4])
def test_wide_beam_is_exhaustive_search(names: tuple[str, str, str], max_length: int, seed: int) -> None:
    assert_wide_beam_is_exhaustive_search(subject(names), seed, max_length)


@every_model
@few
@given(inputs=batches)
def test_beam_of_one_is_greedy(names: tuple[str, str, str], inputs: list[int]) -> None:
    assert len(greedy_as_beam_of_one(subject(names), inputs, few_words)) == len(inputs)


@every_model
@few
@given(inputs=batches, options=beams | samplings("1x+2"), data=st.data())
def test_results_do_not_depend_on_the_batch(
    names: tuple[str, str, str], inputs: list[int], options: DecodingConfig, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(inputs))))
    assert_results_do_not_depend_on_the_batch(subject(names), inputs, options, order)


@every_model
@few
@given(inputs=batches, options=beams | samplings("1x+2"))
def test_dropping_rows_changes_nothing(names: tuple[str, str, str], inputs: list[int], options: DecodingConfig) -> None:
    dropped = subject(names).found(inputs, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ActiveRows, "drop", lambda self, done, found, position: None)
        assert_same(subject(names).found(inputs, options), dropped)


@every_model
@few
@given(inputs=batches, options=beams)
def test_ensemble_of_a_model_with_itself_is_the_model(
    names: tuple[str, str, str], inputs: list[int], options: DecodingConfig
) -> None:
    assert_an_ensemble_with_itself_is_the_model(subject(names), inputs, options)


@every_model
@few
@given(inputs=batches)
def test_the_n_best_are_distinct_and_scored_as_forced(names: tuple[str, str, str], inputs: list[int]) -> None:
    assert_the_n_best_are_distinct_and_scored_as_forced(subject(names), inputs, few_words)


def test_models_of_different_kinds_decide_together() -> None:
    def bound(inputs: list[int]) -> Ensemble:
        return Ensemble([subject(names).bind(inputs) for names in MODELS])

    inputs = [1, 2, 3]
    together = decode(bound(inputs), source_lengths=lengths(inputs), options=few_words)
    for row, seed in enumerate(inputs):
        [alone] = decode(bound([seed]), source_lengths=lengths([seed]), options=few_words)
        assert_same([alone], [together[row]])
