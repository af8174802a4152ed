from __future__ import annotations

import math

import numpy
import pytest
import torch
from helpers.steppers import HistoryStepper, RowStepper, TableStepper, Watched, probabilities
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding import DecodingConfig, LengthPenalty, decode
from seqtasks.incremental_state import State

END = 3
ONE = torch.tensor([1])


def by_hand(
    stepper: HistoryStepper, seed: int, options: DecodingConfig, max_length: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Beam search over Python lists, run to the limit without stopping: the best by normalized score."""
    penalty = LengthPenalty.parse(options.length_penalty)
    live: list[tuple[numpy.float32, tuple[int, ...]]] = [(numpy.float32(0), ())]
    done: list[tuple[float, tuple[int, ...]]] = []
    for length in range(1, max_length + 1):
        grown = []
        for score, tokens in live:
            values = stepper.logits(seed, list(tokens)).log_softmax(0).numpy()
            grown += [(score + values[token], (*tokens, token)) for token in range(END, len(values))]
        grown.sort(key=lambda each: -each[0])
        done += [(score / penalty(length), tokens) for score, tokens in grown[: options.beam_size] if tokens[-1] == END]
        live = [each for each in grown[: 2 * options.beam_size] if each[1][-1] != END][: options.beam_size]
    done += [(score / penalty(max_length), tokens) for score, tokens in live]
    return sorted(done, key=lambda each: -each[0])[: options.nbest]


@pytest.mark.parametrize("penalty", ["none", "average", "wu:1"])
@pytest.mark.parametrize("levels", [0, 2])
@pytest.mark.parametrize("width", [2, 3, 5])
def test_equals_a_search_by_hand(width: int, levels: int, penalty: str) -> None:
    inputs = list(range(20))
    stepper = HistoryStepper(inputs, vocab=8, levels=levels, scale=1.5)
    options = DecodingConfig(beam_size=width, nbest=2, length_penalty=penalty, max_length="x+1")
    lengths = torch.tensor([1 + seed % 7 for seed in inputs])
    for seed, row in enumerate(decode(stepper, source_lengths=lengths, options=options)):
        expected = by_hand(stepper, seed, options, int(lengths[seed]) + 1)
        assert [each.normalized_score for each in row] == pytest.approx([score for score, _ in expected], abs=1e-5)
        if not levels:  # with equal scores the order is not told
            assert [(*each.tokens, *[END] * each.finished) for each in row] == [tokens for _, tokens in expected]


def test_an_end_beyond_the_width_does_not_count() -> None:
    stepper = TableStepper(1, probabilities(0.24, 0.38, 0.38), after={4: probabilities(0.01, 0.5, 0.49)})
    [[best]] = decode(
        stepper, source_lengths=ONE, options=DecodingConfig(beam_size=2, length_penalty="none", max_length="2")
    )
    # Ending at once is likelier (0.24) than any two tokens, yet it is third among the first tokens.
    assert best.tokens == (4, 4)
    assert best.score == pytest.approx(math.log(0.38 * 0.5))


def test_as_many_go_on_as_end() -> None:
    after = {
        4: probabilities(0.6, 0, 0, 0.4, 0),
        5: probabilities(0.6, 0, 0, 0, 0.4),
        6: probabilities(0.2, 0.2, 0.2, 0.2, 0.2),
        7: probabilities(1, 0, 0, 0, 0),
    }
    stepper = TableStepper(1, probabilities(0, 0.52, 0.48, 0, 0), after=after)
    [[best]] = decode(stepper, source_lengths=ONE, options=DecodingConfig(beam_size=2, max_length="4"))
    # After one token both hypotheses end first of all; the lesser of the two that go on becomes the best.
    assert best.tokens == (5, 7)
    assert best.normalized_score == pytest.approx(math.log(0.48 * 0.4) / 3)


def test_cut_hypotheses_compete_with_finished_ones() -> None:
    stepper = TableStepper(1, probabilities(0.1, 0.9))
    options = DecodingConfig(beam_size=2, nbest=2, length_penalty="none", max_length="3")
    [[best, second]] = decode(stepper, source_lengths=ONE, options=options)
    assert (best.tokens, best.finished, best.score) == ((4, 4, 4), False, pytest.approx(3 * math.log(0.9)))
    assert (second.tokens, second.finished, second.score) == ((), True, pytest.approx(math.log(0.1)))


@pytest.mark.parametrize(
    ("penalty", "ending", "steps"),
    [
        ("none", 0.6, 1),  # scores only fall: log 0.4 < log 0.6
        ("average", 0.95, 1),  # at best log 0.05 / 10 < log 0.95
        ("average", 0.6, 6),  # 5 log 0.4 / 10 > log 0.6 > 6 log 0.4 / 10
        ("average", 0.1, 10),
    ],
)
def test_stops_as_soon_as_nothing_better_can_come(penalty: str, ending: float, steps: int) -> None:
    stepper = Watched(TableStepper(1, probabilities(ending, 1 - ending)))
    [[best]] = decode(
        stepper, source_lengths=ONE, options=DecodingConfig(beam_size=2, length_penalty=penalty, max_length="10")
    )
    assert best.finished == (ending > 0.5)
    assert stepper.steps == [1] * steps


def test_finished_rows_leave() -> None:
    short, long = probabilities(0.9, 0.1), probabilities(0.1, 0.9)
    stepper = Watched(RowStepper([short] * 4 + [long] * 4))
    results = decode(
        stepper,
        source_lengths=torch.arange(8),
        options=DecodingConfig(beam_size=2, length_penalty="none", max_length="5"),
    )
    assert stepper.steps == [8, 4, 4, 4, 4]
    assert [len(row[0].tokens) for row in results] == [0] * 4 + [5] * 4


def test_nbest_are_the_most_probable() -> None:
    stepper = TableStepper(1, probabilities(0.5, 0.3, 0.2))
    [found] = decode(
        stepper, source_lengths=ONE, options=DecodingConfig(beam_size=8, nbest=4, length_penalty="none", max_length="6")
    )
    assert [each.tokens for each in found] == [(), (4,), (5,), (4, 4)]


def test_half_precision_logits_are_summed_in_single_precision() -> None:
    class Half(TableStepper):
        def step(
            self, tokens: Int[Tensor, "rows hyps"], position: int, state: State
        ) -> tuple[Float[Tensor, "rows hyps vocab"], State]:
            logits, state = super().step(tokens, position, state)
            return logits.bfloat16(), state

    options = DecodingConfig(beam_size=2, max_length="40")
    [[best]] = decode(Half(1, [0.0, 0, 0, -9, 1]), source_lengths=ONE, options=options)
    expected = torch.tensor([0.0, 0, 0, -9, 1]).log_softmax(0)[4].item()
    assert best.log_probabilities == pytest.approx([expected] * 40, abs=1e-6)
    assert best.score == pytest.approx(40 * expected, abs=1e-4)
