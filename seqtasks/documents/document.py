"""What every format is to the translation of documents: segments to translate, and bytes to write again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.text.markup import MarkupText

MAX_BYTES: Final = 64 << 20
"""The largest document that is read, and the most that the parts of a compressed one may come to."""


@dataclass(frozen=True)
class Segment:
    """What is translated at once: a paragraph, a cell, a message of a catalog."""

    text: MarkupText
    translated: bool = False
    """Whether the document has a translation of it already."""


class Document(Protocol):
    """A parsed document."""

    @property
    def segments(self) -> Sequence[Segment]:
        """In the order of the document."""
        ...

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The document with a translation for each segment, or None where it stays as it is."""
        ...


@dataclass(frozen=True)
class DocumentOptions:
    """How a document is read and written."""

    name: str = "document"
    """What error messages call it."""
    columns: tuple[str, ...] = ()
    """Tables: the columns to translate, by name or by number from 1."""
    source_language: str | None = None
    target_language: str | None = None


def malformed(name: str, form: str, problem: object) -> SeqtasksError:
    """The error for a file that is not what it is read as."""
    told = " ".join(str(problem).split()).rstrip(".")
    return SeqtasksError(f"{name}: this is no valid {form}: {told}.", "Repair it, or choose another --input-format.")
