"""Documents out of tables and JSON lines. Which column is the text is read off the names of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from seqtasks.data.csv_json import parse_json_object, read_csv
from seqtasks.data.documents.source import Document, DocumentReader, DocumentSource, label_names
from seqtasks.data.examples import ReadReport
from seqtasks.data.text_io import clean_string, reach_lines, read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError

TEXT_NAMES = ("text", "review", "sentence", "document", "content", "comment", "message", "body", "tweet", "name")
LABEL_NAMES = ("label", "labels", "sentiment", "class", "category", "target", "topic", "polarity", "language")
COLUMN_NAME = re.compile(r"[^\W\d][\w.-]*( [\w.-]+){0,2}")
"""What a first line has to hold in each column to be one of names."""
LOOKED_AT = 100
"""Rows of two columns without names that are looked at for which of them is the text: it is longer."""

Cells = list[str]


@dataclass(frozen=True)
class ColumnMap:
    """Where the text stands in a row, and the label, from 0."""

    text: int
    label: int | None
    header: bool
    """Whether the first row names the columns."""
    count: int
    """Columns of a row."""


class TSVReader(DocumentReader, kind="tsv"):
    """Rows of a .tsv file, in which quotes mean nothing, or of a .csv file with commas or semicolons (RFC 4180).

    Raises:
        SeqtasksError: at once, where it is not clear which columns are meant.
    """

    def read(self, source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
        file = str(source.path)
        rows = table_rows(source.path)
        head = list(islice(rows, LOOKED_AT))
        if not head:
            return iter(())
        columns = columns_of(source, [cells for _, cells in head if cells])
        return in_columns(file, chain(head[columns.header :], rows), columns, source.label_separator, skipped)


class CSVReader(TSVReader, kind="csv"):
    """The same with commas or semicolons."""


def table_rows(path: Path) -> Iterator[tuple[int, Cells | None]]:
    """The number of each row's first line, and its cells; None where the row is broken. Empty lines are no rows."""
    lines = read_lines(path)
    if uncompressed_suffix(path) == ".tsv":
        return ((number, line.split("\t")) for number, line in enumerate(lines, 1) if line)
    first = next(lines, "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    return ((number, cells) for number, cells in read_csv(chain([first], lines), delimiter) if cells != [])


def columns_of(source: DocumentSource, head: Sequence[Cells]) -> ColumnMap:
    """The columns by what `source` says of them, else by their usual names; the longer one of two is the text."""
    first = head[0] if head else []
    names = [cell.strip().lower() for cell in first]
    named = isinstance(source.text_column, str) or isinstance(source.label_column, str)
    header = named or (not set(names).isdisjoint(TEXT_NAMES) and all(map(COLUMN_NAME.fullmatch, names)))
    text = place_of(source.path, source.text_column, names, TEXT_NAMES if header else ())
    label = place_of(source.path, source.label_column, names, LABEL_NAMES if header else ())
    if len(first) == 1 and text is None:
        text = 0
    if len(first) == 2:
        if text is None:
            longer = max((0, 1), key=lambda place: sum(len(cells[place]) for cells in head if len(cells) == 2))
            text = longer if label is None else 1 - label
        if label is None:
            label = 1 - text
    if text is None:
        raise SeqtasksError(
            f"{source.path}: it is not clear which of its {len(first)} columns is the text.",
            f"Let the first line name them, as {TEXT_NAMES[0]} and {LABEL_NAMES[0]}, or say which in the "
            "configuration: { path = ..., text = 2, label = 1 }.",
        )
    return ColumnMap(text, label, header, len(first))


def place_of(path: Path, wanted: str | int | None, names: Sequence[str], usual: Sequence[str]) -> int | None:
    """The place of a column from 0; None where it was not asked for and is not called as usual."""
    if wanted is None:
        return next((names.index(name) for name in usual if name in names), None)
    if isinstance(wanted, str) and wanted.strip().lower() in names:
        return names.index(wanted.strip().lower())
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return wanted - 1
    raise SeqtasksError(
        f"{path}: there is no column {wanted!r}.",
        f"Its first line has {len(names)} columns: {', '.join(name[:40] for name in names)}.",
    )


def in_columns(
    file: str, rows: Iterable[tuple[int, Cells | None]], columns: ColumnMap, separator: str | None, skipped: ReadReport
) -> Iterator[Document]:
    for number, cells in rows:
        skipped.reach(file, number)
        if cells is None:
            skipped.skip("broken line")
        elif len(cells) != columns.count:
            skipped.skip("wrong number of columns")
        else:
            cell = "" if columns.label is None else cells[columns.label]
            labels = label_names(cell.split(separator) if separator else [cell])
            yield Document(cells[columns.text].strip(), labels, f"{file}:{number}")


class JSONLReader(DocumentReader, kind="jsonl"):
    """A JSON object a line."""

    def read(self, source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
        for number, line in reach_lines(source.path, skipped):
            fields = parse_json_object(line) or {}
            text = clean_string(field_of(fields, source.text_column, TEXT_NAMES))
            labels = listed(field_of(fields, source.label_column, LABEL_NAMES))
            if text is None or labels is None:
                skipped.skip("broken line")
            else:
                yield Document(text, labels, f"{source.path}:{number}")


def field_of(fields: Mapping[str, Any], wanted: str | int | None, usual: Sequence[str]) -> Any:
    """The value under a key that was asked for, else under one of the usual ones."""
    keys = usual if wanted is None else [str(wanted)]
    return next((fields[key] for key in keys if key in fields), None)


def listed(value: Any) -> tuple[str, ...] | None:
    """A label or a list of labels; None for what is neither."""
    labels = []
    for each in value if isinstance(value, list) else [] if value is None else [value]:
        label = (
            str(each).lower() if isinstance(each, bool) else str(each) if isinstance(each, int) else clean_string(each)
        )
        if label is None:
            return None
        labels.append(label)
    return label_names(labels)
