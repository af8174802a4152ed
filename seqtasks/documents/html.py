"""HTML and XHTML: blocks are segments, inline elements are tags; attributes with text are segments of their own."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Final, NamedTuple

from seqtasks.documents.document import DocumentOptions
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece, SourceSegment, SplicedDocument

INLINE: Final = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "img", "ins", "kbd", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr",
))  # fmt: skip
VOID: Final = frozenset((
    "area", "base", "basefont", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta",
    "param", "source", "track", "wbr",
))  # fmt: skip
CODE: Final = frozenset(["code", "kbd", "samp", "var"])
SKIPPED: Final = frozenset(["script", "style", "pre", "textarea", "svg", "math"])
"""What is never text to translate; `pre` holds code nearly always."""
TEXT_ATTRIBUTES: Final = frozenset(["alt", "title", "placeholder", "aria-label"])
ENDED_BY_THE_NEXT: Final = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "option"])

ATTRIBUTE = re.compile(r"""([^\s/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']*))?""")
CHARSET = re.compile(rb"""<meta[^>]*charset\s*=\s*["']?([\w.:-]+)|<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)""", re.I)
DECLARED_WITHIN: Final = 2048
"""Bytes in which a declaration of the encoding has to be."""


class Event(NamedTuple):
    """What the parser found from here to the next event."""

    kind: str
    """start, end, empty, text or other."""
    start: int
    name: str = ""


class EventParser(HTMLParser):
    """Places of tags and text; all of the source belongs to one of them."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.lines = [0, *(match.end() for match in re.finditer("\n", source))]
        self.events: list[Event] = []
        self.feed(source)
        self.close()

    def add(self, kind: str, name: str = "") -> None:
        """Notes what begins here."""
        line, column = self.getpos()
        self.events.append(Event(kind, self.lines[line - 1] + column, name))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A start tag, or an element that never has an end tag."""
        self.add("empty" if tag in VOID else "start", tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """A tag that ends in a slash, which ends nothing in HTML but void elements and foreign ones."""
        self.add("empty", tag)

    def handle_endtag(self, tag: str) -> None:
        """An end tag."""
        self.add("end", tag)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.add("text")

    def handle_charref(self, name: str) -> None:
        """A character by its number."""
        self.add("text")

    def handle_entityref(self, name: str) -> None:
        """A character by its name."""
        self.add("text")

    def handle_comment(self, data: str) -> None:
        """A comment."""
        self.add("other")

    def handle_decl(self, decl: str) -> None:
        """A declaration, such as that of the type of the document."""
        self.add("other")

    def handle_pi(self, data: str) -> None:
        """An instruction, such as that of XML."""
        self.add("other")

    def unknown_decl(self, data: str) -> None:
        """A section of XML."""
        self.add("other")


def read_html(data: bytes, options: DocumentOptions) -> SplicedDocument:
    """A web page.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is not in the encoding that it declares.
    """
    found = CHARSET.search(data[:DECLARED_WITHIN])
    declared = next(filter(None, found.groups()), b"").decode("ascii") if found else None
    text, encoding = decode(data, options.name, declared)
    return SplicedDocument(text, encoding, html_segments(text, encoding=encoding))


def html_segments(source: str, offset: int = 0, encoding: Encoding | None = None) -> list[SourceSegment]:
    """The segments of a page or a part of one, whose places are counted from `offset`."""
    return list(_Segments(source, offset, encoding).segments())


class _Segments:
    def __init__(self, source: str, offset: int, encoding: Encoding | None) -> None:
        self.source, self.offset, self.encoding = source, offset, encoding
        events = EventParser(source).events
        ends = [*[each.start for each in events][1:], len(source)]
        self.events = [(event, end) for event, end in zip(events, ends, strict=False) if end > event.start]

    def escape(self, text: str) -> str:
        """Text between tags."""
        written = html.escape(text, quote=False).replace("\N{NO-BREAK SPACE}", "&nbsp;")
        return written if self.encoding is None else self.encoding.with_references(written)

    def segments(self) -> Iterator[SourceSegment]:
        """All of them; those of a tag's attributes come before what the tag belongs to."""
        pieces: list[Piece] = []
        skipped: list[str] = []
        protected: list[str] = []
        for event, end in self.events:
            text = self.source[event.start : end]
            if skipped:
                _follow(event, skipped)
                if skipped or event.kind == "end":
                    continue
            inline = event.name in INLINE and event.kind in ("start", "end", "empty")
            if event.kind == "text":
                decoded = html.unescape(text) if text.startswith("&") else text
                pieces.append(self.piece("text", event, end, text=decoded, protected=bool(protected)))
                continue
            if event.kind in ("start", "empty"):
                attributes = dict(_attributes(text))
                kept = _is_kept(attributes, text)
                if not protected and not kept:
                    yield from self.attribute_segments(event, attributes, text)
                if event.kind == "start":
                    if not inline and (kept or event.name in SKIPPED):
                        skipped.append(event.name)
                    elif protected:
                        _follow(event, protected)
                    elif inline and (kept or event.name in CODE):
                        protected.append(event.name)
            elif event.kind == "end" and protected:
                _follow(event, protected)
            if inline:
                pieces.append(self.piece(event.kind, event, end, name=event.name))
            elif event.kind == "other":
                pieces.append(self.piece("empty", event, end))
            else:
                protected.clear()
                yield from self.flush(pieces)
        yield from self.flush(pieces)

    def piece(
        self, kind: str, event: Event, end: int, text: str = "", name: str = "", protected: bool = False
    ) -> Piece:
        """What an event is in a segment."""
        return Piece(kind, event.start + self.offset, end + self.offset, text, name, protected)  # type: ignore[arg-type]

    def flush(self, pieces: list[Piece]) -> Iterator[SourceSegment]:
        """The segment of what was collected, if it is one."""
        segment = segment_of(pieces, self.escape)
        pieces.clear()
        if segment is not None:
            yield segment

    def attribute_segments(
        self, event: Event, attributes: dict[str, tuple[int, int]], tag: str
    ) -> Iterator[SourceSegment]:
        """The attributes of a tag that hold text."""
        names = TEXT_ATTRIBUTES
        if event.name == "meta" and _value(attributes, tag, "name") in ("description", "keywords"):
            names = frozenset({"content"})
        for name, (start, end) in attributes.items():
            if name in names:
                quoted = tag[start:end]
                quote = quoted[:1] if quoted[:1] in ('"', "'") else ""
                inner = (start + len(quote), end - len(quote))
                place = self.offset + event.start
                piece = Piece("text", place + inner[0], place + inner[1], html.unescape(tag[inner[0] : inner[1]]))
                segment = segment_of([piece], self.attribute_escape(quote))
                if segment is not None:
                    yield segment

    def attribute_escape(self, quote: str) -> Callable[[str], str]:
        """How the value of an attribute is spelled between such quotes, or without any."""

        def escape(text: str) -> str:
            written = self.escape(text).replace("'", "&#39;") if quote == "'" else self.escape(text)
            written = written if quote == "'" else written.replace('"', "&quot;")
            return written if quote else f'"{written}"'

        return escape


def _attributes(tag: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Names of attributes and the places of their values, with quotes; a name counts where it comes first."""
    place = re.match(r"<[^\s/>]*", tag)
    seen: set[str] = set()
    for match in ATTRIBUTE.finditer(tag, place.end() if place else 0):
        name = match[1].lower()
        if match[2] is not None and name not in seen:
            seen.add(name)
            yield name, match.span(2)


def _value(attributes: dict[str, tuple[int, int]], tag: str, name: str) -> str:
    start, end = attributes.get(name, (0, 0))
    return html.unescape(tag[start:end].strip("\"'")).lower()


def _is_kept(attributes: dict[str, tuple[int, int]], tag: str) -> bool:
    """Whether an element is marked as one that is not translated."""
    return _value(attributes, tag, "translate") == "no" or "notranslate" in _value(attributes, tag, "class").split()


def _follow(event: Event, opened: list[str]) -> None:
    """Keeps count of the elements called like the outermost one, until it has ended."""
    name = opened[0]
    if event.name != name:
        return
    if event.kind == "end" or (event.kind == "start" and name in ENDED_BY_THE_NEXT):
        opened.pop()
    elif event.kind == "start":
        opened.append(name)
