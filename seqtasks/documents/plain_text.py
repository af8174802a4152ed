"""Plain text in paragraphs: blank lines part them, and lines that were wrapped are one text, which is wrapped again."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from seqtasks.documents.document import DocumentOptions, Segment
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.lines import lines_of, newline_of
from seqtasks.documents.splicing import Edit, apply_edits
from seqtasks.text.markup import MarkupText

ITEM = re.compile(r"(?:[-*+•–—>#]|\d+[.)]|[a-zA-Z][.)])\s")
"""What an item of a list, a quotation or a heading begins with."""
NARROWEST: Final = 40
"""Lines that are shorter than this were not wrapped: they are verses, headings or addresses."""


class IndentedLine(NamedTuple):
    """A line with its place, without blanks around it."""

    start: int
    end: int
    text: str
    indent: str


@dataclass(frozen=True)
class PlainText:
    """A text with the places of its paragraphs."""

    source: str
    encoding: Encoding
    paragraphs: Sequence[Sequence[IndentedLine]]

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """A segment for each paragraph, and for each line that was not wrapped."""
        return [Segment(MarkupText(" ".join(line.text for line in lines))) for lines in self.paragraphs]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The text with these translations, wrapped to the width of their sources."""
        newline = newline_of(self.source)
        edits = []
        for lines, segment, translation in zip(self.paragraphs, self.segments, translations, strict=True):
            if translation is None or translation == segment.text:
                continue
            written = translation.text
            if len(lines) > 1:
                width = max(len(line.indent) + len(line.text) for line in lines) - len(lines[-1].indent)
                wrapped = textwrap.wrap(written, width, break_long_words=False, break_on_hyphens=False)
                written = f"{newline}{lines[-1].indent}".join(wrapped)
            edits.append(Edit(lines[0].start, lines[-1].end, written))
        return self.encoding.encode(apply_edits(self.source, edits))


def read_plain_text(data: bytes, options: DocumentOptions) -> PlainText:
    """A text of paragraphs.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is not UTF-8, and has no byte order mark.
    """
    source, encoding = decode(data, options.name)
    paragraphs = (lines for block in _blocks(source) for lines in _wrapped(block))
    kept = [lines for lines in paragraphs if any(any(map(str.isalpha, line.text)) for line in lines)]
    return PlainText(source, encoding, kept)


def _blocks(source: str) -> Iterator[list[IndentedLine]]:
    """Lines between blank ones."""
    block: list[IndentedLine] = []
    for line in lines_of(source):
        text = line.text.strip()
        if text:
            indent = line.text[: line.text.index(text)]
            start = line.start + len(indent)
            block.append(IndentedLine(start, start + len(text), text, indent))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _wrapped(block: Sequence[IndentedLine]) -> Iterator[list[IndentedLine]]:
    """The lines of a block that are one text: the first word of the next line would not have fitted into the last."""
    width = max(len(line.indent) + len(line.text) for line in block)
    lines = [block[0]]
    for line in block[1:]:
        last = lines[-1]
        needed = len(last.indent) + len(last.text) + 1 + len(line.text.split()[0])
        if width < NARROWEST or needed <= width or ITEM.match(line.text):
            yield lines
            lines = []
        lines.append(line)
    yield lines
