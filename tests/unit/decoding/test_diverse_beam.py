from __future__ import annotations

import numpy
import pytest
import torch
from helpers.steppers import HistoryStepper, TableStepper, probabilities

from seqtasks.decoding import DecodingConfig, LengthPenalty, decode, score
from seqtasks.errors import SeqtasksError

END = 3


def by_hand(
    stepper: HistoryStepper, seed: int, options: DecodingConfig, max_length: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Diverse beam search over Python lists, run to the limit without stopping: all that the groups find."""
    penalty, own = LengthPenalty.parse(options.length_penalty), options.beam_size // options.num_beam_groups
    live = [[(numpy.float32(0), ())] for _ in range(options.num_beam_groups)]
    done: list[tuple[float, tuple[int, ...]]] = []
    for length in range(1, max_length + 1):
        taken: list[int] = []
        for group, hypotheses in enumerate(live):
            grown = []
            for total, tokens in hypotheses:
                values = stepper.logits(seed, list(tokens)).log_softmax(0).numpy()
                grown += [(total + values[token], (*tokens, token)) for token in range(END, len(values))]
            grown.sort(key=lambda each: -(each[0] - options.diversity_penalty * taken.count(each[1][-1])))
            done += [(total / penalty(length), tokens) for total, tokens in grown[:own] if tokens[-1] == END]
            live[group] = [each for each in grown[: 2 * own] if each[1][-1] != END][:own]
            taken += [tokens[-1] for _, tokens in live[group]]
    done += [(total / penalty(max_length), tokens) for group in live for total, tokens in group]
    return sorted(set(done), key=lambda each: -each[0])


@pytest.mark.parametrize("penalty", ["none", "average"])
@pytest.mark.parametrize(("width", "groups"), [(2, 2), (4, 2), (6, 3)])
@pytest.mark.parametrize("strength", [0.0, 0.7, 5.0])
def test_equals_a_search_by_hand(width: int, groups: int, strength: float, penalty: str) -> None:
    inputs = list(range(12))
    stepper = HistoryStepper(inputs, vocab=8, scale=1.5)
    options = DecodingConfig(
        beam_size=width, num_beam_groups=groups, diversity_penalty=strength, nbest=2, length_penalty=penalty,
        max_length="x+1",
    )  # fmt: skip
    lengths = torch.tensor([1 + seed % 6 for seed in inputs])
    for seed, row in enumerate(decode(stepper, source_lengths=lengths, options=options)):
        expected = by_hand(stepper, seed, options, int(lengths[seed]) + 1)[:2]
        assert [(*each.tokens, *[END] * each.finished) for each in row] == [tokens for _, tokens in expected]
        assert [each.normalized_score for each in row] == pytest.approx([total for total, _ in expected], abs=1e-5)
        alone = HistoryStepper([seed], vocab=8, scale=1.5)
        assert decode(alone, source_lengths=lengths[seed : seed + 1], options=options) == [row]
        for each in row:
            [forced] = score(alone, [each.tokens])
            assert each.log_probabilities == pytest.approx(
                forced.log_probabilities[: len(each.log_probabilities)], abs=1e-5
            )


def test_outputs_differ_more_the_more_a_token_costs() -> None:
    stepper = TableStepper(1, probabilities(0, 0.8, 0.12, 0.08))

    def best(strength: float) -> list[tuple[int, ...]]:
        options = DecodingConfig(
            beam_size=3, num_beam_groups=3, diversity_penalty=strength, nbest=3, max_length="2", length_penalty="none"
        )
        [row] = decode(stepper, source_lengths=torch.tensor([1]), options=options)
        return [each.tokens for each in row]

    assert best(0.0) == [(4, 4)]  # all groups find the same
    assert {tokens[0] for tokens in best(9.0)} == {4, 5, 6}


@pytest.mark.parametrize(
    "given",
    [
        {"num_beam_groups": 2, "beam_size": 5},
        {"num_beam_groups": 2, "beam_size": 4, "sample": True},
        {"num_beam_groups": 2, "beam_size": 4, "mbr_samples": 5},
        {"num_beam_groups": 0},
        {"diversity_penalty": -1.0},
    ],
)
def test_groups_that_make_no_sense_are_errors(given: dict) -> None:
    with pytest.raises(ValueError, match=r"num_beam_groups|diversity_penalty"):
        DecodingConfig(**given)


def test_phrases_need_a_beam_without_groups() -> None:
    stepper = TableStepper(1, probabilities(0.5, 0.5))
    with pytest.raises(SeqtasksError, match="num_beam_groups"):
        decode(
            stepper, source_lengths=torch.tensor([1]), force_words_ids=[[[(4,)]]],
            options=DecodingConfig(beam_size=4, num_beam_groups=2),
        )  # fmt: skip
