"""Catalogs that have a source text and its translation side by side: XLIFF and TMX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from seqtasks.documents.encoding import Encoding
from seqtasks.documents.splicing import Edit, SourceSegment, apply_edits, render_markup, unchanged_elements
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText


@dataclass(frozen=True)
class Unit:
    """A source text whose translation stands elsewhere."""

    start: int
    end: int
    """Of the content that the translation takes over, with what is around its segments."""
    segments: Sequence[SourceSegment]
    edits: Callable[[str], Iterable[Edit]]
    """What changes for a translated content."""


@dataclass(frozen=True)
class BilingualCatalog:
    """A catalog with the places of its texts."""

    source: str
    encoding: Encoding
    units: Sequence[Unit]

    @cached_property
    def segments(self) -> Sequence[SourceSegment]:
        """Those of all units."""
        return [segment for unit in self.units for segment in unit.segments]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The catalog with these translations."""
        given = iter(translations)
        edits: set[Edit] = set()
        for unit in self.units:
            own = [next(given) for _ in unit.segments]
            if any(each is not None for each in own):
                edits.update(unit.edits(self.content(unit, own)))
        return self.encoding.encode(apply_edits(self.source, edits))

    def content(self, unit: Unit, translations: Sequence[MarkupText | None]) -> str:
        """The content of a unit with its texts in the other language."""
        return "".join(self._parts(unit, translations))

    def _parts(self, unit: Unit, translations: Sequence[MarkupText | None]) -> Iterator[str]:
        place = unit.start
        for segment, translation in zip(unit.segments, translations, strict=True):
            if translation is None:
                continue
            yield self.source[place : segment.start]
            yield render_markup(
                translation,
                self._tags(segment),
                segment.escape,
                unchanged_elements(segment, self.source),
                segment.spaced,
            )
            place = segment.end
        yield self.source[place : unit.end]

    def _tags(self, segment: SourceSegment) -> Callable[[int, bool], str]:
        """How the tags of a segment are written in the source."""
        tags = {key: self.source[piece.start : piece.end] for key, piece in segment.tags.items()}
        return lambda number, end: tags[number, end]


@lru_cache(maxsize=4096)
def same_language(code: str, other: str) -> bool:
    """Whether two codes are of one language: `en`, `en-GB` and `eng`; `no` and `nb`."""
    return _language(code) == _language(other)


def _language(code: str) -> str:
    import langcodes

    normal = code.strip().replace("_", "-")
    try:
        return langcodes.Language.get(normal).prefer_macrolanguage().language or normal.lower()
    except ValueError:
        return normal.lower()


def check_language(name: str, role: str, found: str | None, wanted: str | None) -> None:
    """Compares the language that a document names with that of the model.

    Args:
        name: The document.
        role: `source` or `target`.
        found: The code in the document, if any.
        wanted: That of the model, if it is known.

    Raises:
        SeqtasksError: They are two languages.
    """
    if found and wanted and not same_language(found, wanted):
        raise SeqtasksError(
            f"{name}: its {role} language is {found}, that of the model {wanted}.",
            "Choose a model of these languages, or correct the document.",
        )
