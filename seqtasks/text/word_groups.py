"""Tokens put together to the words that a reader sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from seqtasks.special_tokens import SPECIAL_PIECES
from seqtasks.text.normalize import normalize
from seqtasks.text.tokenizers.subword_regularization import BLANK
from seqtasks.text.tokenizers.word import MARKS

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


@dataclass(frozen=True)
class Word:
    """What is between two spaces; of a vocabulary of words each token that can be read."""

    text: str
    tokens: range
    """Positions of its tokens: those that spell it, and marks that say how it is spaced."""
    space_before: bool


def group_words(text: str, pieces: Sequence[str]) -> list[Word]:
    """The words of a decoded text, in its order; `pieces` are what its processor shows of its tokens.

    Where pieces show their blanks, a word is what is between two of them. Where none does although the text has
    blanks, each token is a word, and a run of bytes is one.
    """
    runs = (
        whitespace_groups(pieces)
        if " " not in text or any(BLANK in piece for piece in pieces)
        else token_groups(pieces)
    )
    words: list[Word] = []
    rest = text
    for tokens in runs:
        word = surface_form(pieces[tokens.start : tokens.stop])
        if not word:
            continue
        words.append(Word(word, tokens, space_before=bool(words) and not rest.startswith(word)))
        if rest.lstrip().startswith(word):
            rest = rest.lstrip()[len(word) :]
    return words


def whitespace_groups(pieces: Sequence[str]) -> list[range]:
    """Runs of pieces, each beginning with one that shows a blank."""
    starts = [place for place, piece in enumerate(pieces) if piece.startswith(BLANK)]
    return [range(*bounds) for bounds in pairwise([0, *starts, len(pieces)]) if range(*bounds)]


def token_groups(pieces: Sequence[str]) -> list[range]:
    """A mark goes with the word after it, but for the one that ends a word spelled in bytes."""
    end_of_word, *before_word = MARKS
    bounds = [0]
    for place, (piece, following) in enumerate(pairwise([*pieces, ""]), 1):
        spelling = _BYTE.fullmatch(piece) and (_BYTE.fullmatch(following) or following == end_of_word)
        if place == len(pieces) or not (spelling or piece in before_word):
            bounds.append(place)
    return [range(*pair) for pair in pairwise(bounds)]


def surface_form(pieces: Sequence[str]) -> str:
    """What pieces say together, without blanks; bytes that are no UTF-8 become U+FFFD."""
    content = b"".join(
        bytes([int(byte[1], 16)]) if (byte := _BYTE.fullmatch(piece)) else piece.replace(BLANK, "").encode()
        for piece in pieces
        if piece not in MARKS and piece not in SPECIAL_PIECES
    )
    return normalize(content.decode(errors="replace"))
