"""Texts of LibreOffice and others (OpenDocument, .odt): paragraphs are segments, spans and links are tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.office.zip_container import ZipContainer
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece, SourceSegment, SplicedDocument
from seqtasks.documents.xml_source import Element, Role, escape_with, inline_pieces, prefixed, read_xml
from seqtasks.text.markup import MarkupText

FORM: Final = "OpenDocument text"
MIMETYPE: Final = b"application/vnd.oasis.opendocument.text"
TEXT: Final = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
PARTS: Final = ("content.xml", "styles.xml")
"""The text, and the headers and footers of its pages."""
SIGNS: Final = {"tab": "\t", "line-break": "\n"}
AROUND: Final = frozenset(("span", "a", "meta", "ruby", "ruby-base"))
"""Elements inside a paragraph that hold a part of its text."""
MAX_BLANKS: Final = 1_000
"""Blanks that one element may stand for."""
RUN = re.compile(r"[ \t\r\n]+|[^ \t\r\n]+")


@dataclass(frozen=True)
class OpenDocumentText:
    """The parts of a document that hold paragraphs."""

    container: ZipContainer
    parts: Mapping[str, SplicedDocument]

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """A segment for each paragraph with words."""
        return [segment for part in self.parts.values() for segment in part.segments]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The document with these translations; all other members of the archive stay as they are."""
        given = iter(translations)
        return self.container.write(
            {name: part.write([next(given) for _ in part.segments]) for name, part in self.parts.items()}
        )


def read_odt(data: bytes, options: DocumentOptions) -> OpenDocumentText:
    """A text of OpenDocument.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is malformed, encrypted or too large.
    """
    container = ZipContainer.read(data, options.name, FORM)
    if not container.members.get("mimetype", MIMETYPE).startswith(MIMETYPE) or PARTS[0] not in container.names:
        raise malformed(options.name, FORM, f"it has no {PARTS[0]} of a text")
    if b"encryption-data" in container.members.get("META-INF/manifest.xml", b""):
        raise malformed(options.name, FORM, "it is encrypted")
    return OpenDocumentText(
        container,
        {name: _part(container.member(name), options.name) for name in PARTS if name in container.names},
    )


def _part(data: bytes, name: str) -> SplicedDocument:
    source, encoding, root = read_xml(data, name, FORM)
    escape = escape_with(encoding)
    segments = (_segment(source, paragraph, escape) for paragraph in _paragraphs(root))
    return SplicedDocument(source, encoding, [each for each in segments if each is not None])


def _paragraphs(root: Element) -> Iterator[Element]:
    """Paragraphs and headings, also those of notes and frames inside others, without what was deleted."""
    for element in root.descendants():
        if element.namespace == TEXT and element.name in ("p", "h") and not _is_deleted(element):
            yield element


def _is_deleted(element: Element) -> bool:
    parent = element.parent
    while parent is not None and (parent.namespace, parent.name) != (TEXT, "tracked-changes"):
        parent = parent.parent
    return parent is not None


def _segment(source: str, paragraph: Element, escape: Callable[[str], str]) -> SourceSegment | None:
    names = {sign: prefixed(source, paragraph, name) for name, sign in SIGNS.items()}
    blank, count = prefixed(source, paragraph, "s"), prefixed(source, paragraph, "c")

    def spelled(text: str) -> str:
        written = escape(text)
        for sign, name in names.items():
            written = written.replace(sign, f"<{name}/>")
        return re.sub("(?<= ) +", lambda match: f'<{blank} {count}="{len(match[0])}"/>', written)

    return segment_of(list(_pieces(paragraph, source)), spelled, collapse=False)


def _pieces(paragraph: Element, source: str) -> Iterator[Piece]:
    """The pieces of a paragraph, with blanks of XML as one; fields and frames, which are seen, are between blanks."""
    blank = False
    for piece in inline_pieces(paragraph, _role_of):
        if piece.kind == "text" and len(piece.text) == piece.end - piece.start:
            for match in RUN.finditer(piece.text):
                is_blank = not match[0].strip(" \t\r\n")
                if not (is_blank and blank):
                    text = " " if is_blank else match[0]
                    yield Piece("text", piece.start + match.start(), piece.start + match.end(), text)
                blank = is_blank
        else:
            seen = piece.kind == "text" or (piece.kind == "empty" and source[piece.end - 2 : piece.end] != "/>")
            blank = blank and not seen
            yield piece


def _role_of(element: Element) -> Role:
    """What an element in a paragraph is to its translation; fields, notes and frames are tags as a whole."""
    attributes = element.attributes
    if element.namespace == TEXT:
        if element.name in AROUND:
            return Role("around")
        if element.name == "s":
            count = attributes.get(f"{TEXT} c", "1")
            return Role("text", " " * min(int(count) if count.isdecimal() else 1, MAX_BLANKS))
        if element.name in SIGNS:
            return Role("text", SIGNS[element.name])
    marked = attributes.get(f"{TEXT} name") or attributes.get(f"{element.namespace} name")
    kind = {"-start": "start", "-end": "end"}.get(element.name[element.name.rfind("-") :])
    if kind is not None or element.name == "annotation":
        name = f"{element.name.removesuffix('-start').removesuffix('-end')} {marked}"
        return Role("end" if kind == "end" else "start", name)
    return Role("empty")
