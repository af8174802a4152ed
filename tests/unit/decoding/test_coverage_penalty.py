from __future__ import annotations

import math
import zlib

import pytest
import torch
from helpers.generators import PAIRS, generator, padded, text
from helpers.steppers import BEGIN, END, HistoryStepper, TableStepper, exhaustive, probabilities
from torch import Tensor

from seqtasks.decoding import DecodingConfig, Ensemble, LengthPenalty, Stepper, TargetScores, decode
from seqtasks.errors import SeqtasksError

SOURCE = 3


class AttendingStepper(HistoryStepper):
    """Attends at random, by the whole history."""

    def score_targets(self, tokens: Tensor, *, attention: bool = False) -> TargetScores:
        looks = [
            [self.look(seed, row[1:end]) for end in range(1, len(row))]
            for seed, row in zip(self._seeds.tolist(), tokens.tolist(), strict=True)
        ]
        return TargetScores(super().score_targets(tokens).log_probabilities, torch.tensor(looks) if attention else None)

    @staticmethod
    def look(seed: int, history: list[int]) -> list[float]:
        numbers = torch.Generator().manual_seed(zlib.crc32(repr(("look", seed, history)).encode()))
        return (3 * torch.randn(SOURCE, generator=numbers)).softmax(0).tolist()


def penalty_of(tables: list[list[float]], strength: float) -> float:
    """Equation 14, over the attention of each token."""
    return strength * sum(math.log(min(sum(column), 1.0)) for column in zip(*tables, strict=True))


@pytest.mark.parametrize("length_penalty", ["none", "average", "wu:0.6"])
@pytest.mark.parametrize("strength", [0.2, 3.0])
def test_a_wide_beam_is_exhaustive_search(strength: float, length_penalty: str) -> None:
    options = DecodingConfig(
        beam_size=40, nbest=3, max_length="3", length_penalty=length_penalty, coverage_penalty=strength
    )
    changed = 0
    for seed in range(12):
        stepper = AttendingStepper([seed])
        plain = exhaustive(stepper, 6, 3, LengthPenalty.parse(length_penalty))
        expected = []
        for score, tokens, finished in plain:
            looks = [stepper.look(seed, [*tokens[:end]]) for end in range(len(tokens) + finished)]
            expected.append((score + penalty_of(looks, strength), tokens))
        expected = sorted(expected, reverse=True)
        [found] = decode(stepper, source_lengths=torch.tensor([SOURCE]), options=options)
        assert [each.tokens for each in found] == [tokens for _, tokens in expected[:3]]
        assert [each.normalized_score for each in found] == pytest.approx(
            [score for score, _ in expected[:3]], abs=1e-4
        )
        changed += expected[0][1] != plain[0][1]
    assert changed


@pytest.mark.parametrize("names", [each for each in PAIRS if each[1] != "show-and-tell"], ids="/".join)
@pytest.mark.parametrize("members", [1, 2])
def test_the_attention_of_every_model_is_that_of_its_own_source(names: tuple[str, str, str], members: int) -> None:
    models = [generator(*names, seed=seed) for seed in range(members)]

    def bound(inputs: list[int]) -> Stepper:
        with torch.no_grad():
            return Ensemble([model.make_stepper(*padded([text(seed) for seed in inputs])) for model in models])

    inputs = [1, 2, 3, 4]
    lengths = torch.tensor([len(text(seed)) for seed in inputs])
    options = DecodingConfig(beam_size=4, nbest=4, coverage_penalty=0.7, max_length="1x+1")
    together = decode(bound(inputs), source_lengths=lengths, options=options)
    for place, seed in enumerate(inputs):
        for each in together[place]:
            tokens = torch.tensor([[BEGIN, *each.tokens, *[END] * each.finished]])
            attention = bound([seed]).score_targets(tokens, attention=True).attention
            assert attention is not None
            plain = each.score / (len(each.tokens) + each.finished)
            assert each.normalized_score == pytest.approx(plain + penalty_of(attention[0].tolist(), 0.7), abs=1e-4)
        assert [each.normalized_score for each in together[place]] == sorted(
            (each.normalized_score for each in together[place]), reverse=True
        )


def test_groups_of_a_beam_are_compared_by_it() -> None:
    options = {"beam_size": 6, "num_beam_groups": 3, "nbest": 1, "max_length": "4"}
    lengths = torch.tensor([SOURCE])
    every = DecodingConfig(**options | {"nbest": 6}, coverage_penalty=2.0)
    for seed in range(5):
        stepper = AttendingStepper([seed])
        [found] = decode(stepper, source_lengths=lengths, options=every)
        [[best]] = decode(stepper, source_lengths=lengths, options=DecodingConfig(**options, coverage_penalty=2.0))
        assert best == found[0]


def test_a_model_without_attention_is_an_error() -> None:
    options = DecodingConfig(beam_size=2, coverage_penalty=0.2, max_length="3")
    with pytest.raises(SeqtasksError, match="attention"):
        decode(HistoryStepper([1]), source_lengths=torch.tensor([1]), options=options)


def test_what_is_never_looked_at_costs_much_but_not_everything() -> None:
    class Blind(TableStepper):
        def score_targets(self, tokens: Tensor, *, attention: bool = False) -> TargetScores:
            found = super().score_targets(tokens)
            return TargetScores(found.log_probabilities, torch.zeros(*found.log_probabilities.shape, 2))

    options = DecodingConfig(beam_size=2, coverage_penalty=0.2, max_length="2")
    [[best]] = decode(Blind(1, probabilities(0.6, 0.4)), source_lengths=torch.tensor([0]), options=options)
    assert -40 < best.normalized_score < -30


@pytest.mark.parametrize(
    "given",
    [
        {"coverage_penalty": -0.1},
        {"coverage_penalty": 0.2, "beam_size": 1},
        {"coverage_penalty": 0.2, "sample": True},
        {"coverage_penalty": 0.2, "mbr_samples": 4},
    ],
)
def test_what_makes_no_sense_is_an_error(given: dict) -> None:
    with pytest.raises(ValueError, match="coverage_penalty"):
        DecodingConfig(**given)
