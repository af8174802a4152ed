"""Words that outputs have to contain or must not, from texts to tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from jaxtyping import Bool
from torch import Tensor

from seqtasks.decoding.lexical_constraints.phrases import Forms
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import require_list
from seqtasks.inference.long_texts import Segment
from seqtasks.text import Tokenizer
from seqtasks.text.glossary import Glossary, Term
from seqtasks.text.normalize import normalize
from seqtasks.text.tokenizers.subword_regularization import BLANK

Phrase = str | Sequence[str]
"""A word or phrase; several are its forms, of which one is enough."""


@lru_cache(maxsize=16)
def continuation_tokens(tokenizer: Tokenizer) -> Bool[Tensor, "vocab"] | None:
    """Which tokens go on with the word before them; None where tokens are whole words, or single characters."""
    words = tokenizer.pieces(tokenizer.encode("a b"))
    if words[-1] != f"{BLANK}b":
        return None
    pieces = tokenizer.pieces(range(tokenizer.size))
    return torch.tensor([piece[:1].isalnum() or piece.startswith("<0x") for piece in pieces])


def encode_forms(phrase: Phrase, tokenizer: Tokenizer) -> Forms:
    """The forms of a phrase as tokens."""
    forms = [phrase] if isinstance(phrase, str) else phrase
    return [tokenizer.encode(normalize(form)) for form in forms]


@dataclass(frozen=True)
class LexicalRules:
    """What the outputs for some texts have to contain and must not, by the numbers of the texts."""

    force_words: Mapping[int, Sequence[Phrase]] = field(default_factory=dict)
    bad_words: Mapping[int, Sequence[str]] = field(default_factory=dict)
    glossary: Glossary | None = None
    """Its terms in a text have to come out in one of their translations."""
    common_force_words: Sequence[Phrase] = ()
    """Those of all texts."""
    common_bad_words: Sequence[str] = ()

    def terms(self, text: str) -> tuple[Term, ...]:
        """The terms of the glossary in a text."""
        return () if self.glossary is None else tuple(self.glossary.find(text))

    def forced(self, text: str, number: int, tokenizer: Tokenizer) -> list[Forms]:
        """The phrases that the output for a text contains, as tokens."""
        terms = (term.targets for term in self.terms(text))
        return [
            encode_forms(phrase, tokenizer)
            for phrase in (*self.common_force_words, *self.force_words.get(number, ()), *terms)
        ]

    def bad(self, number: int, tokenizer: Tokenizer) -> Forms:
        """The phrases that the output for a text does not contain, as tokens."""
        return [
            tokenizer.encode(normalize(phrase)) for phrase in (*self.common_bad_words, *self.bad_words.get(number, ()))
        ]


def lexical_rules(
    parts: Sequence[Sequence[Segment]],
    force_words: Sequence[Sequence[Phrase]] | None,
    bad_words: Sequence[Sequence[str]] | None,
    glossary: Glossary | None,
    first_number: int,
) -> LexicalRules:
    """The rules for texts that are numbered from `first_number` on, each in parts.

    Raises:
        SeqtasksError: There is not one list of words for each text, or a text with words that have to come has several
            parts.
    """
    for name, given in {"force_words": force_words, "bad_words": bad_words}.items():
        if given is not None:
            require_list(given, name)
            if len(given) != len(parts):
                raise SeqtasksError(
                    f"{name} has {len(given)} lists of words, there are {len(parts)} texts.", "Give one for each."
                )
            if any(isinstance(words, str) for words in given):
                raise SeqtasksError(f"{name} holds a string where a text's list of words should be.", "Write a list.")
    for number, (own, words) in enumerate(zip(parts, force_words or (), strict=False), 1):
        if words and len(own) > 1:
            raise SeqtasksError(
                f"Text {number} is translated in {len(own)} parts: which of them has to contain its force_words?",
                "Give its sentences one by one.",
            )
    return LexicalRules(
        dict(enumerate(force_words or (), first_number)), dict(enumerate(bad_words or (), first_number)), glossary
    )
