from __future__ import annotations

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc

from seqtasks.text.sentence_splitter import split_sentences
from seqtasks.text.word_splitter import word_splitter

NLP = spacy.blank("en")
SENTENCIZER = Sentencizer()


def words_of(text: str) -> list[list[str]]:
    return [[word for word, _ in sentence] for sentence in split_sentences(word_splitter("en").split(text))]


def words_by_spacy(words: list[str]) -> list[list[str]]:
    doc = SENTENCIZER(Doc(NLP.vocab, words=words))
    return [[token.text for token in sentence] for sentence in doc.sents]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog runs. It barks!", [["A", "dog", "runs", "."], ["It", "barks", "!"]]),
        ('He said "no." She left', [["He", "said", '"', "no", ".", '"'], ["She", "left"]]),
        ("Really?! Yes", [["Really", "?", "!"], ["Yes"]]),
        ("the U.S. is big", [["the", "U.S.", "is", "big"]]),
        ("no end", [["no", "end"]]),
    ],
)
def test_sentences_end_at_marks_and_the_punctuation_behind(text: str, expected: list[list[str]]) -> None:
    assert words_of(text) == expected


def test_blanks_are_kept() -> None:
    assert list(split_sentences([("A", False), (".", False), ("B", True)])) == [
        [("A", False), (".", False)],
        [("B", True)],
    ]
    assert list(split_sentences([])) == []


@given(st.lists(st.sampled_from(["a", "dog", ".", "!", "?", ",", '"', ")", "(", "...", "。", "¿", "$", "-", "1."])))
def test_the_rule_is_that_of_spacy(words: list[str]) -> None:
    ours = [[word for word, _ in sentence] for sentence in split_sentences((word, True) for word in words)]
    assert ours == words_by_spacy(words)
