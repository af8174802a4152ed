"""A list of known tokens with numbers, and UTF-8 bytes to spell all others in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from seqtasks.errors import SeqtasksError
from seqtasks.special_tokens import END, SPECIAL_PIECES
from seqtasks.text.tokenizers.base import FIRST_BYTE, Tokenizer

FIRST_MARK = FIRST_BYTE + 256


class Vocabulary:
    """Numbers, in this order: the special ids, 256 bytes, a processor's own marks, the tokens.

    Args:
        tokens: In the order of their ids.
        marks: Names of ids of a processor's own, before those of the tokens.
    """

    def __init__(self, tokens: Sequence[str], marks: Sequence[str] = ()) -> None:
        self.tokens = list(tokens)
        self.names = [*SPECIAL_PIECES, *(f"<0x{byte:02X}>" for byte in range(256)), *marks, *self.tokens]
        self.first_token = FIRST_MARK + len(marks)
        self.ids = {token: number for number, token in enumerate(self.tokens, self.first_token)}

    @classmethod
    def of_counts(
        cls, counts: Counter[str], *, min_freq: int, size: int | None = None, marks: Sequence[str] = ()
    ) -> Vocabulary:
        """The tokens seen often enough, the commonest first.

        Args:
            counts: How often each token was seen.
            min_freq: Rarer tokens are left out.
            size: The most ids in all, special ids, bytes and marks included; None for no limit.
            marks: Names of further ids, before those of the tokens.

        Raises:
            SeqtasksError: Nothing was counted.
        """
        if not counts:
            raise SeqtasksError("There is no text to learn a vocabulary from.", "Give training data that is not empty.")
        frequent = sorted((-count, token) for token, count in counts.items() if count >= min_freq)
        room = None if size is None else size - FIRST_MARK - len(marks)
        return cls([token for _, token in frequent[:room]], marks)

    @property
    def size(self) -> int:
        """How many ids there are: special ones, bytes, marks and tokens."""
        return len(self.names)

    def spell(self, token: str) -> list[int]:
        """The token's own number, or its bytes where it has none."""
        number = self.ids.get(token)
        return [FIRST_BYTE + byte for byte in token.encode()] if number is None else [number]

    def read(self, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Tokens and marks (with an empty text), each with its number; a run of bytes comes as one token.

        Special ids are passed over; bytes that are no UTF-8 become U+FFFD.
        """
        spelled = bytearray()
        for number in ids:
            if FIRST_BYTE <= number < FIRST_MARK:
                spelled.append(number - FIRST_BYTE)
            elif number > END:
                if spelled:
                    yield FIRST_BYTE, spelled.decode(errors="replace")
                    spelled.clear()
                yield number, self.names[number] if number >= self.first_token else ""
        if spelled:
            yield FIRST_BYTE, spelled.decode(errors="replace")

    def save(self, path: Path) -> None:
        """Writes the tokens as JSON, a line each, in the order of their ids."""
        path.write_text(json.dumps({"tokens": self.tokens}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path, marks: Sequence[str] = ()) -> Vocabulary:
        """The vocabulary that `save` wrote; SeqtasksError when the file is missing or damaged."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SeqtasksError(f"{path}: cannot be read ({error.strerror}).") from None
        except (ValueError, RecursionError):
            content = None
        tokens = content.get("tokens") if isinstance(content, dict) else None
        if not isinstance(tokens, list) or not all(isinstance(token, str) and token for token in tokens):
            raise SeqtasksError(f"{path}: not a vocabulary, or damaged.", "Copy or train it again.")
        if len(set(tokens)) < len(tokens):
            raise SeqtasksError(f"{path}: a token appears twice in this vocabulary.", "Copy or train it again.")
        return cls(tokens, marks)


class VocabularyTokenizer(Tokenizer):
    """A tokenizer whose one file is a vocabulary."""

    extension: ClassVar[str] = ".json"
    marks: ClassVar[tuple[str, ...]] = ()
    """Names of ids of its own, which come before the tokens."""

    def __init__(self, vocabulary: Vocabulary, config: Any) -> None:
        self.vocabulary = vocabulary
        self.config = config

    @property
    def size(self) -> int:
        """The size of the vocabulary."""
        return self.vocabulary.size

    def save(self, path: Path) -> None:
        """Writes the vocabulary."""
        self.vocabulary.save(path)

    @classmethod
    def load(cls, path: Path, config: Any) -> Self:
        """Reads the vocabulary, with the marks of this kind."""
        return cls(Vocabulary.load(path, cls.marks), config)
