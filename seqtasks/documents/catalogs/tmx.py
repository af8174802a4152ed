"""Translation memories (TMX 1.4b): units without a text in the target language get one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final
from xml.sax.saxutils import quoteattr

from seqtasks.documents.catalogs.bilingual import BilingualCatalog, Unit, same_language
from seqtasks.documents.document import DocumentOptions, malformed
from seqtasks.documents.encoding import Encoding
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Edit, SourceSegment
from seqtasks.documents.xml_source import (
    Element,
    Role,
    escape_with,
    filled,
    indentation,
    inline_pieces,
    prefixed,
    read_xml,
)
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText
from seqtasks.version import __version__

FORM: Final = "translation memory (TMX)"
LANGUAGES: Final = ("xml:lang", "lang")
"""The attribute of a text's language, in version 1.4 and before 1.2."""


@dataclass(frozen=True)
class TMXDocument:
    """A memory, whose units are known once its languages are."""

    name: str
    source: str
    encoding: Encoding
    root: Element
    languages: tuple[str | None, str | None]

    @cached_property
    def catalog(self) -> BilingualCatalog:
        """Its units. Raises SeqtasksError where the languages are not known, or no unit has the source language."""
        header = self.root.child("header")
        source = self.languages[0] or (header.attributes.get("srclang") if header is not None else None)
        target = self.languages[1]
        if target is None or source is None:
            raise SeqtasksError(
                f"{self.name}: the languages to translate from and into are not known.",
                "Give them with --language-pair, such as en-de (languages=), or choose a model that names them.",
            )
        elements = [each for each in self.root.descendants() if each.name == "tu"]
        units = [unit for each in elements for unit in self.units_of(each, source, target)]
        if elements and not any(_variants(each, source) for each in elements):
            raise SeqtasksError(
                f"{self.name}: none of its units has a text in {source}.", "Choose a model of the languages in it."
            )
        return BilingualCatalog(self.source, self.encoding, units)

    @property
    def segments(self) -> Sequence[SourceSegment]:
        """A segment for each unit with words in the source language."""
        return self.catalog.segments

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The memory with these translations."""
        return self.catalog.write(translations)

    def units_of(self, element: Element, source: str, target: str) -> Iterator[Unit]:
        """The unit of a `tu`, if it has words in the source language."""
        seg = next((found for each in _variants(element, source) if (found := each.child("seg")) is not None), None)
        segment = None if seg is None else segment_of(list(inline_pieces(seg, role_of)), escape_with(self.encoding))
        if seg is None or segment is None:
            return
        known = [found for each in _variants(element, target) if (found := each.child("seg")) is not None]
        translated = any(each.has_text for each in known)

        def edits(written: str) -> Iterator[Edit]:
            if known:
                yield Edit(known[0].start, known[0].end, filled(self.source, known[0], written, {}))
            else:
                yield self.new_variant(element, seg, target, written)

        yield Unit(seg.inner, seg.inner_end, [replace(segment, translated=translated)], edits)

    def new_variant(self, unit: Element, seg: Element, language: str, written: str) -> Edit:
        """Another `tuv` behind those of a unit, laid out as that of its source."""
        variant = seg.parent or unit
        last = [each for each in unit.children if each.name == "tuv"][-1]
        names = [prefixed(self.source, each, each.name) for each in (variant, seg)]
        attribute = next(each for each in LANGUAGES if each in variant.attributes)
        tag = f"<{names[0]} {attribute}={quoteattr(language)} creationtool={quoteattr('seqtasks')}"
        tag += f" creationtoolversion={quoteattr(__version__)}>"
        before, behind = indentation(self.source, seg), self.source[seg.end : variant.inner_end]
        behind = behind[: len(behind) - len(behind.lstrip())]
        blanks = indentation(self.source, variant)
        text = f"{blanks}{tag}{before}<{names[1]}>{written}</{names[1]}>{behind}</{names[0]}>"
        return Edit(last.end, last.end, text)


def read_tmx_document(data: bytes, options: DocumentOptions) -> TMXDocument:
    """A translation memory as a document.

    Args:
        data: The file.
        options: Its name, and the languages.

    Raises:
        SeqtasksError: It is malformed.
    """
    source, encoding, root = read_xml(data, options.name, FORM)
    if root.name != "tmx":
        raise malformed(options.name, FORM, f"its root is {root.name}, not tmx")
    return TMXDocument(options.name, source, encoding, root, (options.source_language, options.target_language))


def role_of(element: Element) -> Role:
    """What an element inside a segment is to a translation."""
    pair = element.attributes.get("i", "")
    if element.name in ("bpt", "ept"):
        return Role("start" if element.name == "bpt" else "end", pair)
    return Role("around" if element.name == "hi" else "empty")


def _variants(unit: Element, language: str) -> list[Element]:
    """The texts of a unit in a language, exact codes first."""
    variants = [(code, each) for each in unit.children if each.name == "tuv" and (code := _code(each)) is not None]
    exact = [each for code, each in variants if code.lower() == language.lower()]
    return exact or [each for code, each in variants if same_language(code, language)]


def _code(variant: Element) -> str | None:
    return next((variant.attributes[each] for each in LANGUAGES if each in variant.attributes), None)
