"""Documents of strings at known places: cells of tables, values of JSON and YAML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from seqtasks.documents.document import Segment
from seqtasks.documents.encoding import Encoding
from seqtasks.documents.splicing import Edit, apply_edits
from seqtasks.text.markup import MarkupText


@dataclass(frozen=True)
class Value:
    """A string with its place in the source, quotes included."""

    start: int
    end: int
    text: str


ValueT = TypeVar("ValueT", bound=Value)


@dataclass(frozen=True)
class ValueDocument(Generic[ValueT]):
    """A document whose strings are translated one by one."""

    source: str
    encoding: Encoding
    values: Sequence[ValueT]
    spelled: Callable[[ValueT, str], str]
    """How a text is written in the place of a string."""

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """A segment for each string."""
        return [Segment(MarkupText(each.text.strip())) for each in self.values]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The document with these translations."""
        edits = [
            Edit(value.start, value.end, self.spelled(value, in_place_of(value.text, translation.text)))
            for value, segment, translation in zip(self.values, self.segments, translations, strict=True)
            if translation is not None and translation != segment.text
        ]
        return self.encoding.encode(apply_edits(self.source, edits))


def in_place_of(text: str, translation: str) -> str:
    """A translation with the blanks that are around its source."""
    before, _, after = text.partition(text.strip())
    return f"{before}{translation}{after}"
