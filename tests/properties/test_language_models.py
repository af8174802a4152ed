"""What holds for every search, over language models and prompts of any length: the same proofs as over toy steppers.

Products of matrices round differently in batches of different sizes, so scores are compared up to 1e-4; the models'
distributions are sharp, so that no two hypotheses come that close.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from steppers import outputs
from writers import VOCAB, prompt, texts, window, writer

from seqtasks.decoding import Decoding, Ensemble, Hypothesis, LengthPenalty, score, search
from seqtasks.decoding.beam import beam_search
from seqtasks.decoding.greedy import greedy_search
from seqtasks.decoding.result import to_lists
from seqtasks.decoding.rules import Rules
from seqtasks.models import LanguageModel, LanguageModelStepper

PENALTIES = ("none", "average", "wu:0.6")
MODELS = ("rnn-1", "gru-2", "lstm-2", "transformer-2")
every_model = pytest.mark.parametrize("name", MODELS)
few = settings(max_examples=3)
lengths = st.integers(1, 20)
seeds = st.integers(0, 10_000)
batches = st.lists(seeds, min_size=2, max_size=5)
searches = st.builds(
    Decoding,
    beam=st.sampled_from([1, 4]),
    penalty=st.sampled_from(PENALTIES),
    max_length=st.just("6"),
    no_repeat_ngram=st.sampled_from([0, 2]),
) | st.builds(
    Decoding,
    sample=st.just(True),
    nbest=st.integers(1, 3),
    temperature=st.sampled_from([0.7, 1.0]),
    top_k=st.sampled_from([0, 3]),
    max_length=st.just("8"),
)


@cache
def model(name: str) -> LanguageModel:
    return writer(name, seed=3)


def bound(name: str, inputs: list[int], length: int) -> LanguageModelStepper:
    return model(name).stepper(torch.tensor([prompt(seed, length) for seed in inputs]))


def found(
    name: str, inputs: list[int], length: int, options: Decoding, rows: list[int] | None = None
) -> list[list[Hypothesis]]:
    nothing = torch.zeros(len(inputs), dtype=torch.long)
    return search(bound(name, inputs, length), source_lengths=nothing, options=options, row_numbers=rows)


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
@given(seed=seeds, length=lengths)
@torch.no_grad()
def test_wide_beam_is_exhaustive_search(name: str, seed: int, length: int) -> None:
    everything = list(outputs(VOCAB, 3))
    forced = score(bound(name, [seed] * len(everything), length), [tokens for tokens, _ in everything])
    for penalty in PENALTIES:
        divisor = LengthPenalty.parse(penalty)
        expected = sorted(
            (
                (sum(each.log_probabilities[: len(tokens) + ends]) / divisor(len(tokens) + ends), tokens, ends)
                for each, (tokens, ends) in zip(forced, everything, strict=True)
            ),
            reverse=True,
        )[:40]
        options = Decoding(beam=40, nbest=40, penalty=penalty, max_length="3")
        [row] = found(name, [seed], length, options)
        assert [each.normalised for each in row] == pytest.approx([each[0] for each in expected], abs=1e-4)
        assert (row[0].tokens, row[0].finished) == expected[0][1:]


@every_model
@few
@given(inputs=batches, length=lengths)
@torch.no_grad()
def test_beam_of_one_is_greedy_and_greedy_takes_the_likeliest(name: str, inputs: list[int], length: int) -> None:
    rules = Rules.make(Decoding(max_length="8"), torch.zeros(len(inputs), dtype=torch.long))
    penalty = LengthPenalty.parse("none")
    greedy = to_lists(greedy_search(bound(name, inputs, length), rules, penalty=penalty))
    assert_same(to_lists(beam_search(bound(name, inputs, length), rules, width=1, nbest=1, penalty=penalty)), greedy)
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
@given(inputs=batches, length=lengths, options=searches, data=st.data())
def test_results_do_not_depend_on_the_batch(
    name: str, inputs: list[int], length: int, options: Decoding, data: st.DataObject
) -> None:
    together = found(name, inputs, length, options)
    order = data.draw(st.permutations(range(len(inputs))))
    shuffled = found(name, [inputs[row] for row in order], length, options, order)
    assert_same(shuffled, [together[row] for row in order])
    for row, seed in enumerate(inputs):
        assert_same(found(name, [seed], length, options, [row]), [together[row]])


@every_model
@few
@given(inputs=batches, length=lengths)
def test_hypotheses_are_scored_as_forced(name: str, inputs: list[int], length: int) -> None:
    options = Decoding(beam=4, nbest=4, max_length="5")
    for seed, row in zip(inputs, found(name, inputs, length, options), strict=True):
        for each in row:
            [forced] = score(bound(name, [seed], length), [each.tokens])
            size = len(each.tokens) + each.finished
            assert each.log_probabilities == pytest.approx(forced.log_probabilities[:size], abs=1e-4)


@every_model
@few
@given(inputs=batches, length=lengths, options=searches)
def test_ensemble_of_a_model_with_itself_is_the_model(
    name: str, inputs: list[int], length: int, options: Decoding
) -> None:
    twins = Ensemble([bound(name, inputs, length), bound(name, inputs, length)])
    nothing = torch.zeros(len(inputs), dtype=torch.long)
    assert_same(search(twins, source_lengths=nothing, options=options), found(name, inputs, length, options))


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
