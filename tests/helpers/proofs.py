"""What every search finds over a real model, whatever the model is: the same proofs as over toy steppers.

Products of matrices round differently in batches of different sizes, so scores are compared up to 1e-4; the models'
distributions are sharp, so that no two hypotheses come that close.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
import torch
from hypothesis import strategies as st
from jaxtyping import Int
from torch import Tensor

from helpers.steppers import outputs
from seqtasks.decoding import DecodingConfig, Ensemble, Hypothesis, LengthPenalty, Stepper, decode, score
from seqtasks.decoding.autoregressive import greedy_search
from seqtasks.decoding.beam import beam_search
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import to_lists

PENALTIES = ("none", "average", "wu:0.6", "wu:2")
WIDE = 40
seeds = st.integers(0, 10_000)


def searches(*max_lengths: str) -> st.SearchStrategy[DecodingConfig]:
    """Options of greedy and of beam search."""
    return st.builds(
        DecodingConfig,
        beam_size=st.sampled_from([1, 2, 4]),
        length_penalty=st.sampled_from(PENALTIES),
        max_length=st.sampled_from(max_lengths),
        no_repeat_ngram_size=st.sampled_from([0, 2]),
    )


def samplings(max_length: str) -> st.SearchStrategy[DecodingConfig]:
    return st.builds(
        DecodingConfig,
        sample=st.just(True),
        nbest=st.integers(1, 3),
        temperature=st.sampled_from([0.7, 1.0]),
        top_k=st.sampled_from([0, 3]),
        max_length=st.just(max_length),
    )


class Subject(NamedTuple):
    """A model to search over; each input is decided by a seed."""

    bind: Callable[[Sequence[int]], Stepper]
    """The model bound to inputs."""
    lengths: Callable[[Sequence[int]], Int[Tensor, "rows"]]
    """How long these are."""
    vocab: int

    def found(
        self, inputs: Sequence[int], options: DecodingConfig, rows: Sequence[int] | None = None
    ) -> list[list[Hypothesis]]:
        return decode(self.bind(inputs), source_lengths=self.lengths(inputs), options=options, row_numbers=rows)


def assert_same(one: list[list[Hypothesis]], two: list[list[Hypothesis]]) -> None:
    assert [[(each.tokens, each.finished) for each in row] for row in one] == [
        [(each.tokens, each.finished) for each in row] for row in two
    ]
    for ours, theirs in zip(one, two, strict=True):
        for first, second in zip(ours, theirs, strict=True):
            assert first.normalized_score == pytest.approx(second.normalized_score, abs=1e-4)
            assert first.log_probabilities == pytest.approx(second.log_probabilities, abs=1e-4)


def assert_wide_beam_is_exhaustive_search(subject: Subject, seed: int, max_length: int) -> None:
    everything = list(outputs(subject.vocab, max_length))
    forced = score(subject.bind([seed] * len(everything)), [tokens for tokens, _ in everything])
    for penalty in PENALTIES:
        divisor = LengthPenalty.parse(penalty)
        expected = sorted(
            (
                (sum(each.log_probabilities[: len(tokens) + ends]) / divisor(len(tokens) + ends), tokens, ends)
                for each, (tokens, ends) in zip(forced, everything, strict=True)
            ),
            reverse=True,
        )[:WIDE]
        options = DecodingConfig(beam_size=WIDE, nbest=WIDE, length_penalty=penalty, max_length=str(max_length))
        [row] = subject.found([seed], options)
        assert [each.normalized_score for each in row] == pytest.approx([each[0] for each in expected], abs=1e-4)
        assert (row[0].tokens, row[0].finished) == expected[0][1:]


@torch.no_grad()
def greedy_as_beam_of_one(subject: Subject, inputs: Sequence[int], options: DecodingConfig) -> list[list[Hypothesis]]:
    """What greedy search finds, once it is compared with a beam of 1."""
    rules, penalty = DecodingConstraints.from_config(options, subject.lengths(inputs)), LengthPenalty.parse("none")
    greedy = to_lists(greedy_search(subject.bind(inputs), rules, penalty=penalty))
    assert_same(to_lists(beam_search(subject.bind(inputs), rules, width=1, nbest=1, penalty=penalty)), greedy)
    return greedy


def assert_results_do_not_depend_on_the_batch(
    subject: Subject, inputs: Sequence[int], options: DecodingConfig, order: Sequence[int]
) -> None:
    together = subject.found(inputs, options)
    shuffled = subject.found([inputs[row] for row in order], options, order)
    assert_same(shuffled, [together[row] for row in order])
    for row, seed in enumerate(inputs):
        assert_same(subject.found([seed], options, [row]), [together[row]])


def assert_the_n_best_are_distinct_and_scored_as_forced(
    subject: Subject, inputs: Sequence[int], options: DecodingConfig
) -> None:
    for seed, row in zip(inputs, subject.found(inputs, options), strict=True):
        assert len({(each.tokens, each.finished) for each in row}) == len(row) > 1
        assert [each.normalized_score for each in row] == sorted((each.normalized_score for each in row), reverse=True)
        for each in row:
            [forced] = score(subject.bind([seed]), [each.tokens])
            length = len(each.tokens) + each.finished
            assert each.log_probabilities == pytest.approx(forced.log_probabilities[:length], abs=1e-4)


def assert_an_ensemble_with_itself_is_the_model(
    subject: Subject, inputs: Sequence[int], options: DecodingConfig
) -> None:
    twins = Ensemble([subject.bind(inputs), subject.bind(inputs)])
    together = decode(twins, source_lengths=subject.lengths(inputs), options=options)
    assert_same(together, subject.found(inputs, options))
