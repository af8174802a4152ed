"""XLIFF 1.0 to 1.2 and 2.0 to 2.2 (OASIS): segments without a target get one, marked as what a machine wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seqtasks.documents.catalogs.bilingual import BilingualCatalog, Unit, check_language
from seqtasks.documents.document import DocumentOptions, malformed
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
    start_tag,
)

FORM: Final = "XLIFF"
UNTRANSLATED: Final = ("new", "needs-translation", "initial")
"""States of a target that holds something else than a translation, mostly its source."""
GROUPS: Final = ("file", "body", "group", "bin-unit", "unit")
"""What units and segments are in."""
ANGULAR: Final = re.compile(r"(START|CLOSE)_(\w+?)(?:_\d+)?")
"""Angular's ids of the tags of one element, which are no pair otherwise."""


@dataclass(frozen=True)
class _Reader:
    name: str
    source: str
    root: Element
    escape: Callable[[str], str]
    options: DocumentOptions

    @property
    def is_first(self) -> bool:
        """Whether this is XLIFF 1."""
        return not self.root.attributes.get("version", "1").startswith("2")

    def units(self) -> Iterator[Unit]:
        """All that may be translated."""
        holder = "trans-unit" if self.is_first else "segment"
        for element in self.root.descendants():
            if element.name == holder and element.namespace == self.root.namespace and _is_in_order(element):
                yield from self.units_of(element)

    def units_of(self, element: Element) -> Iterator[Unit]:
        """Those of a trans-unit or a segment: one, or one for each part of a target that has parts."""
        source, target = element.child("source"), element.child("target")
        if source is None:
            raise malformed(self.name, FORM, f"a {element.name} has no source")
        if element.inherited("translate") == "no":
            return
        parted = element.child("seg-source")
        marks = [] if parted is None else [each for each in parted.descendants() if _is_part(each)]
        places = {} if target is None else {_id(each): each for each in target.descendants() if _is_part(each)}
        if parted is None or not marks:
            yield from self.unit(element, source, [source], target)
        elif target is not None and all(_id(mark) in places for mark in marks):
            for mark in marks:
                yield from self.unit(element, mark, [mark], target, places[_id(mark)])
        else:
            yield from self.unit(element, parted, marks, target)

    def unit(
        self,
        holder: Element,
        content: Element,
        texts: Sequence[Element],
        target: Element | None,
        part: Element | None = None,
    ) -> Iterator[Unit]:
        """The unit of a content, if there are words in it."""
        state = (holder if not self.is_first or target is None else target).attributes.get("state")
        place = part or target
        approved = holder.attributes.get("approved") == "yes"
        translated = place is not None and place.has_text and (approved or state not in UNTRANSLATED)
        segments = [found for each in texts if (found := self.segment(each, translated)) is not None]
        if segments:

            def edits(written: str) -> Iterator[Edit]:
                return self.edits(holder, target, part, written)

            yield Unit(content.inner, content.inner_end, segments, edits)

    def segment(self, text: Element, translated: bool) -> SourceSegment | None:
        """The segment of an element's content."""
        collapse = text.inherited("xml:space") != "preserve"
        pieces = list(inline_pieces(text, role_of_first if self.is_first else role_of_second))
        found = segment_of(pieces, self.escape, collapse=collapse)
        return None if found is None else replace(found, translated=translated)

    def edits(self, holder: Element, target: Element | None, part: Element | None, written: str) -> Iterator[Edit]:
        """What changes where a translation is written."""
        states: dict[str, str | None] = {}
        if self.is_first:
            states = {"state": "needs-review-translation"}
            if self.root.attributes.get("version") not in ("1.0", "1.1"):
                states["state-qualifier"] = "mt-suggestion"
            if holder.attributes.get("approved") == "yes":
                yield self.tag(holder, {"approved": "no"})
        else:
            yield self.tag(holder, {"state": "translated", "subState": None})
        attributes = states if self.is_first else {}
        if part is not None and target is not None:
            yield Edit(part.start, part.end, filled(self.source, part, written, {}))
            if attributes:
                yield self.tag(target, attributes)
        elif target is not None:
            yield Edit(target.start, target.end, filled(self.source, target, written, attributes))
        else:
            source = holder.child("source") or holder
            place = (holder.child("seg-source") or source).end
            name = prefixed(self.source, source, "target")
            told = "".join(f' {key}="{value}"' for key, value in attributes.items())
            blanks = indentation(self.source, source)
            yield Edit(place, place, f"{blanks}<{name}{told}>{written}</{name}>")
        yield from self.language_edits(holder)

    def language_edits(self, holder: Element) -> Iterator[Edit]:
        """The target language, where it is not named yet."""
        name = "target-language" if self.is_first else "trgLang"
        if self.options.target_language and holder.inherited(name) is None:
            element = holder
            while element.parent is not None and element.name != "file":
                element = element.parent
            yield self.tag(element if self.is_first else self.root, {name: self.options.target_language})

    def tag(self, element: Element, attributes: Mapping[str, str | None]) -> Edit:
        """Other values for some attributes."""
        return Edit(element.start, element.inner, start_tag(self.source, element, attributes))

    def check_languages(self) -> None:
        """Raises SeqtasksError where the document is of other languages than the model."""
        holders = [each for each in self.root.children if each.name == "file"] if self.is_first else [self.root]
        names = ("source-language", "target-language") if self.is_first else ("srcLang", "trgLang")
        for holder in holders:
            check_language(self.name, "source", holder.attributes.get(names[0]), self.options.source_language)
            check_language(self.name, "target", holder.attributes.get(names[1]), self.options.target_language)


def read_xliff(data: bytes, options: DocumentOptions) -> BilingualCatalog:
    """A file of XLIFF, of either version.

    Args:
        data: The file.
        options: Its name, and the languages of the model.

    Raises:
        SeqtasksError: It is malformed, or of other languages than the model.
    """
    source, encoding, root = read_xml(data, options.name, FORM)
    if root.name != "xliff":
        raise malformed(options.name, FORM, f"its root is {root.name}, not xliff")
    reader = _Reader(options.name, source, root, escape_with(encoding), options)
    reader.check_languages()
    return BilingualCatalog(source, encoding, list(reader.units()))


def role_of_first(element: Element) -> Role:
    """What an inline element of XLIFF 1 is to a translation."""
    attributes = element.attributes
    pair = f"{attributes.get('rid') or attributes.get('id')}"
    if element.name in ("g", "mrk"):
        return Role("around", protected=attributes.get("mtype") == "protected")
    if element.name in ("bx", "ex"):
        return Role("start" if element.name == "bx" else "end", f"x{pair}")
    if element.name in ("bpt", "ept"):
        return Role("start" if element.name == "bpt" else "end", f"pt{pair}")
    angular = ANGULAR.fullmatch(attributes.get("id", "")) if element.name == "x" else None
    if angular is not None:
        return Role("start" if angular[1] == "START" else "end", f"angular{angular[2]}")
    return Role("empty")


def role_of_second(element: Element) -> Role:
    """What an inline element of XLIFF 2 is to a translation."""
    attributes = element.attributes
    if element.name in ("pc", "mrk"):
        return Role("around", protected=attributes.get("translate") == "no")
    if element.name in ("sc", "sm"):
        return Role("start", f"{element.name[1]}{attributes.get('id')}")
    if element.name in ("ec", "em"):
        return Role("end", f"{element.name[1]}{attributes.get('startRef') or attributes.get('id')}")
    return Role("empty")


def _is_in_order(element: Element) -> bool:
    """Whether a unit is where units are, and not in an alternative or an extension."""
    parent = element.parent
    while parent is not None and parent.name in GROUPS:
        parent = parent.parent
    return parent is not None and parent.parent is None


def _is_part(element: Element) -> bool:
    return element.name == "mrk" and element.attributes.get("mtype") == "seg"


def _id(mark: Element) -> str | None:
    return mark.attributes.get("mid")
