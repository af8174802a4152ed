"""Characters: one token each, with UTF-8 bytes for those that training did not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from seqtasks.registry import Settings
from seqtasks.text.normalize import clean
from seqtasks.text.tokenizers.base import TextProcessor
from seqtasks.text.vocabulary import Vocabulary


class Characters(TextProcessor):
    """Every character of the cleaned text is a token, blanks too."""

    class Config(Settings):
        kind: Literal["characters"] = "characters"
        minimum_count: int = Field(2, ge=1)
        """Rarer characters are spelled in bytes."""

    extension: ClassVar[str] = ".json"

    def __init__(self, vocabulary: Vocabulary, config: Characters.Config) -> None:
        self.vocabulary = vocabulary
        self.config = config

    @property
    def size(self) -> int:
        return self.vocabulary.size

    @property
    def blank(self) -> int:
        return self.vocabulary.spell(" ")[0]

    @classmethod
    def fit(cls, texts: Iterable[str], config: Characters.Config) -> Characters:
        counts = Counter[str]()
        for text in texts:
            counts.update(clean(text))
        return cls(Vocabulary.of_counts(counts, minimum_count=config.minimum_count), config)

    def encode(self, text: str) -> list[int]:
        return [number for character in clean(text) for number in self.vocabulary.spell(character)]

    def decode(self, ids: Sequence[int]) -> str:
        return clean("".join(text for _, text in self.vocabulary.read(ids)))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [self.vocabulary.names[number].replace(" ", "▁") for number in ids]

    def save(self, path: Path) -> None:
        self.vocabulary.save(path)

    @classmethod
    def load(cls, path: Path, config: Characters.Config) -> Characters:
        return cls(Vocabulary.load(path), config)
