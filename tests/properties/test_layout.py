"""Texts of many lines come back, all at once and token by token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.special_tokens import END
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer
from seqtasks.text.tokenizers.document import DocumentTokenizer, IncrementalDetokenizer, normalize_document

LINES = [
    "A man can't sit here (or \"there\"), isn't it?",
    "Two dogs - and a cat: 5% of all.",
    "Drüben läuft's gut.",
] * 5
PROCESSORS: list[Tokenizer] = [
    SubwordTokenizer.train(LINES, SubwordTokenizer.Config(vocab_size=330)),
    WordTokenizer.train(LINES, WordTokenizer.Config(language="en")),
    CharacterTokenizer.train(LINES, CharacterTokenizer.Config()),
]

known = st.sampled_from(
    [*"()\"'’-/.,?▁ \u00a0\n\t\r\u3000\u2028\ue000\u0301漢", "can't", "A", "man", "e", "  ", "\n\n"]
)
texts = st.one_of(st.text(), st.text(st.characters(codec=None)), st.lists(known, max_size=20).map("".join))

every = pytest.mark.parametrize("processor", PROCESSORS, ids=["subwords", "words", "characters"])


@given(texts)
def test_tidying_twice_changes_nothing_and_keeps_lines(text: str) -> None:
    tidied = normalize_document(text)
    assert normalize_document(tidied) == tidied
    assert all(character.isprintable() or not character.isspace() or character in "\n\t" for character in tidied)
    tidied.encode()


@every
@given(text=texts)
def test_any_text_comes_back(processor: Tokenizer, text: str) -> None:
    layout = DocumentTokenizer(processor)
    ids = layout.encode(text)
    assert layout.decode(ids) == normalize_document(text)
    assert all(END < number < processor.size for number in ids)


@given(text=texts)
def test_of_characters_each_is_one_token_or_its_bytes(text: str) -> None:
    characters = PROCESSORS[2]
    ids = DocumentTokenizer(characters).encode(text)
    assert isinstance(characters, CharacterTokenizer)
    assert ids == [
        number for character in normalize_document(text) for number in characters.vocabulary.spell(character)
    ]


@every
@given(data=st.data())
def test_token_by_token_any_ids_say_the_same(processor: Tokenizer, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.one_of(st.integers(0, processor.size - 1), st.integers(0, 263)), max_size=30))
    layout, reading = DocumentTokenizer(processor), IncrementalDetokenizer(DocumentTokenizer(processor))
    pieces = [reading.add(number) for number in ids]
    assert "".join([*pieces, reading.rest()]) == layout.decode(ids)
    again = IncrementalDetokenizer(layout)
    assert [again.add(number) for number in ids] == pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("  if x:\n\treturn\x00 1\ufeff", "  if x:\n\treturn  1"),
        ("e\u0301\u00a0\ud800", "é \ufffd"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    assert normalize_document(text) == expected


def test_a_character_in_bytes_is_told_when_it_is_whole() -> None:
    layout = DocumentTokenizer(PROCESSORS[2])
    reading = IncrementalDetokenizer(layout)
    assert [reading.add(number) for number in layout.encode("A漢\n")] == ["A", "", "", "", "漢\n"]
    assert [reading.add(number) for number in layout.encode("漢")[:2]] == ["", ""]
    assert reading.rest() == "\ufffd"


def test_blanks_between_words_belong_to_words_but_of_characters() -> None:
    counts = [len(DocumentTokenizer(processor).encode("A man")) for processor in PROCESSORS]
    assert counts[1:] == [2, 5]
    assert [DocumentTokenizer(processor).has_space_tokens for processor in PROCESSORS] == [False, False, True]
