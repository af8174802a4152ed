from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.steppers import HistoryStepper
from helpers.steppers import outputs as all_outputs

from seqtasks.decoding import DecodingConfig, Hypothesis, decode
from seqtasks.decoding.reranking.mbr import expected_utility, mbr_rerank

OPTIONS = DecodingConfig(beam_size=6, nbest=6, length_penalty="none", max_length="3")
SEEDS = [3, 8, 21, 34]


def hypothesis(*tokens: int, finished: bool = True) -> Hypothesis:
    return Hypothesis(tokens, 0.0, 0.0, (), finished)


def slow_agreement(one: Hypothesis, other: Hypothesis) -> float:
    first, second = ([*each.tokens, *([3] if each.finished else [])] for each in (one, other))
    total = 0.0
    for order in (1, 2, 3, 4):
        left, right = (
            Counter(tuple(tokens[at : at + order]) for at in range(len(tokens) - order + 1))
            for tokens in (first, second)
        )
        norms = math.hypot(*left.values()) * math.hypot(*right.values())
        total += sum(left[ngram] * right[ngram] for ngram in left) / norms if norms else 0.0
    return total / 4 * math.exp(-((len(first) - len(second)) ** 2) / 72)


def test_agreement_is_the_cosine_of_ngrams_less_for_other_lengths() -> None:
    random = np.random.default_rng(1)
    outputs = [
        hypothesis(*random.integers(4, 7, random.integers(0, 9)).tolist(), finished=bool(random.random() < 0.8))
        for _ in range(12)
    ]
    expected = [[slow_agreement(one, other) for other in outputs[5:]] for one in outputs[:5]]
    assert expected_utility(outputs[:5], outputs[5:]) == pytest.approx(np.array(expected))


def test_equals_agree_wholly_when_they_have_four_tokens() -> None:
    assert expected_utility([hypothesis(4, 5, 6)], [hypothesis(4, 5, 6), hypothesis(7, 8, 9, finished=False)]) == (
        pytest.approx(np.array([[1.0, 0.0]]))
    )


def test_the_one_that_others_resemble_comes_first_and_equals_keep_their_order() -> None:
    alone, common, near = hypothesis(7, 7), hypothesis(4, 5, 6), hypothesis(4, 5)
    samples = [hypothesis(4, 5, 6), hypothesis(4, 5, 8), hypothesis(9, 9, 9, 9)]
    assert mbr_rerank([alone, near, common], samples) == [common, near, alone]
    twins = [replace(common, score=-1.0), replace(common, score=-2.0)]
    assert mbr_rerank(twins, samples) == twins


def test_with_many_samples_they_stand_in_the_order_of_the_expected_agreement() -> None:
    stepper = HistoryStepper(SEEDS)
    likeliest, voted = found(stepper, OPTIONS), found(stepper, replace(OPTIONS, mbr_samples=2000))
    for seed, row, before in zip(SEEDS, voted, likeliest, strict=True):
        assert set(row) == set(before)
        outputs = [hypothesis(*tokens, finished=finished) for tokens, finished in all_outputs(6, 3)]
        probabilities = np.array([probability(stepper, seed, each) for each in outputs])
        assert probabilities.sum() == pytest.approx(1)
        assert np.all(np.diff(expected_utility(row, outputs) @ probabilities) < 0.02)
    assert voted != likeliest


def test_a_row_is_voted_on_alike_in_any_batch_and_fewer_can_be_returned() -> None:
    options = replace(OPTIONS, mbr_samples=30)
    together = found(HistoryStepper([3, 8, 21]), options)
    assert found(HistoryStepper([21]), options, row_numbers=[2]) == together[2:]
    assert found(HistoryStepper([3, 8, 21]), replace(options, nbest=2)) == [row[:2] for row in together]


def found(
    stepper: HistoryStepper, options: DecodingConfig, row_numbers: list[int] | None = None
) -> list[list[Hypothesis]]:
    lengths = torch.ones(stepper.rows, dtype=torch.long)
    return decode(stepper, source_lengths=lengths, options=options, row_numbers=row_numbers)


def probability(stepper: HistoryStepper, seed: int, output: Hypothesis) -> float:
    """Of an output among all that have no other special token than the end."""
    tokens = [*output.tokens, *([3] if output.finished else [])]
    steps = [stepper.logits(seed, tokens[:at])[3:].softmax(0)[token - 3] for at, token in enumerate(tokens)]
    return math.prod(float(step) for step in steps)
