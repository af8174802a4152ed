"""Words as rows of numbers: the word's own, then those of its characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int
from pydantic import Field

from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import PAD, UNKNOWN
from seqtasks.text.normalize import normalize
from seqtasks.text.vocabulary import FIRST_MARK, Vocabulary
from seqtasks.text.word_cache import WordCache

WORDS, CHARACTERS = "words.json", "characters.json"


class WordIndexerConfig(ConfigModel):
    """How words are read."""

    language: str = "xx"
    """Language whose rules split raw text into words, as spaCy names it ("en", "de"); one that spaCy lacks is split as
    "xx"."""
    min_freq: int = Field(default=2, ge=1)
    """Rarer words are UNKNOWN, known only by their characters."""
    lowercase: bool = True
    """Whether word embeddings ignore case; characters never do."""
    max_word_length: int = Field(default=40, ge=2)
    """Maximum number of characters read of a word; of a longer one, its beginning and its end."""


class WordIndexer:
    """A vocabulary of words and, unless a model reads words alone, one of characters.

    Args:
        words: The vocabulary of words.
        characters: The vocabulary of characters; None for a model that reads words alone.
        config: The settings it was trained with.
    """

    def __init__(self, words: Vocabulary, characters: Vocabulary | None, config: WordIndexerConfig) -> None:
        self.words = words
        self.characters = characters
        self.config = config
        self.rows = WordCache(self._row)

    @classmethod
    def train(
        cls, sentences: Iterable[Sequence[str]], config: WordIndexerConfig, *, with_characters: bool = True
    ) -> WordIndexer:
        """Learns both vocabularies.

        Raises:
            SeqtasksError: There is no word.
        """
        counts = Counter(normalize(word) for sentence in sentences for word in sentence)
        counts.pop("", None)
        words, characters = Counter[str](), Counter[str]()
        for word, count in counts.items():
            words[word.lower() if config.lowercase else word] += count
            for character in word:
                characters[character] += count
        return cls(
            Vocabulary.of_counts(words, min_freq=config.min_freq),
            Vocabulary.of_counts(characters, min_freq=2) if with_characters else None,
            config,
        )

    def index(self, words: Sequence[str]) -> Int[np.ndarray[Any, Any], "words parts"]:
        """A row a word, padded to the longest of these words; `parts` is 1 where characters are not read."""
        rows = [self.rows[word] for word in words]
        table = np.full((len(rows), max(map(len, rows), default=1)), PAD, dtype=np.int32)
        for line, row in zip(table, rows, strict=True):
            line[: len(row)] = row
        return table

    def unknown(self, words: Sequence[str]) -> tuple[str, ...]:
        """Words that are not known, each once: neither the word itself nor all the characters that are read of it."""
        rows = ((word, self.rows[word]) for word in words)
        return tuple(dict.fromkeys(word for word, row in rows if row[0] == UNKNOWN and is_unreadable(row[1:])))

    def _row(self, word: str) -> list[int]:
        word = normalize(word)
        number = self.words.ids.get(word.lower() if self.config.lowercase else word, UNKNOWN)
        if self.characters is None:
            return [number]
        spelled = [number for character in word for number in self.characters.spell(character)] or [UNKNOWN]
        if len(spelled) > (longest := self.config.max_word_length):
            spelled = spelled[: longest // 2] + spelled[longest // 2 - longest :]
        return [number, *spelled]

    def save(self, folder: Path) -> None:
        """Writes words.json and characters.json."""
        self.words.save(folder / WORDS)
        if self.characters is not None:
            self.characters.save(folder / CHARACTERS)

    @classmethod
    def load(cls, folder: Path, config: WordIndexerConfig, *, with_characters: bool = True) -> WordIndexer:
        """The reader that `save` wrote; SeqtasksError when a file is missing or damaged."""
        characters = Vocabulary.load(folder / CHARACTERS) if with_characters else None
        return cls(Vocabulary.load(folder / WORDS), characters, config)


def is_unreadable(characters: Sequence[int]) -> bool:
    """Whether there are none, or bytes among them: characters that the vocabulary lacks."""
    return not characters or any(number < FIRST_MARK for number in characters)
