"""Characters: one token each, with UTF-8 bytes for those that training did not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from seqtasks.registry import ConfigModel
from seqtasks.text.normalize import normalize
from seqtasks.text.tokenizers.base import Tokenizer
from seqtasks.text.vocabulary import Vocabulary


class CharacterTokenizer(Tokenizer):
    """Every character of the cleaned text is a token, blanks too."""

    class Config(ConfigModel):
        kind: Literal["characters"] = "characters"
        min_freq: int = Field(2, ge=1)
        """Rarer characters are spelled in bytes."""

    extension: ClassVar[str] = ".json"

    def __init__(self, vocabulary: Vocabulary, config: CharacterTokenizer.Config) -> None:
        self.vocabulary = vocabulary
        self.config = config

    @property
    def size(self) -> int:
        return self.vocabulary.size

    @property
    def blank(self) -> int:
        return self.vocabulary.spell(" ")[0]

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

    def save(self, path: Path) -> None:
        self.vocabulary.save(path)

    @classmethod
    def load(cls, path: Path, config: CharacterTokenizer.Config) -> CharacterTokenizer:
        return cls(Vocabulary.load(path), config)
