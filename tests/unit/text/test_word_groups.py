"""Words out of tokens: what a reader would point at, with every token in one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer
from seqtasks.text.word_groups import group_words

TEXTS = ["a dog runs .", "the dog's owner, running", "A cat (grey) doesn't sleep!", "a b c d e f g h"] * 4


@pytest.fixture(scope="module")
def subwords() -> SubwordTokenizer:
    return SubwordTokenizer.train(TEXTS, SubwordTokenizer.Config(vocab_size=300))


@pytest.fixture(scope="module")
def words() -> WordTokenizer:
    return WordTokenizer.train(TEXTS, WordTokenizer.Config(language="en", min_freq=1))


@pytest.fixture(scope="module")
def characters() -> CharacterTokenizer:
    return CharacterTokenizer.train(TEXTS, CharacterTokenizer.Config())


def grouped(processor: Tokenizer, text: str) -> list[str]:
    ids = processor.encode(text)
    found = group_words(processor.decode(ids), processor.pieces(ids))
    assert [place for word in found for place in word.tokens] == list(range(len(ids)))
    assert "".join(" " * word.space_before + word.text for word in found) == text
    return [word.text for word in found]


@pytest.mark.parametrize("text", ["a dog runs.", "A cat (grey) doesn't sleep!", "größer 犬 dog", "dog", "犬"])
def test_subwords_and_characters_are_joined_between_blanks(
    subwords: SubwordTokenizer, characters: CharacterTokenizer, text: str
) -> None:
    assert grouped(subwords, text) == grouped(characters, text) == text.split(" ")


def test_tokens_of_a_word_vocabulary_are_words(words: WordTokenizer) -> None:
    assert grouped(words, "a dog runs .") == ["a", "dog", "runs", "."]
    assert grouped(words, "the dog's owner, running") == ["the", "dog", "'s", "owner", ",", "running"]
    assert grouped(words, "dog") == ["dog"]


def test_a_word_spelled_in_bytes_is_one_word(words: WordTokenizer) -> None:
    assert grouped(words, "a größer 犬 dog") == ["a", "größer", "犬", "dog"]


@given(st.lists(st.integers(0, 2**16), max_size=30))
def test_whatever_a_model_says_no_token_is_in_two_words(words: WordTokenizer, numbers: list[int]) -> None:
    ids = [number % words.size for number in numbers]
    places = [place for word in group_words(words.decode(ids), words.pieces(ids)) for place in word.tokens]
    assert places == sorted(set(places))
    assert set(places) <= set(range(len(ids)))


def test_nothing_has_no_words() -> None:
    assert group_words("", []) == []
