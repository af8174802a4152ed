"""Strings of Android apps (strings.xml): texts between tags, with Android's own escapes and quotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from seqtasks.documents.document import DocumentOptions, malformed
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece, SplicedDocument
from seqtasks.documents.xml_source import Element, Role, escape_with, inline_pieces, read_xml
from seqtasks.text.protected_spans import SpanRecognizer

FORM: Final = "file of Android's strings"
XLIFF: Final = "urn:oasis:names:tc:xliff:document:1.2"
REFERENCE = re.compile(r"[@?](?:[\w.]+:)?(?:\w+/)?[\w.]+")
"""Another resource, or an attribute of the theme."""
TOKEN = re.compile(r'\\u([0-9a-fA-F]{4})|\\(.)|(")|([ \t\r\n]+)|[^\\" \t\r\n]+|.', re.DOTALL)
"""Escapes, quotes, blanks, and what stands for itself."""
ESCAPED: Final = {"n": "\n", "t": "\t"}
WRITTEN: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\t": "\\t"}


class Letter(NamedTuple):
    """A character with what it is written as."""

    text: str
    start: int
    end: int
    in_section: bool
    """Whether it is part of a CDATA section, which is replaced as a whole."""


def read_android(data: bytes, options: DocumentOptions) -> SplicedDocument:
    """The strings, arrays of strings and plurals of an app.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is malformed, or other XML.
    """
    source, encoding, root = read_xml(data, options.name, FORM)
    if root.name != "resources":
        raise malformed(options.name, FORM, f"its root is {root.name}, not resources")
    recognizer, escape = SpanRecognizer(), _escape_with(escape_with(encoding))
    strings = (each for each in _strings(root) if not REFERENCE.fullmatch(source[each.inner : each.inner_end].strip()))
    segments = (segment_of(list(_pieces(each, recognizer)), escape, collapse=False) for each in strings)
    return SplicedDocument(source, encoding, [each for each in segments if each is not None])


def _strings(root: Element) -> Iterator[Element]:
    """The elements that hold text to translate."""
    for element in root.children:
        if element.inherited("translatable") == "false":
            continue
        if element.name == "string":
            yield element
        elif element.name in ("string-array", "plurals"):
            yield from (each for each in element.children if each.name == "item")


def _role_of(element: Element) -> Role:
    return Role("around", protected=(element.namespace, element.name) == (XLIFF, "g"))


def _pieces(element: Element, recognizer: SpanRecognizer) -> Iterator[Piece]:
    """The pieces of a string, with the characters that it stands for."""
    letters: list[Letter] = []
    quoted = False
    for piece in [*inline_pieces(element, _role_of), None]:
        if piece is not None and piece.kind == "text" and not piece.protected:
            plain = len(piece.text) == piece.end - piece.start
            for place, letter in enumerate(piece.text):
                start, end = (piece.start + place, piece.start + place + 1) if plain else (piece.start, piece.end)
                letters.append(Letter(letter, start, end, not plain and len(piece.text) > 1))
            continue
        decoded = list(_decoded(letters, quoted))
        quoted ^= sum(each.kind == "empty" for each in decoded) % 2 == 1
        yield from _with_protected(decoded, recognizer)
        letters = []
        if piece is not None:
            yield piece


def _decoded(letters: Sequence[Letter], quoted: bool) -> Iterator[Piece]:
    """Text in pieces: escapes, quotes that are not shown, blanks, and what stands for itself."""
    text = "".join(letter.text for letter in letters)
    for match in TOKEN.finditer(text):
        start, end = letters[match.start()].start, letters[match.end() - 1].end
        number, escaped, quote, blanks = match.groups()
        if quote and not letters[match.start()].in_section:
            quoted = not quoted
            yield Piece("empty", start, end)
        elif number or escaped:
            yield Piece("text", start, end, chr(int(number, 16)) if number else ESCAPED.get(escaped, escaped))
        else:
            yield Piece("text", start, end, " " if blanks and not quoted else match[0])


def _with_protected(pieces: Sequence[Piece], recognizer: SpanRecognizer) -> Iterator[Piece]:
    """Pieces of a text, of which placeholders, addresses and tags are pieces of their own."""
    cuts = [place for span in recognizer.find("".join(piece.text for piece in pieces)) for place in span]
    place = 0
    for piece in pieces:
        if piece.kind != "text":
            yield piece
            continue
        end = place + len(piece.text)
        plain = len(piece.text) == piece.end - piece.start
        bounds = [place, *(cut for cut in cuts if place < cut < end), end]
        for first, last in pairwise(bounds):
            start, stop = (piece.start + first - place, piece.start + last - place) if plain else piece[1:3]
            text = piece.text[first - place : last - place]
            yield Piece("text", start, stop, text, protected=bisect_right(cuts, first) % 2 == 1)
        place = end


def _escape_with(escape: Callable[[str], str]) -> Callable[[str], str]:
    """How text is written in a string."""

    def written(text: str) -> str:
        spelled = "".join(WRITTEN.get(letter, letter) for letter in text).replace("  ", " \\u0020")
        return escape(f"\\{spelled}" if spelled.startswith(("@", "?")) else spelled)

    return written
