"""Markdown (CommonMark with tables and strikethrough): blocks are segments, inline markup is tags, code stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from seqtasks.documents.document import DocumentOptions
from seqtasks.documents.encoding import decode
from seqtasks.documents.html import html_segments
from seqtasks.documents.markdown_inline import inline_pieces, parser
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece, SourceSegment, SplicedDocument
from seqtasks.errors import require_package

if TYPE_CHECKING:
    from markdown_it.token import Token

FRONT_MATTER = re.compile(r"---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
LEFT_OUT = re.compile(r"[\s\ufeff]*(?:#+[\s\ufeff]*)?")
"""What may stand behind the text of a line."""
BOX = re.compile(r"\[[ xX]\](?=\s)|\[!\w+\](?=\s)")
"""The box of a task, the name of an alert (GitHub)."""
SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)|`|(?<!\s)\*|\*(?!\s)|(?<![\w\s])_|_(?![\w\s])|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)"
    r"|<(?=[a-zA-Z/!?])|&(?=#?\w+;)|~(?=~)|(?<=~)~|\](?=[(\[:])"
)
"""Signs that would be markup."""
BLOCK_START = re.compile(r"(?:#{1,6}(?=\s|$)|[-+>](?=\s|$)|=+\s*$|-+\s*$|~~~)|\d{1,9}(?=[.)](?:\s|$))")


def read_markdown(data: bytes, options: DocumentOptions) -> SplicedDocument:
    """A document in Markdown; front matter stays as it is.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is not UTF-8, or the extra `documents` is missing.
    """
    require_package("markdown_it", f"{options.name}: markdown-it-py is needed to read Markdown.", "documents")
    source, encoding = decode(data, options.name)
    return SplicedDocument(source, encoding, list(_segments(source)))


def escape(text: str) -> str:
    """Text inside a line."""
    return SPECIAL.sub(r"\\\g<0>", text)


def escape_cell(text: str) -> str:
    """Text in a cell of a table."""
    return escape(text).replace("|", r"\|")


def escape_paragraph(text: str) -> str:
    """Text that may begin a line."""
    found = BLOCK_START.match(text)
    if found is None:
        return escape(text)
    at = found.end() if found[0].isdecimal() else 0
    return f"{text[:at]}\\{text[at]}{escape(text[at + 1 :])}"


def _segments(source: str) -> Iterator[SourceSegment]:
    front = FRONT_MATTER.match(source)
    first = front.end() if front else 0
    lines = [(match.start(), match.start() + len(match[0].rstrip("\r\n"))) for match in LINE.finditer(source, first)]
    tokens = parser().parse(source[first:].replace("\r\n", "\n").replace("\r", "\n"))
    row: Sequence[int] = (0, 0)
    cursor = first
    for token, before in zip(tokens, [None, *tokens], strict=False):
        if token.type == "tr_open" and token.map:
            row = token.map
        elif token.type == "html_block" and token.map and token.level == 0:
            begin, end = lines[token.map[0]][0], lines[token.map[1] - 1][1]
            yield from html_segments(source[begin:end], begin)
        elif token.type == "inline" and token.children and before is not None:
            if before.type in ("th_open", "td_open"):
                places = _cell_places(token.content, source, max(cursor, lines[row[0]][0]), lines[row[0]][1])
                cursor = places[-1] if places else cursor
                yield from _inline_segments(token, source, places, escape_cell)
            elif token.map:
                places = _places(token.content, source, lines[token.map[0] : token.map[1]])
                own = escape_paragraph if before.type == "paragraph_open" else escape
                yield from _inline_segments(token, source, places, own)


def _places(content: str, source: str, lines: Sequence[tuple[int, int]]) -> list[int]:
    """The places in the source of each character of a block and of its end; none where the parser rewrote it."""
    places: list[int] = []
    sources = iter(lines)
    for line in content.split("\n"):
        text = line.lstrip(" ")
        for start, end in sources:
            found = source.rfind(text, start, end)
            if found >= 0 and LEFT_OUT.fullmatch(source, found + len(text), end):
                break
            if places:
                return []  # only in front of a block are lines left out, of blanks that are not Markdown's
        else:
            return []
        indent = len(line) - len(text)  # of a line that a tab begins, it is in the place of the tab
        places += [max(start, found - each) for each in range(indent, 0, -1)]
        places += range(found, found + len(text) + 1)
    return places


def _cell_places(content: str, source: str, start: int, end: int) -> list[int]:
    """The same for a cell, which is looked for from a place on; bars inside it are escaped."""
    found = source.find(content.replace("|", r"\|"), start, end)
    if found < 0:
        return []
    places = []
    for sign in content:
        found += sign == "|"
        places.append(found)
        found += 1
    return [*places, found]


def _inline_segments(
    token: Token, source: str, places: Sequence[int], own_escape: Callable[[str], str]
) -> Iterator[SourceSegment]:
    """The segments of a block, which hard line breaks part, behind those inside its tags."""
    if not places:
        return
    pieces: list[Piece] = []
    box = BOX.match(token.content)
    for piece in inline_pieces(token.children or [], token.content, source, places, box.end() if box else 0):
        if isinstance(piece, SourceSegment):
            yield piece
            continue
        if piece.name != "hardbreak":
            pieces.append(piece)
            continue
        if segment := segment_of(pieces, own_escape):
            yield segment
        pieces = []
    if segment := segment_of(pieces, own_escape):
        yield segment
