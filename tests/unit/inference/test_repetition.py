"""Pipelines stop loops, tell of them, and let the rest of the text alone; text generation may repeat itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from helpers.steppers import TableStepper
from helpers.synthetic import sentence_pairs

from seqtasks.decoding import DecodingConfig, Hypothesis, Stepper
from seqtasks.image.transforms import ImageConfig
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.inference.translation.engine import Found, Piece
from seqtasks.text import WordTokenizer

WORDS = WordTokenizer.train((text for pair in sentence_pairs(80) for text in pair), WordTokenizer.Config())
[DOG, HOUSE] = [WORDS.encode(word)[0] for word in ("dog", "house")]


def looping(rows: int) -> Stepper:
    """It says the same word again and again, seldom another one, and hardly ever ends."""
    logits = [-torch.inf] * 3 + [-4.0] + [-9.0] * (WORDS.size - 4)
    logits[DOG], logits[HOUSE] = 5.0, 0.0
    return TableStepper(rows, logits)


class LoopingPipeline(TranslationPipeline):
    def stepper(self, sources: Sequence[Sequence[int]]) -> Stepper:
        return looping(len(sources))


class LoopingEngine:
    """An engine without a guard, which repeats every text but short ones."""

    precision = "engine=looping"

    def __init__(self) -> None:
        self.asked = 0

    def check(self, decoding: DecodingConfig) -> None:
        pass

    def decode(self, pieces: Sequence[Piece], decoding: DecodingConfig, *, attention: bool) -> list[Found]:
        self.asked += len(pieces)
        return [
            ([Hypothesis((HOUSE,) if len(p.ids) < 3 else (HOUSE,) * 50, -1.0, -1.0, (), True)], None) for p in pieces
        ]

    def attention(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[None]:
        return [None] * len(sources)

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], length_penalty: str
    ) -> list[Hypothesis]:
        raise NotImplementedError


TEXT = "a red dog sees the old house and the small cat sees the new car and the dog"


@pytest.mark.parametrize("options", [{"beam_size": 1}, {"beam_size": 5}, {"sample": True}])
def test_translations_do_not_loop(options: dict[str, Any]) -> None:
    loops = LoopingPipeline([], WORDS, WORDS)
    for found in loops.translate([TEXT, f"{TEXT} {TEXT}"], **options):
        assert found.finished
        assert found.repetitive
        assert 12 <= len(found.tokens) <= 32
    [laughing] = loops.translate(["dog " * 30], **options)
    assert len(laughing.tokens) > 30


def test_a_part_that_repeats_itself_marks_the_whole() -> None:
    loops = LoopingPipeline([], WORDS, WORDS, max_input_length=16)
    found = loops.translate(f"{TEXT} . dog . {TEXT} .", beam_size=1)
    assert (found.parts > 1, found.repetitive) == (True, True)


def test_what_an_engine_repeats_is_searched_again() -> None:
    engine = LoopingEngine()
    both = LoopingPipeline([], WORDS, WORDS, engine=engine)
    both.models.append(None)  # type: ignore[arg-type]
    short, long = both.translate(["a dog", TEXT], beam_size=1)
    assert engine.asked == 2
    assert (short.text, short.repetitive) == ("house", False)
    assert long.tokens[:12] == ("dog",) * 12
    assert (long.finished, long.repetitive) == (True, True)
    assert len(long.tokens) < 32


def test_what_an_engine_alone_repeats_is_told() -> None:
    alone = LoopingPipeline([], WORDS, WORDS, engine=LoopingEngine())
    assert [(each.repetitive, len(each.tokens)) for each in alone.translate(["a dog", TEXT])] == [
        (False, 1),
        (True, 50),
    ]


def test_captions_do_not_loop() -> None:
    captioner = CaptioningPipeline([], ImageConfig(), WORDS)
    decoding = DecodingConfig(beam_size=3, max_length="80")
    captions = captioner.decode([looping(2)], ["a.jpg", "b.jpg"], decoding, [0, 1])
    assert [(each.finished, each.repetitive, len(each.tokens) < 32) for each in captions] == [(True, True, True)] * 2
