"""Word documents (.docx): paragraphs are segments, runs of another formatting and links are tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.office.zip_container import ZipContainer, parse_xml, write_xml
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece
from seqtasks.text.markup import MarkupText

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

FORM: Final = "Word document"
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
PARTS: Final = ("document", "header", "footer", "footnotes", "endnotes")
SIGNS: Final = {f"{W}t": "", f"{W}br": "\n", f"{W}tab": "\t"}
"""What a run of text has in it, and the signs for it."""
IGNORED: Final = frozenset((f"{W}proofErr", f"{W}lastRenderedPageBreak"))
"""What Word notes of a paragraph as it last showed it."""


@dataclass
class Item:
    """A part of a paragraph: text of one formatting, the same in a link, or nodes that stay as they are."""

    nodes: list[Element]
    text: str | None = None
    format: str = ""
    """What tells formattings apart."""
    link: Element | None = None


@dataclass
class Paragraph:
    """A paragraph with its items; pieces are numbered by them."""

    node: Element
    items: list[Item]
    segment: Segment
    tags: dict[tuple[int, bool], int] = field(default_factory=dict)
    """The item of each tag."""
    first: int = 0
    last: int = 0
    """The items of the segment; what is around it stays."""
    plain: str = ""


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
            paragraphs = [found for node in root.iter(f"{W}p") if (found := _paragraph(node)) is not None]
            parts[name] = (root, paragraphs)
    return WordDocument(container, parts)


def _paragraph(node: Element) -> Paragraph | None:
    items = list(_items(node))
    counts = Counter[str]()
    for item in items:
        if item.text is not None and item.link is None:
            counts[item.format] += len(item.text)
    plain = counts.most_common(1)[0][0] if counts else ""
    pieces: list[Piece] = []
    for number, item in enumerate(items):
        # places are those of items, so that tags and ends can be told afterwards
        if item.text is None:
            pieces.append(Piece("empty", number, number + 1))
            continue
        tagged = item.link is not None or item.format != plain
        if tagged:
            pieces.append(Piece("start", number, number + 1, name=str(number)))
        pieces.append(Piece("text", number, number + 1, item.text))
        if tagged:
            pieces.append(Piece("end", number, number + 1, name=str(number)))
    found = segment_of(pieces, collapse=False)
    if found is None:
        return None
    tags = {key: piece.start for key, piece in found.tags.items()}
    return Paragraph(node, items, Segment(found.text), tags, found.start, found.end, plain)


def _items(node: Element) -> Iterator[Item]:
    """The items of a paragraph: fields from their first to their last mark, neighbors of one formatting as one."""
    last: Item | None = None
    depth = 0
    for child in node:
        if child.tag in (f"{W}pPr", *IGNORED):
            continue
        marks = [each.get(f"{W}fldCharType") for each in child.iter(f"{W}fldChar")]
        text = None if depth or marks else _text(child)
        link = child if child.tag == f"{W}hyperlink" else None
        format = _format(child if link is None or not len(child) else child[0])
        if last is not None and depth:
            last.nodes.append(child)
        elif text is not None and last is not None and last.text is not None and link is last.link is None:
            if format == last.format:
                last.nodes.append(child)
                last.text += text
            else:
                yield last
                last = Item([child], text, format)
        else:
            if last is not None:
                yield last
            last = Item([child], text, format, link if text is not None else None)
        depth += marks.count("begin") - marks.count("end")
    if last is not None:
        yield last


def _text(node: Element) -> str | None:
    """The text of a run, or of a link of runs of one formatting; None where there is more in it."""
    if node.tag == f"{W}hyperlink":
        texts = [_text(child) for child in node if child.tag not in IGNORED]
        same = len({_format(child) for child in node}) == 1
        return "".join(each or "" for each in texts) if same and texts and None not in texts else None
    if node.tag != f"{W}r":
        return None
    content = [child for child in node if child.tag != f"{W}rPr" and child.tag not in IGNORED]
    if not content or any(child.tag not in SIGNS or set(child.attrib) - {SPACE} for child in content):
        return None
    return "".join(SIGNS[str(child.tag)] or child.text or "" for child in content)


def _format(node: Element) -> str:
    from lxml import etree

    properties = node.find(f"{W}rPr")
    return "" if properties is None else etree.tostring(properties, method="c14n").decode()


def _rewrite(paragraph: Paragraph, translation: MarkupText) -> None:
    """Puts a translation in the place of the items of a paragraph."""
    items = paragraph.items
    inside = items[paragraph.first : paragraph.last]
    texts = [item for item in inside if item.text is not None]
    model = next((item for item in texts if item.link is None and item.format == paragraph.plain), texts[0])
    anchor = inside[0].nodes[0]
    place = paragraph.node.index(anchor)
    new: list[Element] = []
    stack: list[Item] = []
    done = 0
    for tag in (*translation.tags, None):
        position = len(translation.text) if tag is None else tag.position
        if position > done:
            new.append(_run(stack[-1] if stack else model, translation.text[done:position]))
            done = position
        if tag is None:
            break
        item = items[paragraph.tags[tag.number, tag.kind == "end"]]
        if tag.kind == "empty":
            new += item.nodes if item.text is None else ()
        elif tag.kind == "start":
            stack.append(item)
        else:
            stack.pop()
    for item in inside:
        for node in item.nodes:
            if node.getparent() is paragraph.node:
                paragraph.node.remove(node)
    for number, node in enumerate(new):
        paragraph.node.insert(place + number, node)


def _run(item: Item, text: str) -> Element:
    """A run, or a link with one, with the formatting of an item."""
    node = deepcopy(item.nodes[0])
    node.tail = None
    run = node if item.link is None else next(iter(node.iter(f"{W}r")))
    if item.link is not None:
        for other in list(node)[1:]:
            node.remove(other)
    for child in list(run):
        if child.tag != f"{W}rPr":
            run.remove(child)
    for part in re.findall(r"[\n\t]|[^\n\t]+", text):
        name = {sign: tag for tag, sign in SIGNS.items()}.get(part, f"{W}t")
        added = run.makeelement(name)
        if name == f"{W}t":
            added.text = part
            added.set(SPACE, "preserve")
        run.append(added)
    return node
