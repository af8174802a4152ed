"""Columns of CSV and TSV: cells are segments, and keep their quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.splicing import Edit, apply_edits
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

DELIMITERS: Final = ",;\t|"


class Cell(NamedTuple):
    """A cell with its place, quotes included."""

    start: int
    end: int
    text: str
    quoted: bool


@dataclass(frozen=True)
class TableColumns:
    """A table with the cells that are translated."""

    source: str
    encoding: Encoding
    delimiter: str
    cells: Sequence[Cell]
    quotes: bool
    """Whether cells may have quotes; those of TSV have none."""

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """A segment for each cell with words."""
        return [Segment(MarkupText(each.text.strip())) for each in self.cells]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The table with these translations."""
        edits = [
            Edit(cell.start, cell.end, self.spelled(cell, translation.text))
            for cell, segment, translation in zip(self.cells, self.segments, translations, strict=True)
            if translation is not None and translation != segment.text
        ]
        return self.encoding.encode(apply_edits(self.source, edits))

    def spelled(self, cell: Cell, translation: str) -> str:
        """A translation in the place of a cell."""
        body = cell.text.strip()
        before, _, after = cell.text.partition(body)
        text = f"{before}{translation}{after}"
        if not self.quotes:
            return re.sub(r"[\t\r\n]+", " ", text)
        if cell.quoted or any(sign in text for sign in (self.delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


def read_csv(data: bytes, options: DocumentOptions) -> TableColumns:
    """A table with commas, semicolons, tabs or bars, and quotes.

    Args:
        data: The file.
        options: Its name and the columns.

    Raises:
        SeqtasksError: There is no such column, or a quote is not closed.
    """
    source, encoding = decode(data, options.name)
    first = re.sub(r'"[^"]*"', "", source.lstrip("\n").partition("\n")[0])
    delimiter = max(DELIMITERS, key=first.count)
    rows = list(_rows(source, delimiter, options.name))
    return TableColumns(source, encoding, delimiter, list(_chosen(rows, options)), quotes=True)


def read_tsv(data: bytes, options: DocumentOptions) -> TableColumns:
    """A table with tabs and no quotes.

    Args:
        data: The file.
        options: Its name and the columns.

    Raises:
        SeqtasksError: There is no such column.
    """
    source, encoding = decode(data, options.name)
    rows = []
    for line in re.finditer(r"[^\n]*\n|[^\n]+", source):
        place, row = line.start(), []
        for text in line[0].rstrip("\r\n").split("\t"):
            row.append(Cell(place, place + len(text), text, quoted=False))
            place += len(text) + 1
        rows.append(row)
    return TableColumns(source, encoding, "\t", list(_chosen(rows, options)), quotes=False)


def _rows(source: str, delimiter: str, name: str) -> Iterator[list[Cell]]:
    """The cells of each row."""
    pattern = re.compile(
        rf'(?:"((?:[^"]|"")*+)"|(?!")([^{re.escape(delimiter)}\r\n]*+))(?={re.escape(delimiter)}|\r?\n|\r|\Z)'
    )
    row: list[Cell] = []
    place = 0
    while place < len(source):
        match = pattern.match(source, place)
        if match is None:
            line = source.count("\n", 0, place) + 1
            raise malformed(name, "table", f"line {line} has a quote inside a cell or one that is not closed")
        quoted = match[1] is not None
        text = match[1].replace('""', '"') if quoted else match[2]
        row.append(Cell(match.start(), match.end(), text, quoted))
        place = match.end()
        if source.startswith(delimiter, place):
            place += 1
            if place == len(source):
                row.append(Cell(place, place, "", quoted=False))
            continue
        yield row
        row = []
        place += 2 if source.startswith("\r\n", place) else 1
    if row:
        yield row


def _chosen(rows: Sequence[Sequence[Cell]], options: DocumentOptions) -> Iterator[Cell]:
    """The cells of the columns that were asked for; the row with their names is left out."""
    if not rows:
        return
    names = [cell.text.strip() for cell in rows[0]]
    known = ", ".join(f"{place} {name[:40]}" for place, name in enumerate(names, 1))
    if not options.columns and len(names) > 1:
        raise SeqtasksError(
            f"{options.name}: this table has several columns.", f"Name one with --text-column; it has {known}."
        )
    places, header = set(), False
    for column in options.columns or ("1",):
        if column in names:
            places.add(names.index(column))
            header = True
        elif column.isdecimal() and 1 <= int(column) <= len(names):
            places.add(int(column) - 1)
        else:
            raise SeqtasksError(f"{options.name}: there is no column {column!r}.", f"It has {known}.")
    for row in rows[1:] if header else rows:
        yield from (
            row[place] for place in sorted(places) if place < len(row) and any(map(str.isalpha, row[place].text))
        )
