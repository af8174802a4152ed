"""Where spaces belong between words and punctuation: the rules that turn word tokens back into ordinary text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["blanks_before"]

_CLOSING = re.compile(r"[.,;:!?…)\]}%‰°]+|[.,]?[)\]}]+[.,;:]?")
_CLOSING_FRENCH = re.compile(r"[.,…)\]}°]+")
_OPENING = re.compile(r"[(\[{¿¡#$£@]+")
_LINKING = re.compile(r"[-‐‑/_]|\s+")
_CONTRACTION = re.compile(r"['’][^\W\d]\w*|n['’]t", re.IGNORECASE)
_INVERSION = re.compile(r"-[^\W\d_].*")
_ELISION = re.compile(r".*[^\W\d_]['’]")
_UNSPACED = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_SPLIT_WORDS = {("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta")}
_ELIDING = {"ca", "fr", "it"}
_QUOTES = {'"': '"', "“": '"', "”": '"', "„": '"', "«": "«", "»": "«", "'": "'", "‘": "'", "‚": "'", "’": "'"}


class _Habit(NamedTuple):
    """How a token is spaced whatever its neighbors are."""

    joins_left: bool
    joins_right: bool
    quote: str
    """Which quotation marks this one pairs with; empty for other tokens."""


def blanks_before(tokens: Sequence[str], language: str) -> list[bool]:
    """For each token whether ordinary text has a blank before it; False for the first.

    The tokens are spaCy's; the rules are those of English, German, French and their like. Quotation marks open and
    close by turns, so a mark's side depends on those before it.
    """
    blanks = []
    opened: set[str] = set()
    previous, joined = "", True
    for token in tokens:
        joins_left, joins_right, quote = _habit(token, language)
        if quote == "'" and quote not in opened and previous.endswith("s") and token != "‘":
            joins_left = True  # the dogs' tails
        elif quote:
            closes = quote in opened
            opened ^= {quote}
            spaced = quote == "«" and language == "fr"
            joins_left, joins_right = (closes and not spaced, not closes and not spaced)
        blanks.append(not (joined or joins_left or _grown_together(previous, token)))
        previous, joined = token, joins_right
    return blanks


@lru_cache(maxsize=2**16)
def _habit(token: str, language: str) -> _Habit:
    if token in _QUOTES:
        return _Habit(False, False, _QUOTES[token])
    linking = _LINKING.fullmatch(token) is not None and not (token == "-" and language == "de")
    closing = (_CLOSING_FRENCH if language == "fr" else _CLOSING).fullmatch(token)
    inverted = language == "fr" and _INVERSION.fullmatch(token)
    elided = language in _ELIDING and _ELISION.fullmatch(token)
    return _Habit(
        joins_left=bool(linking or closing or inverted or _CONTRACTION.fullmatch(token)),
        joins_right=bool(linking or elided or _OPENING.fullmatch(token)),
        quote="",
    )


def _grown_together(left: str, right: str) -> bool:
    if (left.lower(), right.lower()) in _SPLIT_WORDS:
        return True
    return bool(left and right and _UNSPACED.match(left[-1]) and _UNSPACED.match(right[0]))
