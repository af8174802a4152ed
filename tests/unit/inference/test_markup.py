"""Texts with tags are translated as texts, and their tags stand around the words that say the same."""

from __future__ import annotations

import pytest
from helpers.markup import marked_up, parse

import seqtasks
from seqtasks.inference.markup import translate_markup
from seqtasks.inference.markup.alignment import in_reading_order
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.text.markup import MarkupText


@pytest.fixture(scope="module")
def pipeline() -> TranslationPipeline:
    return seqtasks.load("en-de", task="translation", threads=1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("I like <b>red</b> cars.<br/>", "Ich mag <b>rote</b> Autos.<br/>"),
        (
            "The <b>red car</b>, which I <i>bought</i> yesterday, is <a>very <b>fast</b></a>.",
            "Das <b>rote Auto</b>, das ich gestern <i>gekauft</i> habe, ist <a>sehr <b>schnell</b></a>.",
        ),
        (" <p>A dog runs.</p>\n", " <p>Ein Hund läuft.</p>\n"),
        ("", ""),
        ("<b></b> ", "<b></b> "),
    ],
)
def test_tags_are_around_the_words_that_say_the_same(pipeline: TranslationPipeline, source: str, expected: str) -> None:
    text, names = parse(source)
    [found] = translate_markup(pipeline, [text])
    assert marked_up(found, names) == expected


def test_the_translation_is_that_of_the_text(pipeline: TranslationPipeline) -> None:
    text, _ = parse("The <b>children</b> play in the <i>garden</i>.")
    [found] = translate_markup(pipeline, [text])
    assert found.text == pipeline.translate(text.text).text


def test_sentences_are_translated_by_themselves_and_elements_go_on(pipeline: TranslationPipeline) -> None:
    text, names = parse("<p>A <b>dog</b> runs.  <i>Two men talk.\n I am</i> here.</p>")
    [found] = translate_markup(pipeline, [text])
    alone = [each.text for each in pipeline.translate(["A dog runs.", "Two men talk.", "I am here."])]
    assert found.text == f"{alone[0]}  {alone[1]}\n {alone[2]}"
    assert marked_up(found, names).startswith("<p>Ein <b>Hund</b> läuft.  <i>Zwei")


def test_protected_spans_come_out(pipeline: TranslationPipeline) -> None:
    source = MarkupText("Click on Save and wait.", protected=((9, 13),))
    [found] = translate_markup(pipeline, [source])
    assert [found.text[start:end] for start, end in found.protected] == ["Save"]


def test_without_attention_equal_words_belong_together() -> None:
    sources = list(enumerate(["in", "Berlin", "we", "saw", "it"]))
    targets = list(enumerate(["wir", "sahen", "Berlin"]))
    assert (1, 2) in in_reading_order(sources, targets)
    assert {one for one, _ in in_reading_order(sources, targets)} == {0, 1, 2, 3, 4}
