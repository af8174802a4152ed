"""What was made of words that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

SIZE = 2**16
"""Words in a cache."""

Made = TypeVar("Made")


class WordCache(dict[str, Made], Generic[Made]):
    """`cache[word]` is what `make` made of the word; a cache that is full begins anew."""

    def __init__(self, make: Callable[[str], Made]) -> None:
        self.make = make

    def __missing__(self, word: str) -> Made:
        if len(self) >= SIZE:
            self.clear()
        made = self[word] = self.make(word)
        return made
