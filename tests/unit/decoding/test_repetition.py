"""Loops are stopped, and nothing else is changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from helpers.steppers import HistoryStepper, TableStepper
from jaxtyping import Float
from torch import Tensor

from seqtasks.decoding import DecodingConfig, Hypothesis, decode
from seqtasks.decoding.repetition import (
    CERTAIN,
    LONG_ROUNDS,
    LONGEST,
    find_loops,
    is_repetitive,
    source_repetitions,
    trailing_cycle,
)
from seqtasks.errors import SeqtasksError

END, VOCAB = 3, 40
LIMIT = 160
"""Tokens of an output for a source of a hundred."""
WAYS = {
    "greedy": DecodingConfig(beam_size=1),
    "beam": DecodingConfig(beam_size=5),
    "n-best": DecodingConfig(beam_size=4, nbest=4),
    "samples": DecodingConfig(sample=True, nbest=3),
    "consensus": DecodingConfig(beam_size=3, mbr_samples=4),
}


def loop(size: int, *, sharp: float = 12.0, end: float = -2.0) -> TableStepper:
    """A model that goes round in a cycle for ever, wherever it begins: all other tokens are unlikely."""
    others = [-torch.inf] * 3 + [end] + [0.0] * (VOCAB - 4)
    cycle = range(4, 4 + size)
    back = [value + sharp * (token == 4) for token, value in enumerate(others)]
    after = {
        token: [value + sharp * (other == 4 + (place + 1) % size) for other, value in enumerate(others)]
        for place, token in enumerate(cycle)
    }
    return TableStepper(1, back, after)


class Script(HistoryStepper):
    """Writes what it is given and ends, whatever comes before; the rest of the vocabulary is unlikely."""

    def __init__(self, scripts: list[list[int]]) -> None:
        super().__init__(list(range(len(scripts))), vocab=VOCAB)
        self._scripts = scripts

    def logits(self, seed: int, history: list[int]) -> Float[Tensor, "vocab"]:
        script = [*self._scripts[seed], END]
        logits = torch.arange(VOCAB) * 0.01
        logits[script[min(len(history), len(script) - 1)]] = 12
        return logits


def found(
    stepper: HistoryStepper | TableStepper, options: DecodingConfig, sources: list[str] | None
) -> list[list[Hypothesis]]:
    lengths = torch.full((stepper.rows,), 100)
    return decode(stepper, source_lengths=lengths, options=options, sources=sources)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("way", WAYS)
def test_a_model_that_goes_round_for_ever_is_stopped(size: int, way: str) -> None:
    [looped] = found(loop(size), WAYS[way], None)
    assert all(len(each.tokens) == LIMIT - each.finished for each in looped[:1])
    [stopped] = found(loop(size), WAYS[way], ["A text."])
    assert all(each.finished and len(each.tokens) < LIMIT / 2 for each in stopped)
    assert any(each.repetitive for each in stopped)


def test_the_longest_cycle() -> None:
    options = DecodingConfig(beam_size=1, max_length="350")
    [[each]] = found(loop(LONGEST), options, [""])
    assert (each.finished, each.repetitive) == (True, True)
    assert 2 * LONG_ROUNDS * LONGEST <= len(each.tokens) <= 2 * LONG_ROUNDS * LONGEST + LONGEST
    [[longer]] = found(loop(LONGEST + 1), options, [""])
    assert len(longer.tokens) == 350


@pytest.mark.parametrize("way", ["greedy", "beam"])
def test_the_first_loop_of_an_output_is_left_and_the_second_one_ends_it(way: str) -> None:
    [[each, *_]] = found(loop(1, end=-8.0), WAYS[way], [""])
    assert each.tokens[:CERTAIN] == (4,) * CERTAIN
    assert each.tokens[CERTAIN] not in (4, END)
    assert each.tokens[CERTAIN + 1 :] == (4,) * (CERTAIN - 1)
    assert (each.finished, each.repetitive) == (True, True)


def test_an_output_can_go_on_after_a_loop() -> None:
    others = [-torch.inf] * 3 + [0.0] * (VOCAB - 3)
    path = {4: 4, 5: 6, 6: 7, 7: END}
    after = {
        token: [value + 9.0 * (other == onward) for other, value in enumerate(others)] for token, onward in path.items()
    }
    after[4][5] = 5.0
    begin = [value + 9.0 * (other == 4) for other, value in enumerate(others)]
    for options in (WAYS["greedy"], WAYS["beam"]):
        [[each, *_]] = found(TableStepper(1, begin, after), options, [""])
        assert each.tokens == (*[4] * CERTAIN, 5, 6, 7)
        assert (each.finished, each.repetitive) == (True, True)


LEGITIMATE = {
    "a word five times": ([4, 5, 5, 5, 5, 5, 6], "It is very, very, very big."),
    "laughter that stands in the source": ([4] * 20, "Ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha!"),
    "a line of dashes": ([5, *[4] * 30, 6], "a " + "- " * 30 + "b"),
    "dots of a table of contents": ([5, *[4, 6] * 12, 7], "Preface" + " ." * 24 + " 7"),
    "two such lines": ([*[4] * 15, 5, *[4] * 15, 6, *[4] * 15], "=============== x =============== y ==============="),
    "three rounds of a sentence": ([*range(4, 16)] * 3, "Go home. Go home. Go home."),
    "a short loop at its end": ([5, 6, *[4] * 11], ""),
    "numbers of many zeros": ([5, *[4] * 16], "10000000000000000"),
}


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_is_right_stays_as_it_is(name: str) -> None:
    script, source = LEGITIMATE[name]
    for options in (WAYS["greedy"], WAYS["beam"], WAYS["samples"]):
        free, guarded = (found(Script([script]), options, sources) for sources in (None, [source]))
        assert guarded == free
        if not options.sample:
            assert free[0][0].tokens == tuple(script)


@pytest.mark.parametrize("way", WAYS)
def test_ordinary_outputs_are_the_same_bit_by_bit(way: str) -> None:
    stepper = HistoryStepper(list(range(6)), vocab=30, scale=1.5)
    options = replace(WAYS[way], max_length="30")
    assert found(stepper, options, [""] * 6) == found(stepper, options, None)


def test_rows_do_not_depend_on_the_batch() -> None:
    scripts = [[4] * 40, [4, 5, 6], [4, 5] * 30, [4] * 40, [7]]
    sources = ["one", "two", "three", "ha" * 40, "five"]
    for options in (WAYS["greedy"], WAYS["beam"]):
        together = found(Script(scripts), options, sources)
        alone = [found(Script([script]), options, [source])[0] for script, source in zip(scripts, sources, strict=True)]
        assert [[(each.tokens, each.repetitive) for each in row] for row in together] == [
            [(each.tokens, each.repetitive) for each in row] for row in alone
        ]
        assert [row[0].repetitive for row in together] == [True, False, True, False, False]


def test_a_model_without_another_way_goes_on() -> None:
    only = [-torch.inf] * 4 + [0.0] + [-torch.inf] * 3
    [[each]] = found(TableStepper(1, only), DecodingConfig(beam_size=1, max_length="30"), [""])
    assert (each.tokens, each.finished, each.repetitive) == ((4,) * 30, False, True)


def test_a_shortest_length_holds() -> None:
    [[each]] = found(loop(1), DecodingConfig(beam_size=1, min_length="50"), [""])
    assert len(each.tokens) >= 49
    assert max(len(run) for run in "".join("4" if token == 4 else " " for token in each.tokens).split()) < 16


def test_a_prefix_may_repeat_itself() -> None:
    options = DecodingConfig(beam_size=1)
    prefix = [4] * 24
    [[each]] = decode(loop(1), source_lengths=torch.tensor([40]), options=options, prefixes=[prefix], sources=[""])
    assert each.tokens[: len(prefix)] == tuple(prefix)
    assert each.finished


def test_there_is_a_source_for_each_row() -> None:
    with pytest.raises(SeqtasksError, match="Got 2 sources for 1 input"):
        found(loop(1), WAYS["greedy"], ["", ""])


@pytest.mark.parametrize(
    ("text", "rounds", "runs"),
    [
        ("", 1, 0),
        ("ab", 1, 0),
        ("Good dog", 2, 0),
        ("No, no, no!", 3, 0),
        ("Go home. Go home. Go home.", 3, 0),
        ("Wait... what?", 3, 0),
        ("ha ha ha ha ha", 5, 1),  # the last without its blank
        ("Very, very, VERY, very, very good.", 5, 1),
        ("..........", 10, 1),
        ("a ---- b ====== c", 6, 2),
        ("1.000.000.000.000", 4, 1),
        ("Please wait. " * 4, 4, 1),
    ],
)
def test_what_a_source_repeats(text: str, rounds: int, runs: int) -> None:
    assert source_repetitions(text) == (rounds, runs)


def test_cycles_at_the_end() -> None:
    assert trailing_cycle([4] * 8, 8, 1) == 1
    assert trailing_cycle([4] * 7, 7, 1) == 0
    assert trailing_cycle([4] * 15, 15, 15) == 0
    assert trailing_cycle([4] * 16, 16, 15) == 1
    assert trailing_cycle([9, *[4, 5, 6] * 4], 13, 1) == 3
    assert trailing_cycle([9, *[4, 5, 6] * 4, 7], 13, 1) == 3
    assert trailing_cycle([9, *[4, 5, 6] * 4, 7], 14, 1) == 0
    assert trailing_cycle([*range(4, 13)] * 3, 27, 1) == 0
    assert trailing_cycle([*range(4, 14)] * 3, 30, 1) == 10
    assert trailing_cycle([*range(4, 14)] * 3, 30, 3) == 0
    assert trailing_cycle([*range(4, 4 + LONGEST)] * 3, 3 * LONGEST, 1) == LONGEST


def test_loops() -> None:
    two = [*[4] * 13, 5, *[6, 7] * 8]
    assert find_loops(two, 1) == (2, 13 + 16)
    assert find_loops(two, 8) == (1, 13)
    assert find_loops(two, 1, start=13) == (1, 16)
    assert find_loops([*[4] * 7, 5, *[6, 7] * 3], 1) == (0, 0)
    assert find_loops([5, *[4, 6, 7] * 5, 4, 8], 1) == (1, 16)


@pytest.mark.parametrize(
    ("tokens", "source", "expected"),
    [
        ([], "", False),
        ([*range(4, 40)], "", False),
        ([5, *[4] * 12, 6], "", True),
        ([5, *[4] * 11, 6], "", False),
        ([5, *[4] * 8, 6, *[7] * 8], "", True),  # two short ones are as certain as a long one
        ([5, *[4] * 12, 6], "............", False),
        ([5, *[4] * 12, 6], "...", True),
    ],
)
def test_repetitive_outputs(tokens: list[int], source: str, expected: bool) -> None:
    assert is_repetitive(tokens, source) is expected
