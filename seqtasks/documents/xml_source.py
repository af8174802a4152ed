"""XML with the places of its nodes, so that translations are written into it and all else stays byte for byte."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from seqtasks.documents.document import malformed
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.splicing import Piece

DECLARED = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)""")
ATTRIBUTE = re.compile(r"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
NAME = re.compile(r"<((?:[^\s/>:]+:)?)([^\s/>]+)")
XML: Final = "http://www.w3.org/XML/1998/namespace "
MAX_DEPTH: Final = 256
"""Elements inside each other."""


@dataclass(eq=False, slots=True)
class Text:
    """Characters between tags, a whole CDATA section, or a comment or an instruction, which say nothing."""

    start: int
    text: str
    end: int = 0


@dataclass(eq=False, slots=True)
class Element:
    """An element with its places in the source."""

    namespace: str
    name: str
    attributes: Mapping[str, str]
    """By their names: `state`, `xml:lang`, `namespace name` for those of other namespaces."""
    parent: Element | None
    start: int
    inner: int = 0
    """Behind its start tag."""
    inner_end: int = 0
    """Before its end tag."""
    end: int = 0
    content: list[Element | Text] = field(default_factory=list)

    @property
    def children(self) -> Iterator[Element]:
        """Its elements."""
        return (node for node in self.content if isinstance(node, Element))

    def child(self, name: str) -> Element | None:
        """Its first element of this name, in its own namespace."""
        return next((each for each in self.children if (each.namespace, each.name) == (self.namespace, name)), None)

    def descendants(self) -> Iterator[Element]:
        """All elements in it, in the order of the document."""
        waiting = [*self.children][::-1]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += [*element.children][::-1]

    @property
    def has_text(self) -> bool:
        """Whether there is more in it than blanks."""
        return any(
            node.text.strip()
            for element in (self, *self.descendants())
            for node in element.content
            if isinstance(node, Text)
        )

    def inherited(self, name: str) -> str | None:
        """The value of an attribute here or of the nearest element around that has it."""
        element: Element | None = self
        while element is not None and name not in element.attributes:
            element = element.parent
        return None if element is None else element.attributes[name]


class Role(NamedTuple):
    """What an element inside a text is to its translation."""

    kind: Literal["around", "start", "end", "empty", "text"]
    """Text inside of it is translated, or it is a tag or a text as a whole."""
    name: str = ""
    """What a start and an end have in common, or the text."""
    protected: bool = False


def read_xml(data: bytes, name: str, form: str) -> tuple[str, Encoding, Element]:
    """An XML document: its source, how it is encoded, and its root.

    Nothing outside of it is loaded, and entities of its own are refused.

    Args:
        data: The document.
        name: Its file, for messages.
        form: What it should be.

    Raises:
        SeqtasksError: It is malformed, nested too deep or not in the encoding that it declares, or declares entities.
    """
    found = DECLARED.match(data)
    source, encoding = decode(data, name, found[1].decode("ascii") if found else None)
    return source, encoding, _Parser(source, name, form).root


class _Parser:
    def __init__(self, source: str, name: str, form: str) -> None:
        self.source, self.name, self.form = source, name, form
        self.data = source.encode()
        self.byte = self.place = self.depth = 0
        self.root = self.element = Element("", "", {}, None, 0)
        self.open: tuple[Element | Text, str] | None = None
        """What ends where the next event begins, and which of its places that is."""
        self.section: Text | None = None
        self.parser = parser = expat.ParserCreate("utf-8", " ")
        parser.ordered_attributes = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartCdataSectionHandler = self.start_section
        parser.EndCdataSectionHandler = self.end_section
        parser.DefaultHandler = self.other
        parser.EntityDeclHandler = self.refuse
        parser.SkippedEntityHandler = self.refuse
        try:
            parser.Parse(self.data, True)
        except (expat.ExpatError, ValueError) as error:
            raise malformed(name, form, error) from None
        self.root = next(self.root.children)
        self.root.parent = None

    def here(self) -> int:
        """The place of this event, where the last one ends."""
        byte = self.parser.CurrentByteIndex
        self.place += len(self.data[self.byte : byte].decode())
        self.byte = byte
        if self.open is not None:
            setattr(self.open[0], self.open[1], self.place)
            self.open = None
        return self.place

    def add(self, node: Element | Text, place: str) -> None:
        self.element.content.append(node)
        self.open = (node, place)

    def start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise malformed(self.name, self.form, f"more than {MAX_DEPTH} elements are inside each other")
        namespace, _, local = name.rpartition(" ")
        names = (each.replace(XML, "xml:") for each in attributes[::2])
        known = dict(zip(names, attributes[1::2], strict=True))
        element = Element(namespace, local, known, self.element, self.here())
        self.add(element, "inner")
        self.element = element

    def end(self, name: str) -> None:
        self.depth -= 1
        element, place = self.element, self.here()
        element.inner_end = element.end = place
        if element.inner == place and self.source.endswith("/>", element.start, place):
            self.open = None
        else:
            self.open = (element, "end")
        self.element = element.parent or self.root

    def characters(self, text: str) -> None:
        if self.section is not None:
            self.section.text += text
        else:
            self.add(Text(self.here(), text), "end")

    def start_section(self) -> None:
        self.section = Text(self.here(), "")
        self.add(self.section, "end")
        self.open = None

    def end_section(self) -> None:
        if self.section is not None:
            self.here()
            self.open, self.section = (self.section, "end"), None

    def other(self, text: str) -> None:
        if self.section is None:
            place = self.here()
            if self.element is not self.root:
                self.add(Text(place, ""), "end")

    def refuse(self, *entity: Any) -> None:
        raise malformed(self.name, self.form, "it declares entities of its own, or uses some that it does not declare")


def inline_pieces(element: Element, role_of: Callable[[Element], Role], protected: bool = False) -> Iterator[Piece]:
    """The pieces of what is in an element.

    Args:
        element: The element.
        role_of: What the elements in it are.
        protected: Whether its text is not translated.
    """
    for node in element.content:
        if isinstance(node, Text):
            yield Piece("text" if node.text else "empty", node.start, node.end, node.text, protected=protected)
            continue
        role = role_of(node)
        if role.kind == "text":
            yield Piece("text", node.start, node.end, role.name, protected=protected)
        elif role.kind != "around":
            yield Piece(role.kind, node.start, node.end, name=role.name)
        elif node.inner_end == node.end:
            yield Piece("empty", node.start, node.end)
        else:
            yield Piece("start", node.start, node.inner, name=f"<{node.start}")
            yield from inline_pieces(node, role_of, protected or role.protected)
            yield Piece("end", node.inner_end, node.end, name=f"<{node.start}")


def escape_with(encoding: Encoding) -> Callable[[str], str]:
    """How text is written in a document of XML, with references where its encoding lacks a character."""
    return lambda text: encoding.with_references(html.escape(text, quote=False).replace("\r", "&#13;"))


def prefixed(source: str, element: Element, name: str) -> str:
    """A name with the prefix that an element has in the source."""
    found = NAME.match(source, element.start)
    return f"{found[1] if found else ''}{name}"


def indentation(source: str, element: Element) -> str:
    """The blanks before an element."""
    start = element.start
    while start and source[start - 1].isspace():
        start -= 1
    return source[start : element.start]


def start_tag(source: str, element: Element, attributes: Mapping[str, str | None]) -> str:
    """The start tag of an element with other values for some attributes; those that are None are left out."""
    tag = source[element.start : element.inner]
    for name, value in attributes.items():
        added = "" if value is None else f" {name}={quoteattr(value)}"
        found = next((each.span() for each in ATTRIBUTE.finditer(tag) if each[1] == name), None)
        start, end = found or (len(tag[: -2 if tag.endswith("/>") else -1].rstrip()),) * 2
        tag = f"{tag[:start]}{added}{tag[end:]}"
    return tag


def filled(source: str, element: Element, content: str, attributes: Mapping[str, str | None]) -> str:
    """An element with another content and other values of attributes."""
    tag = start_tag(source, element, attributes)
    if element.inner_end == element.end:
        return f"{tag[:-2].rstrip()}>{content}</{prefixed(source, element, element.name)}>"
    return f"{tag}{content}{source[element.inner_end : element.end]}"
