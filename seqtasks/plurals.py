"""Numbers with the nouns that they count: "1 step", "2 steps"."""

from __future__ import annotations

import re

_COUNTED = re.compile(
    r"\b(caption|document|duplicate|file|label|language|line|number|pair|quote|sentence|side|span|text|video|word)\b"
)
"""The nouns of reasons to leave something out."""


def singular(plural: str) -> str:
    """One of what a regular plural names: "training pairs" is "training pair"; all of its words lose their s."""
    return re.sub(r"(?<=x)es\b|s\b", "", plural)


def counted(number: float, plural: str) -> str:
    """A number and what it counts: "1 step", "2,000 steps", "0.5 minutes".

    Args:
        number: How many there are.
        plural: A regular plural, such as "steps".
    """
    written = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{written} {singular(plural) if number == 1 else plural}"


def counted_phrase(number: int, phrase: str) -> str:
    """The same for the singular of a noun phrase: "2 lines without captions"; what is none, as "broken", stays."""
    if number != 1:
        phrase = _COUNTED.sub(r"\1s", phrase, count=1).replace(" that is ", " that are ")
        phrase = phrase.replace(" that ends before it begins", " that end before they begin")
    return f"{number:,} {phrase}"
