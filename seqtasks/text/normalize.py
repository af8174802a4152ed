"""What is done to every text before it is encoded, in training and in use alike."""

from __future__ import annotations

import re
import unicodedata

_SURROGATES = re.compile("[\ud800-\udfff]")
# Soft hyphens, zero-width spaces, marks of direction: nothing of them is seen.
UNSEEN = "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
# Joiners change what is seen between letters of scripts that join, and in emoji; beside other scripts they do not.
JOINERS = "(?<![^\u0000-\u052f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\u0000-\u052f])"
# The controls C0 and C1 and all that Unicode calls white space, such as no-break, thin and ideographic spaces.
BLANKS = "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_UNSEEN = re.compile(UNSEEN)
_JOINERS = re.compile(JOINERS)
_BLANK_RUN = re.compile(BLANKS)
_OTHERWISE = re.compile(f"{UNSEEN}|{JOINERS}|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANKS = re.compile("[^ \\S]|[\x00-\x1f\x7f-\x9f]|  ")


def compose(text: str) -> str:
    """`text` in Unicode's composed form (NFC); lone surrogates, which no UTF-8 file can hold, become U+FFFD."""
    return text if text.isascii() else unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))


def drop_unseen(text: str) -> str:
    """`text`, whose blanks are plain ones, without what is never seen, such as soft hyphens and zero-width spaces."""
    return _JOINERS.sub("", _UNSEEN.sub("", text))


def normalize(text: str) -> str:
    """`text` on one line, in Unicode's composed form (NFC), without control characters or runs of blanks.

    Control characters and white space of every kind become blanks, blanks at the ends go, several become one; what is
    never seen, such as soft hyphens and zero-width spaces, goes; lone surrogates, which no UTF-8 file can hold, become
    U+FFFD. Cleaning twice changes nothing.
    """
    if not text.isascii():
        text = compose(drop_unseen(_BLANK_RUN.sub(" ", text)))
    if _BLANKS.search(text):
        text = _BLANK_RUN.sub(" ", text)
    return text.strip()


def is_normalized_otherwise(text: str) -> bool:
    """Whether version 0.1 made something else of a text: it kept blanks that do not break, and what is never seen."""
    return not text.isascii() and _OTHERWISE.search(text) is not None
