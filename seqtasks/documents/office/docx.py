"""Word documents (.docx): paragraphs are segments, runs of another formatting and links are tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.office.docx_items import IGNORED, PROPERTIES, SIGNS, SPACE, Item, W, holder_of, items_of
from seqtasks.documents.office.zip_container import ZipContainer, parse_xml, write_xml
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

FORM: Final = "Word document"
PARTS: Final = ("document", "header", "footer", "footnotes", "endnotes", "comments")
STRICT: Final = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
WRITTEN: Final = {sign: tag for tag, sign in SIGNS.items() if sign}


@dataclass
class Paragraph:
    """A paragraph with its items; pieces are numbered by them."""

    node: Element
    items: list[Item]
    segment: Segment
    tags: dict[tuple[int, bool], int]
    """The item of each tag."""
    first: int
    last: int
    """The items of the segment; what is around it stays."""
    plain: dict[Element | None, Item]
    """Text of the usual formatting of each container, and of the paragraph itself."""


@dataclass(frozen=True)
class WordDocument:
    """The parts of a document that hold paragraphs."""

    container: ZipContainer
    parts: dict[str, tuple[Element, list[Paragraph]]]

    @cached_property
    def paragraphs(self) -> Sequence[Paragraph]:
        """Those of all parts."""
        return [each for _, paragraphs in self.parts.values() for each in paragraphs]

    @property
    def segments(self) -> Sequence[Segment]:
        """A segment for each paragraph with words."""
        return [each.segment for each in self.paragraphs]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The document with these translations; parts without any stay as they are, byte for byte."""
        changed = set()
        for paragraph, translation in zip(self.paragraphs, translations, strict=True):
            if translation is not None and translation != paragraph.segment.text:
                _rewrite(paragraph, translation)
                changed.add(id(paragraph))
        return self.container.write(
            {
                name: write_xml(root)
                for name, (root, paragraphs) in self.parts.items()
                if any(id(each) in changed for each in paragraphs)
            }
        )


def read_docx(data: bytes, options: DocumentOptions) -> WordDocument:
    """A Word document.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is malformed or too large, or the extra `documents` is missing.
    """
    container = ZipContainer.read(data, options.name, FORM)
    if "word/document.xml" not in container.names:
        raise malformed(options.name, FORM, "it has no word/document.xml")
    parts = {}
    for name in container.names:
        stem = name.removeprefix("word/").removesuffix(".xml")
        if name == f"word/{stem}.xml" and stem.rstrip("0123456789") in PARTS:
            root = parse_xml(container.member(name), options.name, FORM)
            if str(root.tag).startswith(STRICT):
                raise SeqtasksError(
                    f"{options.name}: this Word document is in the form Strict Open XML, which is not read.",
                    "Save it as an ordinary Word document (.docx).",
                )
            paragraphs = [found for node in root.iter(f"{W}p") if (found := _paragraph(node)) is not None]
            parts[name] = (root, paragraphs)
    return WordDocument(container, parts)


def _paragraph(node: Element) -> Paragraph | None:
    items = items_of(node)
    counts: dict[Element | None, Counter[str]] = {}
    for item in items:
        if item.kind == "text":
            counts.setdefault(item.container, Counter())[item.format] += len(item.text)
    usual = {container: each.most_common(1)[0][0] for container, each in counts.items()}
    plain: dict[Element | None, Item] = {}
    pieces: list[Piece] = []
    for number, item in enumerate(items):
        # places are those of items, so that tags and ends can be told afterwards
        if item.kind == "text":
            tagged = item.format != usual[item.container]
            if tagged:
                pieces.append(Piece("start", number, number + 1, name=f"format {number}"))
            else:
                plain.setdefault(item.container, item)
            pieces.append(Piece("text", number, number + 1, item.text))
            if tagged:
                pieces.append(Piece("end", number, number + 1, name=f"format {number}"))
        else:
            pieces.append(Piece(item.kind, number, number + 1, name=item.name))  # type: ignore[arg-type]
    found = segment_of(pieces, collapse=False)
    if found is None:
        return None
    tags = {key: piece.start for key, piece in found.tags.items()}
    return Paragraph(node, items, Segment(found.text), tags, found.start, found.end, plain)


def _rewrite(paragraph: Paragraph, translation: MarkupText) -> None:
    """Puts a translation in the place of the items of a paragraph."""
    items = paragraph.items
    nodes = {id(item): [_of_its_own(*part) for part in item.parts] for item in items}
    inside = items[paragraph.first : paragraph.last]
    anchor = nodes[id(inside[0])][0]
    parent = anchor.getparent()
    if parent is None:
        return
    place = parent.index(anchor)
    for item in inside:
        for node in nodes[id(item)]:
            if (above := node.getparent()) is not None:
                above.remove(node)
    new: list[Element] = []
    opened: list[Item] = []
    done = 0

    def add(*added: Element) -> None:
        container = next((each.encloses for each in reversed(opened) if each.encloses is not None), None)
        if container is None:
            new.extend(added)
        else:
            holder_of(container).extend(added)

    for tag in (*translation.tags, None):
        position = len(translation.text) if tag is None else tag.position
        if position > done:
            add(_run(_model(paragraph, opened, inside), translation.text[done:position]))
            done = position
        if tag is None:
            break
        item = items[paragraph.tags[tag.number, tag.kind == "end"]]
        if tag.kind == "end":
            opened.pop()
        if item.kind != "text" and not (item.encloses is not None and tag.kind == "end"):
            add(*nodes[id(item)])
        if tag.kind == "start":
            opened.append(item)
    for number, node in enumerate(new):
        parent.insert(place + number, node)


def _model(paragraph: Paragraph, opened: Sequence[Item], inside: Sequence[Item]) -> Item:
    """The text whose formatting a text gets: that of the innermost tag."""
    for item in reversed(opened):
        if item.kind == "text":
            return item
        if item.encloses is not None and item.encloses in paragraph.plain:
            return paragraph.plain[item.encloses]
    first = next(item for item in inside if item.kind == "text")
    return paragraph.plain.get(inside[0].container, first)


def _of_its_own(node: Element, children: list[Element] | None) -> Element:
    """An element, or a part of a run as a run by itself."""
    if children is None or len(children) == sum(each.tag not in {*PROPERTIES, *IGNORED} for each in node):
        return node
    run = _empty_run(node)
    run.extend(children)
    node.addprevious(run)
    return run


def _empty_run(run: Element) -> Element:
    """A run of the same formatting."""
    new = run.makeelement(run.tag, dict(run.attrib), run.nsmap)
    properties = run.find(f"{W}rPr")
    if properties is not None:
        new.append(deepcopy(properties))
    return new


def _run(item: Item, text: str) -> Element:
    """A run with a text, and the formatting of an item."""
    run = _empty_run(item.parts[0][0])
    signs = "".join(WRITTEN)
    for part in re.findall(f"[{signs}]|[^{signs}]+", text):
        added = run.makeelement(WRITTEN.get(part, f"{W}t"))
        if part not in WRITTEN:
            added.text = part
            added.set(SPACE, "preserve")
        run.append(added)
    return run
