from __future__ import annotations

import itertools
import math

import pytest
import torch
from helpers.generators import PAIRS, VOCAB, generator, padded, text
from helpers.steppers import BEGIN, END, HistoryStepper
from torch import Tensor

from seqtasks.decoding import DecodingConfig, Ensemble, Stepper, decode
from seqtasks.decoding.next_words import next_words
from seqtasks.special_tokens import NEVER_GENERATED

GOES_ON = torch.tensor([False] * 6 + [True] * 2)
"""Tokens 6 and 7 go on with the word before them."""


def by_hand(stepper: HistoryStepper, seed: int, prefix: list[int], goes_on: Tensor, longest: int) -> list[tuple]:
    """Every word of at most `longest` tokens with its probability, the most probable first."""

    def probabilities(history: list[int]) -> list[float]:
        return stepper.logits(seed, history).softmax(0).tolist()

    firsts = [token for token in range(END + 1, len(goes_on)) if not goes_on[token]]
    others = [token for token in range(END + 1, len(goes_on)) if goes_on[token]]
    found = []
    for size in range(longest):
        for first, rest in itertools.product(firsts, itertools.product(others, repeat=size)):
            word, total = (first, *rest), 1.0
            for place, token in enumerate(word):
                total *= probabilities([*prefix, *word[:place]])[token]
            after = probabilities([*prefix, *word])
            total *= sum(
                after[token] for token in range(len(after)) if not goes_on[token] and token not in NEVER_GENERATED
            )
            found.append((total, word))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("words", [False, True])
def test_equals_exhaustive_search(words: bool) -> None:
    seeds = list(range(8))
    prefixes = [[], [4], [5, 4, 6], [4, 6, 7, 5]] * 2
    stepper = HistoryStepper(seeds, vocab=8)
    goes_on = torch.zeros(8, dtype=torch.bool) if words else GOES_ON
    found = next_words(stepper, prefixes, count=3, width=24, continuation_tokens=None if words else GOES_ON)
    for seed, prefix, row in zip(seeds, prefixes, found, strict=True):
        expected = by_hand(stepper, seed, prefix, goes_on, 1 if words else 4)[:3]
        assert [each.tokens for each in row] == [word for _, word in expected]
        assert [math.exp(each.log_probability) for each in row] == pytest.approx([total for total, _ in expected], 1e-4)


def test_there_may_be_fewer_words_than_are_asked_for() -> None:
    [row] = next_words(HistoryStepper([1], vocab=6), [[4]], count=5, width=8)
    assert {each.tokens for each in row} == {(4,), (5,)}


@pytest.mark.parametrize("names", [PAIRS[number] for number in (0, 3, 6, 7)], ids="/".join)
@pytest.mark.parametrize("members", [1, 2])
def test_every_model_gives_a_row_its_own_words(names: tuple[str, str, str], members: int) -> None:
    models = [generator(*names, seed=seed) for seed in range(members)]
    goes_on = torch.tensor([False] * (VOCAB - 1) + [True])

    def bound(inputs: list[int]) -> Stepper:
        with torch.no_grad():
            return Ensemble([model.make_stepper(*padded([text(seed) for seed in inputs])) for model in models])

    prefixes = [[], [4, 5], [5]]
    together = next_words(bound([1, 2, 3]), prefixes, count=2, width=12, continuation_tokens=goes_on)
    for seed, prefix, row in zip([1, 2, 3], prefixes, together, strict=True):
        [alone] = next_words(bound([seed]), [prefix], count=2, width=12, continuation_tokens=goes_on)
        assert [each.tokens for each in row] == [each.tokens for each in alone]
        for word in row:
            begun = torch.tensor([[BEGIN, *prefix, *word.tokens]])
            forced = bound([seed]).score_targets(begun).log_probabilities[0, len(prefix) :].sum()
            assert word.log_probability <= forced + 1e-4  # and then nothing may go on with it


@pytest.mark.parametrize("beam_size", [1, 4])
def test_nothing_goes_on_with_a_prefix_of_whole_words(beam_size: int) -> None:
    seeds = list(range(10))
    prefixes = [[4, 5][: seed % 3] for seed in seeds]
    options = DecodingConfig(beam_size=beam_size, max_length="6")
    lengths = torch.ones(len(seeds), dtype=torch.long)

    def found(whole: bool) -> list[int]:
        rows = decode(
            HistoryStepper(seeds, vocab=8), source_lengths=lengths, options=options, prefixes=prefixes,
            continuation_tokens=GOES_ON, whole_word_prefixes=whole,
        )  # fmt: skip
        for prefix, [best] in zip(prefixes, rows, strict=True):
            assert list(best.tokens[: len(prefix)]) == prefix
        return [([*best.tokens, END])[len(prefix)] for prefix, [best] in zip(prefixes, rows, strict=True)]

    assert any(GOES_ON[token] for token in found(False))
    assert not any(GOES_ON[token] for token in found(True))
