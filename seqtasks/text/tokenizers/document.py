"""Texts of many lines in the tokens of a processor, which by itself reads one line at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from seqtasks.special_tokens import BEGIN, END
from seqtasks.text.normalize import compose, drop_unseen
from seqtasks.text.tokenizers.base import FIRST_BYTE, Tokenizer

Tokens = Int[np.ndarray[Any, Any], "_"]

LINE, TAB = FIRST_BYTE + ord("\n"), FIRST_BYTE + ord("\t")
BYTES = 256
KEPT = 1_024
"""Tokens of a line that are read again with each token that follows."""
UNCERTAIN = "\ufffd"
"""What a part of a character reads as."""

_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
# Control characters and the blanks of Unicode.
_BLANKS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LAYOUT = re.compile(r"([ \n\t]{2,}|[\n\t]|\A | \Z)")


def normalize_document(text: str) -> str:
    r"""`text` in Unicode's composed form (NFC) with lines that end in "\n", the only control character but "\t".

    What `normalize` does to one line, but that blanks stay as many as they are. Tidying twice changes nothing.
    """
    return compose(drop_unseen(_BLANKS.sub(" ", _LINE_ENDS.sub("\n", text))))


def marked(ids: Sequence[int]) -> Tokens:
    """A text between BEGIN and END."""
    return np.array([BEGIN, *ids, END], dtype=np.int32)


class DocumentTokenizer:
    """A processor for whole texts: `decode(encode(text)) == normalize_document(text)` where nothing is UNKNOWN.

    Line breaks, tabs and blanks other than single ones inside a line are spelled in bytes, as is all that a
    vocabulary lacks, so that models of texts have the ids of the processor and no others.
    """

    def __init__(self, processor: Tokenizer) -> None:
        self.processor = processor
        self.ids = {"\n": LINE, "\t": TAB, " ": processor.blank}
        self.characters = {number: character for character, number in self.ids.items()}

    @property
    def has_space_tokens(self) -> bool:
        """Whether each blank of a text is a token; else a single one belongs to the word after it."""
        return self.processor.blank >= FIRST_BYTE + BYTES

    def encode(self, text: str) -> list[int]:
        """The ids of a text of any number of lines, without BEGIN and END."""
        parts = _LAYOUT.split(normalize_document(text))
        ids = []
        for chunk, between in zip(self.processor.encode_all(parts[::2]), [*parts[1::2], ""], strict=True):
            ids += chunk
            ids += [self.ids[character] for character in between]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text with its line breaks and blanks."""
        return "".join(IncrementalDetokenizer(self).pieces(ids))


class IncrementalDetokenizer:
    """The text of tokens that come one after the other."""

    def __init__(self, layout: DocumentTokenizer) -> None:
        self.layout = layout
        self.tokens: list[int] = []
        """Since the last line break, tab or blank that is a token."""
        self.told = ""

    def pieces(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text of tokens to its end, what is certain after each."""
        for token in tokens:
            yield self.add(token)
        yield self.rest()

    def add(self, token: int) -> str:
        """What is certain now: what is spelled in bytes waits until it is whole."""
        if token in self.layout.characters:
            return self.rest() + self.layout.characters[token]
        self.tokens.append(token)
        if FIRST_BYTE <= token < FIRST_BYTE + BYTES:
            return ""
        return self._tell(self.layout.processor.decode(self.tokens).rstrip(UNCERTAIN))

    def skip(self, tokens: Sequence[int]) -> None:
        """Tokens whose text is known already."""
        for token in tokens:
            if token in self.layout.characters:
                self.tokens = []
            else:
                self.tokens.append(token)
        self.tokens = self.tokens[-KEPT:]
        self.told = self.layout.processor.decode(self.tokens)

    def rest(self) -> str:
        """What waits still; the next token begins anew."""
        found = self._tell(self.layout.processor.decode(self.tokens))
        self.tokens, self.told = [], ""
        return found

    def _tell(self, text: str) -> str:
        new = text[len(self.told) :]
        self.told = max(self.told, text, key=len)
        return new
