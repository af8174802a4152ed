"""Texts in capital letters."""

from __future__ import annotations

import re
from random import Random
from typing import Literal

from seqtasks.data.augmentation.base import Augmentation
from seqtasks.data.examples import Pair


class UpperCase(Augmentation):
    """Both sides in capital letters."""

    class Config(Augmentation.Config):
        kind: Literal["upper_case"] = "upper_case"

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`He is here.` becomes `HE IS HERE.`, and its translation likewise."""
        return Pair(pair.source.upper(), pair.target.upper())


class TitleCase(Augmentation):
    """The words of the source begin with capital letters, as in headlines; the translation stays as it is."""

    class Config(Augmentation.Config):
        kind: Literal["title_case"] = "title_case"

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`He is here.` becomes `He Is Here.`, and its translation stays as it is."""
        titled = re.sub(r"(?<!\S)\w", lambda letter: letter[0].upper(), pair.source)
        return Pair(titled, pair.target)
