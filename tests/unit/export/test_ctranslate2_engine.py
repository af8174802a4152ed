"""CTranslate2 in the place of our search: the same hypotheses, for texts of all lengths at once."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from helpers.exported import PROCESSORS, TEXTS, translation

from seqtasks import SeqtasksError
from seqtasks.decoders import TransformerDecoder
from seqtasks.export.ctranslate2_engine import CTranslate2Engine
from seqtasks.inference.markup.alignment import align, attention
from seqtasks.inference.translation import TranslationPipeline

MANY = [*TEXTS, *(" ".join(["the new car likes"] * number) for number in range(1, 12)), *TEXTS]


def both(*args: Any, threads: int = 2, **settings: Any) -> tuple[TranslationPipeline, TranslationPipeline]:
    pytest.importorskip("ctranslate2")
    task, model = translation(*args, **settings)
    engine = CTranslate2Engine(task, model, arithmetic="float32", threads=threads)
    ours, theirs = (TranslationPipeline([model], task.source, task.target, engine=each) for each in (None, engine))
    return ours, theirs


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("tie", ["all", "none"])
@pytest.mark.parametrize(
    "given", [{"beam_size": 1}, {"beam_size": 4, "nbest": 3}, {"beam_size": 3, "length_penalty": "none"}], ids=str
)
def test_it_finds_our_hypotheses(processor: str, tie: str, given: dict[str, Any]) -> None:
    ours, theirs = both(processor, tie)
    decoding = {"max_length": "0.5x+9", **given}
    found = theirs.translate(MANY, **decoding)
    for expected, other in zip(ours.translate(MANY, **decoding), found, strict=True):
        pairs = zip((expected, *expected.alternatives), (other, *other.alternatives), strict=True)
        for wanted, each in pairs:
            assert (each.text, each.tokens, each.finished) == (wanted.text, wanted.tokens, wanted.finished)
            assert (each.score, each.normalized_score) == pytest.approx(
                (wanted.score, wanted.normalized_score), abs=1e-4
            )
            # what repeats itself is searched again by us
            assert len(each.log_probabilities) in {0, len(wanted.log_probabilities)}
        assert other.source_tokens == expected.source_tokens
    assert {each.finished for each in found} == {True, False}
    assert any(each.log_probabilities == () for each in found)


def test_a_text_does_not_depend_on_the_others_or_on_threads() -> None:
    _, theirs = both("subwords", threads=1)
    _, threaded = both("subwords", threads=3)
    decoding = {"beam_size": 2}
    alone = [theirs.translate([text], **decoding)[0] for text in MANY] * 5
    together = threaded.translate(MANY * 5, **decoding)
    assert [each.tokens for each in together] == [each.tokens for each in alone]
    assert [each.score for each in together] == pytest.approx([each.score for each in alone], abs=1e-4)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"attention": True}, "cannot return attention weights"),
        ({"prefixes": ["the"]}, "cannot decode with a target prefix"),
    ],
)
def test_what_it_lacks_is_told(given: dict[str, Any], told: str) -> None:
    _, theirs = both()
    with pytest.raises(SeqtasksError, match=told):
        theirs.translate(["a bird ."], **given)
    with pytest.raises(SeqtasksError, match="does not support sample = true"):
        theirs.translate(["a bird ."], sample=True)


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    task, model = translation()
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(SeqtasksError, match="the engine ctranslate2 needs ctranslate2"):
        CTranslate2Engine(task, model, arithmetic="int8", threads=1)


@pytest.mark.parametrize("heads", [0, 1])
def test_its_attention_to_given_translations_is_ours(heads: int) -> None:
    ours, theirs = both("subwords")
    decoder = ours.models[0].decoder
    assert isinstance(decoder, TransformerDecoder)
    decoder.alignment_heads = heads or decoder.alignment_heads
    if heads:
        task, model = translation("subwords")
        model.decoder.alignment_heads = heads
        theirs.engine = CTranslate2Engine(task, model, arithmetic="float32", threads=2)
    sources, translations = [text for text in MANY if text], [text for text in reversed(MANY) if text]
    expected, found = attention(ours, sources, translations), attention(theirs, sources, translations)
    for own, other in zip(expected, found, strict=True):
        assert own is not None
        assert other is not None
        assert other.shape == own.shape
        assert other == pytest.approx(own, abs=1e-4)


def test_tags_are_placed_without_a_pass_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    _, theirs = both("subwords")
    monkeypatch.setattr(theirs, "stepper", None)
    assert attention(theirs, [], []) == []
    assert align(theirs, ["the new car"], ["the new car"]) == [[(0, 0), (1, 1), (2, 2)]]
    long = " ".join(["car"] * 3000)
    assert attention(theirs, ["the car", long], ["the car", "car"])[1] is None
