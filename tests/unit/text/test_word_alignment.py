"""Words and the tokens that stand for them: together they are the whole text and all tokens."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer, normalize
from seqtasks.text.word_alignment import align_words

TEXTS = ["It wasn't a good film, was it?", "The film was good!", "a b c d e f g h i j k l m n o p q r s t u v w x y z"]
KINDS: dict[str, tuple[type[Tokenizer], object]] = {
    "words": (WordTokenizer, WordTokenizer.Config(min_freq=1, language="en")),
    "unknown words": (WordTokenizer, WordTokenizer.Config(min_freq=1, language="en", oov="unknown")),
    "subwords": (SubwordTokenizer, SubwordTokenizer.Config(vocab_size=300)),
    "characters": (CharacterTokenizer, CharacterTokenizer.Config(min_freq=1)),
}


@cache
def processor(kind: str) -> Tokenizer:
    family, config = KINDS[kind]
    return family.train(TEXTS * 4, config)


def words(kind: str, text: str, *, each_token: bool = False) -> list[tuple[str, list[str]]]:
    """Each word with the pieces of its tokens."""
    pieces = processor(kind).pieces(processor(kind).encode(text))
    return [
        (" " * word.space_before + word.text, pieces[word.tokens.start : word.tokens.stop])
        for word in align_words(normalize(text), pieces, each_token=each_token)
    ]


@pytest.mark.parametrize("each_token", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@given(
    text=st.one_of(st.text(max_size=20), st.lists(st.sampled_from(" ".join(TEXTS).split()), max_size=6).map(" ".join))
)
def test_words_are_the_text_and_all_of_its_tokens(kind: str, each_token: bool, text: str) -> None:
    tokens = processor(kind).encode(text)
    placed = align_words(normalize(text), processor(kind).pieces(tokens), each_token=each_token)
    assert "".join(" " * word.space_before + word.text for word in placed) == normalize(text)
    assert all(word.text for word in placed)
    if placed:
        assert [place for word in placed for place in word.tokens] == list(range(len(tokens)))


def test_words_of_a_vocabulary_are_its_tokens() -> None:
    assert words("words", "It wasn't good!") == [
        ("It", ["It"]), (" was", ["was"]), ("n't", ["n't"]), (" good", ["good"]), ("!", ["!"]),
    ]  # fmt: skip


def test_bytes_and_marks_belong_to_their_words() -> None:
    assert words("words", "a bad !") == [
        ("a", ["a"]),
        (" bad", ["<0x62>", "<0x61>", "<0x64>", "<end of word>"]),
        (" !", ["<apart>", "!"]),
    ]


def test_unknown_words_are_shown_as_they_stand_in_the_text() -> None:
    assert words("unknown words", "The abominable, was good xaz a") == [
        ("The", ["The"]), (" abominable", ["<unk>"]), (",", [","]), (" was", ["was"]), (" good", ["good"]),
        (" xaz", ["<unk>"]), (" a", ["a"]),
    ]  # fmt: skip


def test_subwords_are_put_together_to_what_stands_between_blanks() -> None:
    assert [word for word, _ in words("subwords", "was goodness zzz!")] == ["was", " goodness", " zzz!"]


def test_characters_are_words_or_themselves() -> None:
    assert [word for word, _ in words("characters", "good ñ film")] == ["good", " ñ", " film"]
    assert words("characters", "go ñ f", each_token=True) == [
        ("g", ["g"]), ("o", ["o"]), (" ñ", ["▁", "<0xC3>", "<0xB1>"]), (" f", ["▁", "f"]),
    ]  # fmt: skip
