from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqtasks
from seqtasks.inference.markup import translate_markup
from seqtasks.inference.markup.protection import quote_spans, unquote_spans
from seqtasks.inference.markup.translation import align_span
from seqtasks.text.markup import InlineTag, MarkupText


@given(
    st.lists(st.tuples(st.text("ab ", max_size=4), st.text("xy()", min_size=1, max_size=4)), min_size=1), st.randoms()
)
def test_quoted_spans_are_found_again_in_any_order(parts: list[tuple[str, str]], chance: object) -> None:
    text, spans = "words", []
    for before, span in parts:
        text += before
        spans.append((len(text), len(text) + len(span)))
        text += span
    quoted = quote_spans(text, spans)
    assert quoted is not None
    texts = [text[start:end] for start, end in spans]
    found = unquote_spans(quoted, texts)
    assert found == (text, spans)
    pieces = [f"`{each}`" for each in texts]
    chance.shuffle(pieces)  # type: ignore[attr-defined]
    shuffled = unquote_spans(" und ".join(["", *pieces, ""]), texts)
    assert shuffled is not None
    assert [shuffled[0][start:end] for start, end in shuffled[1]] == texts
    assert unquote_spans(quoted, [*texts, "x"]) is None
    assert unquote_spans(quoted.replace("`", ""), texts) is None


@pytest.mark.parametrize(
    ("text", "spans"),
    [("a `b` Save", [(6, 10)]), ("Save a  b", [(5, 9)]), ("Save.", [(0, 4)]), ("press " + "x" * 201, [(6, 207)])],
)
def test_what_cannot_be_quoted(text: str, spans: list[tuple[int, int]]) -> None:
    assert quote_spans(text, spans) is None


def test_words_of_a_span_belong_to_the_same_words() -> None:
    assert align_span([(0, 0), (1, 3), (2, 0)], [1, 2], [4, 5]) == [(0, 0), (1, 4), (2, 5)]


def test_the_sentence_is_translated_around_its_spans() -> None:
    pipeline = seqtasks.load("en-de", task="translation", threads=1)
    texts = [
        MarkupText("I like cars and print(x).", (InlineTag(16, "start", 0), InlineTag(24, "end", 0)), ((16, 24),)),
        MarkupText("a  b  `", (), ((0, 4),)),
        MarkupText("Dogs are nice. x  y are not nice.", (), ((15, 19),)),
        MarkupText("f(x).", (), ((0, 4),)),
    ]
    first, second, third, fourth = translate_markup(pipeline, texts)
    assert first.text == "Ich mag Autos und print(x)."
    assert [first.text[slice(*span)] for span in first.protected] == ["print(x)"]
    assert [first.text[first.tags[0].position : first.tags[1].position]] == ["print(x)"]
    assert second.text == "a  b  `"
    assert [third.text[slice(*span)] for span in third.protected] == ["x  y"]
    assert third.text.startswith("Hunde sind nett. ")
    assert fourth.text == "f(x)."
