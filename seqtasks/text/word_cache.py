"""What was made of words that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

SIZE = 2**16
"""Words in a cache."""
LONGEST = 100
"""Characters of a word that is kept: longer ones hardly come again, and would fill the memory."""

Made = TypeVar("Made")


class WordCache(dict[str, Made], Generic[Made]):
    """`cache[word]` is what `make` made of the word; a cache that is full begins anew.

    What is very long is made each time.
    """

    def __init__(self, make: Callable[[str], Made]) -> None:
        self.make = make

    def __missing__(self, word: str) -> Made:
        made = self.make(word)
        if len(word) <= LONGEST:
            if len(self) >= SIZE:
                self.clear()
            self[word] = made
        return made
