"""Texts of our own making that need memory: what a line ends with stands at its beginning."""

from __future__ import annotations

import random

LETTERS = "abcd"


def remembering_text(lines: int, seed: int = 1) -> str:
    """Lines such as "c:yz x!c": a letter, some that say nothing, then the first one again."""
    chance = random.Random(seed)
    written = []
    for _ in range(lines):
        letter = chance.choice(LETTERS)
        filling = "".join(chance.choices("xyz ", k=chance.randint(2, 4)))
        written.append(f"{letter}:{filling}!{letter}\n")
    return "".join(written)
