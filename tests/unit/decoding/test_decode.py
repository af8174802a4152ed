from __future__ import annotations

import math

import pytest
import torch
from helpers.steppers import HistoryStepper, RowStepper, TableStepper, Watched, probabilities

from seqtasks.decoding import DecodingConfig, decode
from seqtasks.errors import SeqtasksError

GREEDY = DecodingConfig(beam_size=1, max_length="4")


def test_greedy_takes_the_likeliest_token() -> None:
    stepper = TableStepper(
        1, probabilities(0.2, 0.5, 0.3), after={4: probabilities(0.1, 0.3, 0.6), 5: probabilities(1, 0, 0)}
    )
    [[found]] = decode(stepper, source_lengths=torch.tensor([1]), options=GREEDY)
    assert found.tokens == (4, 5)
    assert found.finished
    assert found.log_probabilities == pytest.approx([math.log(0.5), math.log(0.6), 0.0])
    assert found.normalized_score == pytest.approx(math.log(0.3) / 3)


@pytest.mark.parametrize(
    "options", [GREEDY, DecodingConfig(max_length="4"), DecodingConfig(sample=True, max_length="4")]
)
def test_an_output_that_never_ends_says_so(options: DecodingConfig) -> None:
    [[found]] = decode(TableStepper(1, probabilities(0, 1)), source_lengths=torch.tensor([1]), options=options)
    assert found.tokens == (4, 4, 4, 4)
    assert not found.finished


@pytest.mark.parametrize("options", [GREEDY, DecodingConfig(beam_size=3), DecodingConfig(sample=True, nbest=2)])
def test_no_inputs(options: DecodingConfig) -> None:
    assert decode(HistoryStepper([]), source_lengths=torch.tensor([], dtype=torch.long), options=options) == []


@pytest.mark.parametrize("options", [GREEDY, DecodingConfig(beam_size=2, max_length="4")])
def test_a_model_that_has_diverged_still_returns_something(options: DecodingConfig) -> None:
    [[found]] = decode(TableStepper(1, [math.nan] * 6), source_lengths=torch.tensor([1]), options=options)
    assert math.isnan(found.score)


@pytest.mark.parametrize("options", [GREEDY, DecodingConfig(beam_size=2, max_length="4")])
def test_a_prefix_that_the_model_holds_impossible(options: DecodingConfig) -> None:
    stepper = TableStepper(1, probabilities(0.5, 0.5, 0))
    [[found]] = decode(stepper, source_lengths=torch.tensor([1]), options=options, prefixes=[[5]])
    assert found.score == -math.inf


def test_greedy_rows_leave_when_done() -> None:
    short, long = probabilities(0.9, 0.1), probabilities(0.1, 0.9)
    stepper = Watched(RowStepper([long] * 15 + [short]))
    decode(
        stepper, source_lengths=torch.ones(16, dtype=torch.long), options=DecodingConfig(beam_size=1, max_length="2")
    )
    assert stepper.steps == [16, 16]  # one row of sixteen is not worth the copy
    stepper = Watched(RowStepper([long] * 12 + [short] * 2))
    decode(
        stepper, source_lengths=torch.ones(14, dtype=torch.long), options=DecodingConfig(beam_size=1, max_length="3")
    )
    assert stepper.steps == [14, 12, 12]


def test_mistakes() -> None:
    stepper = TableStepper(2, probabilities(0.5, 0.5))
    with pytest.raises(SeqtasksError, match="1 source lengths and 2 row numbers for 2 inputs"):
        decode(stepper, source_lengths=torch.tensor([1]), options=GREEDY)
    with pytest.raises(SeqtasksError, match="2 source lengths and 3 row numbers for 2 inputs"):
        decode(stepper, source_lengths=torch.tensor([1, 1]), options=GREEDY, row_numbers=[1, 2, 3])
