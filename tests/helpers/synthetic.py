"""A language of our own making and its translation, small enough to be learned in seconds.

Every word has one translation, and an adjective, which stands before its noun, stands behind it in the translation.
"""

from __future__ import annotations

import random

ARTICLES = {"a": "ein", "the": "das"}
ADJECTIVES = {"red": "rot", "big": "gross", "old": "alt", "new": "neu"}
NOUNS = {"dog": "hund", "house": "haus", "tree": "baum", "car": "wagen", "child": "kind", "bird": "vogel"}
VERBS = {"sees": "sieht", "likes": "mag", "finds": "findet"}


def sentence_pair(chance: random.Random) -> tuple[str, str]:
    """A sentence and its translation."""
    source: list[str] = []
    target: list[str] = []
    for place in ("subject", "object"):
        article, adjective, noun = (chance.choice(sorted(words)) for words in (ARTICLES, ADJECTIVES, NOUNS))
        source += [article, adjective, noun]
        target += [ARTICLES[article], NOUNS[noun], ADJECTIVES[adjective]]
        if place == "subject":
            verb = chance.choice(sorted(VERBS))
            source.append(verb)
            target.append(VERBS[verb])
    return " ".join(source) + " .", " ".join(target) + " ."


def sentence_pairs(count: int, seed: int = 1) -> list[tuple[str, str]]:
    chance = random.Random(seed)
    return [sentence_pair(chance) for _ in range(count)]
