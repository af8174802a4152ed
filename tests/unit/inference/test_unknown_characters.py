"""What a vocabulary lacks is copied from a text into its translation, and the rest is translated as without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

import seqtasks
from seqtasks.inference.outputs import Translation
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.inference.unknown_characters import BETWEEN, MaskedSource, insert_runs, masked_sources, remove_runs
from seqtasks.text import CharacterTokenizer
from seqtasks.text.unknown_runs import UnknownRun, unknown_runs

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,!5/"
SOURCE = CharacterTokenizer.train([ALPHABET] * 2, CharacterTokenizer.Config())
KNOWN = SOURCE.known_characters


@pytest.fixture(scope="module")
def pipeline() -> TranslationPipeline:
    return seqtasks.load("en-de", task="translation", threads=1)


def runs_of(text: str) -> list[UnknownRun]:
    return unknown_runs(text, KNOWN, between=BETWEEN)


@pytest.mark.parametrize(
    ("text", "runs", "bare", "named"),
    [
        ("We live in 北京 now.", ["北京"], "We live in now.", "We live in X now."),
        ("She saw Łódź, and 東京.", ["Łódź", "東京"], "She saw, and.", "She saw X, and Y."),
        ("She saw Łódź, 東京.", ["Łódź, 東京"], "She saw.", "She saw X."),
        ("She saw Łódź. 東京!", ["Łódź", "東京"], "She saw.!", "She saw X. Y!"),
        ("Я люблю dogs.", ["Я люблю"], "dogs.", "X dogs."),
        ("It runs 😀.", ["😀"], "It runs.", None),
        ("Łódź is 😀.", ["Łódź", "😀"], "is.", "X is."),
        ("5₽ today", ["₽"], "5 today", None),  # a symbol is no part of a word
        ("Open a/北/b.txt, now.", ["a/北/b.txt"], "Open, now.", "Open X, now."),  # a path is one
        ("X is 北.", ["北"], "X is.", "X is Y."),
        ("Ж a Ж1 b Ж2 c Ж3 d Ж4", ["Ж", "Ж1", "Ж2", "Ж3", "Ж4"], "a b c d", None),
    ],
)
def test_how_a_text_is_masked(text: str, runs: list[str], bare: str, named: str | None) -> None:
    found = runs_of(text)
    assert [run.text for run in found] == runs
    assert [text[run.start : run.end] for run in found] == runs
    ways = [remove_runs(way.text, way.removed) for way in masked_sources(text, found, SOURCE)]
    assert ways == ([bare] if named is None else [named, bare])


def test_a_text_that_is_all_unknown_cannot_be_masked() -> None:
    assert runs_of("plain words") == []
    assert masked_sources("東京!", runs_of("東京!"), SOURCE) == []


def translation(source: str, text: str) -> Translation:
    def pieces(words: str) -> tuple[str, ...]:
        return tuple("▁" + word for word in words.split())

    return Translation(
        source=source, text=text, score=0.0, normalized_score=0.0, tokens=pieces(text),
        source_tokens=(*pieces(source), "</s>"),
    )  # fmt: skip


def test_placeholders_have_to_come_out_once() -> None:
    text = "Kim saw 北京 and 東京."
    way = masked_sources(text, runs_of(text), SOURCE)[0]
    good = way.restore(translation("Kim saw X and Y.", "Kim sah Y und X."))
    assert good is not None
    assert good.text == "Kim sah 東京 und 北京."
    for other in ("Kim sah Y.", "Kim sah X und X und Y.", "Kim sah Xs und Y."):
        assert way.restore(translation("Kim saw X and Y.", other)) is None


def test_all_alternatives_have_what_is_unknown() -> None:
    way = MaskedSource("We saw X today.", {"X": "北京"}, [])
    others = tuple(translation("", text) for text in ("Wir sahen X und X.", "Heute sahen wir es."))
    found = way.restore(replace(translation("We saw X today.", "Wir sahen X heute."), alternatives=others))
    assert found is not None
    assert found.text == "Wir sahen 北京 heute."
    assert [each.text for each in found.alternatives] == ["Wir sahen 北京 und 北京.", "Heute sahen 北京 wir es."]


def test_copies_stand_behind_the_word_that_looked_at_the_word_before() -> None:
    source = "a big ☆ dog ☽"
    runs = runs_of(source)
    found = translation("a big dog", "Hund großer ein")
    looked = ((0.0, 0.1, 0.9, 0.0), (0.1, 0.9, 0.0, 0.0), (0.9, 0.1, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    aligned = replace(found, attention=looked)
    assert insert_runs(aligned, source, runs).text == "Hund ☽ großer ☆ ein"
    assert insert_runs(found, source, runs).text == "Hund großer ☆ ein ☽"  # without attention: as in the source
    first = "☆ a big dog"
    assert insert_runs(found, first, runs_of(first)).text == "☆ Hund großer ein"


@pytest.mark.parametrize(
    ("source", "expected"), [("dog ☆.", "Hund ☆."), ("dog. ☆", "Hund. ☆"), ("5₽, dog.", "5₽, Hund.")]
)
def test_punctuation_stays_where_it_was(source: str, expected: str) -> None:
    bare = remove_runs(source, runs_of(source))
    found = translation(bare, bare.replace("dog", "Hund"))
    assert insert_runs(found, source, runs_of(source)).text == expected


@pytest.mark.parametrize(
    ("text", "plain", "expected", "unknown"),
    [
        ("I live in 北京 and like it.", "I live in X and like it.", ("X", "北京"), ("北京",)),
        ("She visited Łódź.", "She visited X.", ("X", "Łódź"), ("Łódź",)),
        ("A dog runs in the park 😀.", "A dog runs in the park.", ("Park.", "Park 😀."), ("😀",)),
        ("Я люблю dogs.", "dogs.", ("Hunde.", "Я люблю Hunde."), ("Я", "люблю")),
    ],
)
def test_the_rest_is_translated_as_without(
    pipeline: TranslationPipeline, text: str, plain: str, expected: tuple[str, str], unknown: tuple[str, ...]
) -> None:
    with_copy, without = pipeline.translate([text, plain])
    assert with_copy.text == without.text.replace(*expected)
    assert with_copy.source == text
    assert (with_copy.unknown, without.unknown) == (unknown, ())


def test_nothing_but_unknown_characters(pipeline: TranslationPipeline) -> None:
    found = pipeline.translate("東京!", attention=True)
    assert (found.text, found.unknown) == ("東京!", ("東京",))


def test_ordinary_texts_are_read_once(pipeline: TranslationPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    once = pipeline.translate_pieces
    monkeypatch.setattr(
        pipeline,
        "translate_pieces",
        lambda *given, **named: read.append(len(given[1])) or once(*given, **named),
        raising=True,
    )
    pipeline.translate(["A dog runs.", "Two dogs.", "We saw 北京."])
    assert read == [3, 1]


def test_long_texts_and_alternatives(pipeline: TranslationPipeline) -> None:
    text = "A dog runs. We saw 北京 today. " * 60
    found = pipeline.translate(text)
    assert found.text.count("北京") == 60
    assert found.unknown == ("北京",)
    best = pipeline.translate("We saw 北京 today 😀.", nbest=3, beam_size=3)
    assert len(best.alternatives) == 2
    assert all("北京" in each.text and "😀" in each.text for each in (best, *best.alternatives))


def test_words_with_a_prefix_are_told_and_not_copied(pipeline: TranslationPipeline) -> None:
    found = pipeline.translate("We saw 北京.", prefixes="Sie")
    assert found.text.startswith("Sie")
    assert found.unknown == ("北京",)
