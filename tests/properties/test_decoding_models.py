"""What holds for every search, over real models: the same proofs as over toy steppers, up to rounding.

Products of matrices round differently in batches of different sizes, so scores are compared up to 1e-4; the models'
distributions are sharp, so that no two hypotheses come that close.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from generators import PAIRS, VOCAB, generator, padded, text
from hypothesis import given, settings
from hypothesis import strategies as st
from steppers import outputs

from seqtasks.decoding import Decoding, Ensemble, Hypothesis, LengthPenalty, score, search
from seqtasks.decoding.beam import beam_search
from seqtasks.decoding.dropping import RowsLeft
from seqtasks.decoding.greedy import greedy_search
from seqtasks.decoding.result import to_lists
from seqtasks.decoding.rules import Rules
from seqtasks.models import Generator, GeneratorStepper

PENALTIES = ("none", "average", "wu:0.6", "wu:2")
MODELS = [PAIRS[number] for number in (0, 1, 3, 6, 7)]
every_model = pytest.mark.parametrize("names", MODELS, ids="/".join)
few = settings(max_examples=3)
seeds = st.integers(0, 10_000)
batches = st.lists(seeds, min_size=2, max_size=7)
searches = st.builds(
    Decoding,
    beam=st.sampled_from([1, 2, 4]),
    penalty=st.sampled_from(PENALTIES),
    max_length=st.sampled_from(["6", "1x+1"]),
    no_repeat_ngram=st.sampled_from([0, 2]),
)
samplings = st.builds(
    Decoding,
    sample=st.just(True),
    nbest=st.integers(1, 3),
    temperature=st.sampled_from([0.7, 1.0]),
    top_k=st.sampled_from([0, 3]),
    max_length=st.just("1x+2"),
)
few_words = Decoding(beam=4, nbest=4, max_length="1x+1")


@cache
def model(names: tuple[str, str, str]) -> Generator:
    return generator(*names, seed=3)


def bound(names: tuple[str, str, str], inputs: list[int]) -> GeneratorStepper:
    with torch.no_grad():
        return model(names).stepper(*padded([text(seed) for seed in inputs]))


def found(names: tuple[str, str, str], inputs: list[int], options: Decoding, **more: Any) -> list[list[Hypothesis]]:
    lengths = torch.tensor([len(text(seed)) for seed in inputs])
    return search(bound(names, inputs), source_lengths=lengths, options=options, **more)


def assert_same(one: list[list[Hypothesis]], two: list[list[Hypothesis]]) -> None:
    assert [[(each.tokens, each.finished) for each in row] for row in one] == [
        [(each.tokens, each.finished) for each in row] for row in two
    ]
    for ours, theirs in zip(one, two, strict=True):
        for first, second in zip(ours, theirs, strict=True):
            assert first.normalised == pytest.approx(second.normalised, abs=1e-4)
            assert first.log_probabilities == pytest.approx(second.log_probabilities, abs=1e-4)


@every_model
@settings(max_examples=2)
@given(seed=seeds)
@pytest.mark.parametrize("max_length", [2, 4])
def test_wide_beam_is_exhaustive_search(names: tuple[str, str, str], max_length: int, seed: int) -> None:
    everything = list(outputs(VOCAB, max_length))
    forced = score(bound(names, [seed] * len(everything)), [tokens for tokens, _ in everything])
    for penalty in PENALTIES:
        divisor = LengthPenalty.parse(penalty)
        expected = sorted(
            (
                (sum(each.log_probabilities[: len(tokens) + ends]) / divisor(len(tokens) + ends), tokens, ends)
                for each, (tokens, ends) in zip(forced, everything, strict=True)
            ),
            reverse=True,
        )[:40]
        options = Decoding(beam=40, nbest=40, penalty=penalty, max_length=str(max_length))
        [row] = found(names, [seed], options)
        assert [each.normalised for each in row] == pytest.approx([each[0] for each in expected], abs=1e-4)
        assert (row[0].tokens, row[0].finished) == expected[0][1:]


@every_model
@few
@given(inputs=batches)
def test_beam_of_one_is_greedy(names: tuple[str, str, str], inputs: list[int]) -> None:
    lengths = torch.tensor([len(text(seed)) for seed in inputs])
    rules, penalty = Rules.make(few_words, lengths, None), LengthPenalty.parse("none")
    with torch.no_grad():
        beam = beam_search(bound(names, inputs), rules, width=1, nbest=1, penalty=penalty)
        assert_same(to_lists(beam), to_lists(greedy_search(bound(names, inputs), rules, penalty=penalty)))


@every_model
@few
@given(inputs=batches, options=searches | samplings, data=st.data())
def test_results_do_not_depend_on_the_batch(
    names: tuple[str, str, str], inputs: list[int], options: Decoding, data: st.DataObject
) -> None:
    together = found(names, inputs, options)
    order = data.draw(st.permutations(range(len(inputs))))
    shuffled = found(names, [inputs[row] for row in order], options, row_numbers=order)
    assert_same(shuffled, [together[row] for row in order])
    row = order[0]
    assert_same(found(names, [inputs[row]], options, row_numbers=[row]), [together[row]])


@every_model
@few
@given(inputs=batches, options=searches | samplings)
def test_dropping_rows_changes_nothing(names: tuple[str, str, str], inputs: list[int], options: Decoding) -> None:
    dropped = found(names, inputs, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RowsLeft, "drop", lambda self, done, found, position: None)
        assert_same(found(names, inputs, options), dropped)


@every_model
@few
@given(inputs=batches, options=searches)
def test_ensemble_of_a_model_with_itself_is_the_model(
    names: tuple[str, str, str], inputs: list[int], options: Decoding
) -> None:
    twins = Ensemble([bound(names, inputs), bound(names, inputs)])
    lengths = torch.tensor([len(text(seed)) for seed in inputs])
    assert_same(search(twins, source_lengths=lengths, options=options), found(names, inputs, options))


@every_model
@few
@given(inputs=batches)
def test_the_n_best_are_distinct_and_scored_as_forced(names: tuple[str, str, str], inputs: list[int]) -> None:
    for seed, row in zip(inputs, found(names, inputs, few_words), strict=True):
        assert len({(each.tokens, each.finished) for each in row}) == len(row) > 1
        assert [each.normalised for each in row] == sorted((each.normalised for each in row), reverse=True)
        for each in row:
            [forced] = score(bound(names, [seed]), [each.tokens])
            length = len(each.tokens) + each.finished
            assert each.log_probabilities == pytest.approx(forced.log_probabilities[:length], abs=1e-4)


def test_models_of_different_kinds_decide_together() -> None:
    inputs = [1, 2, 3]
    lengths = torch.tensor([len(text(seed)) for seed in inputs])
    mixed = Ensemble([bound(names, inputs) for names in MODELS])
    together = search(mixed, source_lengths=lengths, options=few_words)
    for row, seed in enumerate(inputs):
        [alone] = search(
            Ensemble([bound(names, [seed]) for names in MODELS]),
            source_lengths=lengths[row : row + 1],
            options=few_words,
        )
        assert_same([alone], [together[row]])
