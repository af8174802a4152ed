"""Sentences in a running text, by spaCy's rule, which needs no trained pipeline."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

Token = tuple[str, bool]
"""A token's text, and whether a space comes before it."""


def split_sentences(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """Parts the tokens of a text where spaCy's sentencizer does.

    A sentence ends with a mark such as a full stop and all punctuation that follows it. The rule is applied to the
    tokens themselves: spaCy's documents would keep every word that they ever held in memory.
    """
    ends = sentence_ends()
    sentence: list[Token] = []
    ended = False
    for token in tokens:
        is_end = token[0] in ends
        if ended and not is_end and not all(unicodedata.category(each).startswith("P") for each in token[0]):
            yield sentence
            sentence, ended = [], False
        sentence.append(token)
        ended = ended or is_end
    if sentence:
        yield sentence


@cache
def sentence_ends() -> frozenset[str]:
    """The marks that end a sentence, in many scripts."""
    from spacy.pipeline import Sentencizer

    return frozenset(Sentencizer.default_punct_chars)
