"""The family of text processors: text to ids and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from numpy.random import Generator

from seqtasks.registry import Component
from seqtasks.special_tokens import END
from seqtasks.text.normalize import normalize
from seqtasks.text.unknown_runs import unknown_runs

FIRST_BYTE = END + 1
"""In every processor the 256 bytes that spell what its vocabulary lacks are numbered from here on."""


class Tokenizer(Component, ABC):
    """Cuts text into tokens numbered below `size`; the first four numbers are PAD, UNKNOWN, BEGIN and END.

    Every text passes through `normalize` first, and `decode(encode(text)) == normalize(text)` for any text whatever:
    what the vocabulary lacks is spelled in UTF-8 bytes, so UNKNOWN comes out of `encode` only where the settings ask
    for it.
    """

    extension: ClassVar[str]
    """The suffix of the one file that `save` writes."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many ids there are, special ids included."""

    @property
    def known_characters(self) -> frozenset[str] | None:
        """The characters that training showed, but for the rarest; others have hardly been seen.

        None where the vocabulary does not say: it had no room for all that are common, and bytes spell them.
        """
        return None

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words and symbols of a text that models cannot know, each once, in their order.

        They have characters that are not among `known_characters`, or are read as UNKNOWN.
        """
        if self.known_characters is None:
            return ()
        return tuple(dict.fromkeys(run.text for run in unknown_runs(normalize(text), self.known_characters)))

    @property
    def blank(self) -> int:
        """The id of a blank by itself, which is its byte but where blanks are tokens as other characters are."""
        return FIRST_BYTE + ord(" ")

    @classmethod
    @abstractmethod
    def train(cls, texts: Iterable[str], config: Any) -> Tokenizer:
        """Learns a vocabulary. The same texts in the same order give the same file, byte for byte.

        Args:
            texts: As they are; each is cleaned here.
            config: The settings of this kind: its nested `Config`.

        Raises:
            SeqtasksError: There is no text.
        """

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without BEGIN and END."""

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` for many texts at once, which some kinds do on several threads."""
        return [self.encode(text) for text in texts]

    def sample(self, text: str, random: Generator) -> list[int]:
        """One of the segmentations of a text, for training (Kudo 2018; Provilkov et al. 2020).

        Args:
            text: As it is; it is cleaned here.
            random: The source of chance, so that a resumed training draws the same.

        Returns:
            Ids without BEGIN and END; those of `encode` where the kind knows one segmentation alone.
        """
        return self.encode(text)

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The text of any sequence of ids below `size`, always on one line; special ids are passed over."""

    @abstractmethod
    def pieces(self, ids: Sequence[int]) -> list[str]:
        """What each token looks like, for display: a blank shows as `▁`, a byte as `<0xE2>`, END as `</s>`."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Writes everything that `load` needs into the one file `path`."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path, config: Any) -> Tokenizer:
        """What `save` wrote.

        Args:
            path: The file.
            config: The settings that it was trained with.

        Raises:
            SeqtasksError: The file is missing, damaged or of another program.
        """
