"""Long texts in parts, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator

SEARCHED = 1_000
"""Characters before the end of a part where a blank is looked for."""


def text_parts(text: str, size: int) -> Iterator[str]:
    """The text in parts of at most `size` characters, cut at blanks where there are any near, else anywhere.

    Put together they are the text, but for the one blank at each cut.
    """
    start = 0
    while start < len(text):
        end = min(len(text), start + size)
        blank = text.rfind(" ", max(start + 1, end - SEARCHED), end + 1) if end < len(text) else -1
        if blank > 0:
            yield text[start:blank]
            start = blank + 1
        else:
            yield text[start:end]
            start = end
