from __future__ import annotations

from itertools import islice

import pytest
import torch
from helpers.steppers import HistoryStepper, TableStepper, Watched, probabilities
from jaxtyping import Float
from torch import Tensor

from seqtasks.decoding import DecodingConfig, decode, stream
from seqtasks.special_tokens import END

LENGTH = 12
OPTIONS = [
    DecodingConfig(beam_size=1),
    DecodingConfig(sample=True),
    DecodingConfig(sample=True, temperature=0.7, top_k=4, seed=5),
    DecodingConfig(sample=True, top_p=0.8, min_length="4", no_repeat_ngram_size=2, suppress_tokens=(4,)),
]


@pytest.mark.parametrize("options", OPTIONS, ids=["greedy", "all", "top-k", "rules"])
@pytest.mark.parametrize("seed", range(6))
def test_a_stream_is_what_search_finds(options: DecodingConfig, seed: int) -> None:
    stepper = HistoryStepper([seed], vocab=9, scale=1.0)
    [[found]] = decode(
        stepper,
        source_lengths=torch.zeros(1, dtype=torch.long),
        options=DecodingConfig(**{**vars(options), "max_length": str(LENGTH)}),
        row_numbers=[seed + 3],
    )
    streamed = list(stream(stepper, options=options, length=LENGTH, number=seed + 3))
    tokens = [each.token for each in streamed]
    assert tokens == [*found.tokens, *[END] * found.finished]
    assert [each.log_probability for each in streamed] == pytest.approx(list(found.log_probabilities))


def test_tokens_come_before_the_next_is_looked_for() -> None:
    stepper = Watched(HistoryStepper([1], vocab=50, scale=0.1))
    assert len(list(islice(stream(stepper, options=DecodingConfig(sample=True), length=100), 3))) == 3
    assert stepper.steps == [1, 1, 1]


@pytest.mark.parametrize("options", OPTIONS, ids=["greedy", "all", "top-k", "rules"])
def test_an_output_in_parts_is_the_one_in_one_piece(options: DecodingConfig) -> None:
    """Of a model that is told what was written before."""

    class Continued(HistoryStepper):
        written: tuple[int, ...] = ()

        def logits(self, seed: int, history: list[int]) -> Float[Tensor, "vocab"]:
            return super().logits(seed, [*self.written, *history])

    stepper = Continued([7], vocab=60, scale=0.3)
    whole = [each.token for each in stream(stepper, options=options, length=20, number=2)]
    assert len(whole) > 8
    parts = [each.token for each in stream(stepper, options=options, length=8, number=2)]
    stepper.written = tuple(parts)
    parts += [each.token for each in stream(stepper, options=options, length=12, number=2, before=parts)]
    assert parts == whole


def test_the_shortest_length_is_that_of_all_parts() -> None:
    stepper, options = (
        TableStepper(1, probabilities(0.9, 0.1)),
        DecodingConfig(sample=True, min_length="9", max_length="40"),
    )
    parts: list[int] = []
    while END not in parts:
        parts += [each.token for each in stream(stepper, options=options, length=4, before=parts)]
    assert parts == [each.token for each in stream(stepper, options=options, length=40)]
    assert len(parts) >= 9
