"""Sentences of a running text: nothing is lost, abbreviations do not end them, and time is linear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.text.sentence_spans import sentence_spans

MARKS = st.lists(st.sampled_from([*"aA1.!?…\"' \n)(。」\t", "Dr.", "z. B.", "3.", "https://a.b"]), max_size=30)


@given(st.one_of(st.text(), MARKS.map("".join)), st.sampled_from(["en", "de", "xx"]))
def test_what_is_between_sentences_is_blank(text: str, language: str) -> None:
    spans = sentence_spans(text, language)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    places = [0, *(place for span in spans for place in span), len(text)]
    assert places == sorted(places)
    between = [text[one:other] for one, other in zip(places[::2], places[1::2], strict=True)]
    assert not "".join(between).strip()


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ['Mr. J. R. Smith of the U.S. Navy said "Stop!" to me.', "We left (it was 3 p.m.) at once.", "Why?"]),
        ("en", ["See Fig. 3, e.g. the left one.", "“Is it?”", "(No.)", "It costs $3.50.", "I said no.", "OK!"]),
        ("de", ["Wir kommen am 3. Oktober um 9 Uhr.", "Dr. Meier kommt z. B. auch.", "„Gut.“", "Das war 1990.", "Ja."]),
        ("de", ["Etwa ca. 5 Autos, Säfte usw.", "Nr. 5 lebt.", "Der II. Weltkrieg endete."]),
        ("en", ["really?", "i think so.", "he came.", "he went."]),  # there are no capitals
        ("xx", ["One.", "Two.", "Three"]),
        ("ja", ["犬が見る。", "猫も。"]),
    ],
)
def test_sentences(language: str, sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[start:end] for start, end in sentence_spans(text, language)] == sentences


def test_an_empty_line_ends_a_sentence_and_another_line_break_does_not() -> None:
    text = "A title\n\nA line that\nis broken. Yes\n \n\nNo"
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "A title",
        "A line that\nis broken.",
        "Yes",
        "No",
    ]


@pytest.mark.parametrize("marks", [("-- tea", "-- tea"), ('"', '"'), ("„", "“"), ("(", ")"), ("“", "")])
def test_marks_far_apart_join_nothing(marks: tuple[str, str]) -> None:
    sentences = ["The house is old.", "We go there today.", "The children sleep."] * 10
    sentences[0] = f"{marks[0]} {sentences[0]}"
    sentences[-2] = f"{marks[1]} {sentences[-2]}"
    assert len(sentence_spans(" ".join(sentences), "en")) >= len(sentences)


def test_no_sentence_ends_inside_of_spans_that_are_whole() -> None:
    text = "Type `a. B` now. Good."
    found = sentence_spans(text, "en", [(5, 11)])
    assert [text[start:end] for start, end in found] == ["Type `a. B` now.", "Good."]


@pytest.mark.parametrize("part", [".", " ", "\n ", "a. ", "Ab. ", "。", ".)", "a", "'.\"", "A.\n", "!? ", "1. ", "(. "])
def test_a_line_of_any_length_takes_linear_time(part: str) -> None:
    sentence_spans("A. B. ab.", "de")
    started = time.perf_counter()
    sentence_spans(part * (100_000 // len(part)) + "x", "de")
    assert time.perf_counter() - started < 5
