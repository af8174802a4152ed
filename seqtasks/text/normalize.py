"""What is done to every text before it is encoded, in training and in use alike."""

from __future__ import annotations

import re
import unicodedata

_SURROGATES = re.compile("[\ud800-\udfff]")
# The controls C0 and C1 (all of ASCII's line separators are among them), U+2028, U+2029, the byte order mark.
_BLANKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]|  ")
_BLANK_RUN = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ufeff]+")


def compose(text: str) -> str:
    """`text` in Unicode's composed form (NFC); lone surrogates, which no UTF-8 file can hold, become U+FFFD."""
    return text if text.isascii() else unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))


def normalize(text: str) -> str:
    """`text` composed, on one line, without control characters or runs of blanks.

    Control characters and line separators become blanks, blanks at the ends go, several become one. Cleaning twice
    changes nothing.
    """
    text = compose(text)
    if _BLANKS.search(text):
        text = _BLANK_RUN.sub(" ", text)
    return text.strip()
