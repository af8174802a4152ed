"""Characters: one token each, with UTF-8 bytes for those that training did not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Literal

from pydantic import Field

from seqtasks.registry import ConfigModel
from seqtasks.text.normalize import normalize
from seqtasks.text.vocabulary import Vocabulary, VocabularyTokenizer


class CharacterTokenizer(VocabularyTokenizer):
    """Every character of the cleaned text is a token, blanks too."""

    class Config(ConfigModel):
        kind: Literal["characters"] = "characters"
        min_freq: int = Field(2, ge=1)
        """Rarer characters are spelled in bytes."""

    @property
    def blank(self) -> int:
        """The token of a blank, or its byte where training showed none."""
        return self.vocabulary.spell(" ")[0]

    @cached_property
    def known_characters(self) -> frozenset[str]:
        """Those of the vocabulary, and the blank."""
        return frozenset(self.vocabulary.tokens) | {" "}

    @classmethod
    def train(cls, texts: Iterable[str], config: CharacterTokenizer.Config) -> CharacterTokenizer:
        """Counts characters; those seen at least `min_freq` times become tokens."""
        counts = Counter[str]()
        for text in texts:
            counts.update(normalize(text))
        return cls(Vocabulary.of_counts(counts, min_freq=config.min_freq), config)

    def encode(self, text: str) -> list[int]:
        """A token a character, or its UTF-8 bytes where it is unknown."""
        return [number for character in normalize(text) for number in self.vocabulary.spell(character)]

    def decode(self, ids: Sequence[int]) -> str:
        """The characters as they follow each other."""
        return normalize("".join(text for _, text in self.vocabulary.read(ids)))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The characters, a blank as `▁`."""
        return [self.vocabulary.names[number].replace(" ", "▁") for number in ids]
