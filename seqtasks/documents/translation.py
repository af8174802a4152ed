"""The translation of a document's segments: each distinct one once, known ones from a memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqtasks.documents.document import Document

if TYPE_CHECKING:
    from seqtasks.text.markup import MarkupText

Translate = Callable[[Sequence["MarkupText"]], Sequence["MarkupText"]]
"""Whatever translates texts with markup, in order."""


@dataclass(frozen=True)
class DocumentReport:
    """What became of the segments of documents."""

    translated: int = 0
    already_translated: int = 0
    """Those that had a translation, and kept it."""
    from_memory: int = 0
    terms: int = 0
    """Terms of the glossary in the segments."""
    unmet_terms: int = 0
    """Those of them whose translation is in no form in that of the segment."""

    def __add__(self, other: DocumentReport) -> DocumentReport:
        return DocumentReport(
            self.translated + other.translated,
            self.already_translated + other.already_translated,
            self.from_memory + other.from_memory,
            self.terms + other.terms,
            self.unmet_terms + other.unmet_terms,
        )


def translate_segments(
    document: Document, translate: Translate, *, all: bool = False, memory: Mapping[str, str] | None = None
) -> tuple[list[MarkupText | None], DocumentReport]:
    """A translation for each segment of a document, or None where it keeps what it has.

    Args:
        document: The document.
        translate: Translates distinct texts.
        all: Whether segments that have a translation get another one.
        memory: Translations of texts, which are taken as they are.
    """
    from seqtasks.text.markup import MarkupText

    wanted = [each.text for each in document.segments if all or not each.translated]
    known = {text: MarkupText(memory[text.text]) for text in wanted if memory and not text.tags and text.text in memory}
    distinct = list(dict.fromkeys(text for text in wanted if text not in known))
    translations = known | dict(zip(distinct, translate(distinct) if distinct else (), strict=True))
    found = [translations[each.text] if all or not each.translated else None for each in document.segments]
    in_memory = sum(text in known for text in wanted)
    return found, DocumentReport(
        translated=len(wanted) - in_memory,
        already_translated=len(document.segments) - len(wanted),
        from_memory=in_memory,
    )
