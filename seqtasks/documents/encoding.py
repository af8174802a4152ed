"""Bytes to text and back, without a loss: byte order marks, declared encodings, and what an encoding lacks."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from seqtasks.errors import SeqtasksError

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Encoding:
    """How a text document was encoded."""

    name: str
    document: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Raises SeqtasksError where the encoding has no such characters."""
        try:
            return self.mark + text.encode(self.name)
        except UnicodeEncodeError as error:
            raise SeqtasksError(
                f"{self.document}: its encoding {self.name} has no {text[error.start]!r}, which the translation needs.",
                "Convert it to UTF-8 first.",
            ) from None

    def has(self, text: str) -> bool:
        """Whether it can be encoded."""
        try:
            text.encode(self.name)
        except UnicodeEncodeError:
            return False
        return True

    def with_references(self, markup: str) -> str:
        """Text of HTML or XML with references to the characters that it lacks."""
        if self.has(markup):
            return markup
        return "".join(each if self.has(each) else f"&#{ord(each)};" for each in markup)


def decode(data: bytes, document: str, declared: str | None = None) -> tuple[str, Encoding]:
    """The text of a document, and how it is encoded again.

    Args:
        data: Its bytes.
        document: Its name, for messages.
        declared: The encoding that it names itself, if any; UTF-8 otherwise. A byte order mark outweighs it.

    Raises:
        SeqtasksError: It is not in this encoding.
    """
    mark, name = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), (b"", declared or "utf-8"))
    try:
        encoding = Encoding(codecs.lookup(name).name, document, mark)
        text = data[len(mark) :].decode(encoding.name)
        same = encoding.encode(text) == data
    except (UnicodeDecodeError, LookupError, SeqtasksError):
        same = False
    if not same:
        raise SeqtasksError(f"{document} cannot be read as {name}.", "Convert it to UTF-8 first.")
    return text, encoding
