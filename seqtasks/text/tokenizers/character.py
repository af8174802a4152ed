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
        return self.vocabulary.spell(" ")[0]

    @cached_property
    def known_characters(self) -> frozenset[str]:
        return frozenset(self.vocabulary.tokens) | {" "}

    @classmethod
    def train(cls, texts: Iterable[str], config: CharacterTokenizer.Config) -> CharacterTokenizer:
        counts = Counter[str]()
        for text in texts:
            counts.update(normalize(text))
        return cls(Vocabulary.of_counts(counts, min_freq=config.min_freq), config)

    def encode(self, text: str) -> list[int]:
        return [number for character in normalize(text) for number in self.vocabulary.spell(character)]

    def decode(self, ids: Sequence[int]) -> str:
        return normalize("".join(text for _, text in self.vocabulary.read(ids)))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [self.vocabulary.names[number].replace(" ", "▁") for number in ids]
