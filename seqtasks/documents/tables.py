"""Columns of CSV and TSV: cells are segments, and keep their quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from seqtasks.documents.document import DocumentOptions, malformed
from seqtasks.documents.encoding import decode
from seqtasks.documents.lines import lines_of
from seqtasks.documents.values import Value, ValueDocument
from seqtasks.errors import SeqtasksError

DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True)
class Cell(Value):
    """A cell, quotes included."""

    quoted: bool = False


def read_csv(data: bytes, options: DocumentOptions) -> ValueDocument[Cell]:
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
    signs = (delimiter, "\n", "\r")

    def spelled(cell: Cell, text: str) -> str:
        bare = '"' in cell.text and not text.startswith('"')  # as the table has them already
        if cell.quoted or any(sign in text for sign in signs) or ('"' in text and not bare):
            return '"' + text.replace('"', '""') + '"'
        return text

    return ValueDocument(source, encoding, list(_chosen(rows, options)), spelled)


def read_tsv(data: bytes, options: DocumentOptions) -> ValueDocument[Cell]:
    """A table with tabs and no quotes.

    Args:
        data: The file.
        options: Its name and the columns.

    Raises:
        SeqtasksError: There is no such column.
    """
    source, encoding = decode(data, options.name)
    rows = []
    for line in lines_of(source):
        place, row = line.start, []
        for text in line.text.split("\t"):
            row.append(Cell(place, place + len(text), text))
            place += len(text) + 1
        rows.append(row)
    cells = list(_chosen(rows, options))
    return ValueDocument(source, encoding, cells, lambda _, text: re.sub(r"[\t\r\n]+", " ", text))


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
                row.append(Cell(place, place, ""))
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
