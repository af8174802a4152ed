"""Documents out of tables and JSON lines."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from seqtasks.data.columns import describe_columns, describe_keys
from seqtasks.data.documents.columns import document_columns, label_warnings, open_documents
from seqtasks.data.documents.source import Document, DocumentReader, DocumentSource, label_names
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.parquet import first_rows, report_rows
from seqtasks.data.json_lines import cells_of, first_objects, flattened, read_objects
from seqtasks.data.tables import SAMPLE_LINES, Table
from seqtasks.data.text_io import clean_string


class TSVReader(DocumentReader, kind="tsv"):
    """A table with tabs, in which quotes mean nothing; see `seqtasks.data.tables`.

    Raises:
        SeqtasksError: At once, where it is not clear which columns are meant.
    """

    def read(self, source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
        """The documents of a table, plain or labeled; an empty file has none."""
        table, columns = open_documents(source)
        if columns is None:
            return iter(())
        skipped.warnings += label_warnings(table, columns, source)
        places = [place for place in columns if place is not None]
        skipped.columns.append(describe_columns(table.path, places, table.header, table.width))
        return in_columns(table, columns.text, columns.label, source.label_separator, skipped)


class CSVReader(TSVReader, kind="csv"):
    """The same with commas, semicolons or bars, and quotes (RFC 4180)."""


def in_columns(
    table: Table, text: int, label: int | None, separator: str | None, skipped: ReadReport
) -> Iterator[Document]:
    """The documents in the rows of a table that are whole."""
    file = str(table.path)
    for number, cells, problem in table.rows:
        skipped.reach(file, number)
        if problem or len(cells) != table.width:
            skipped.skip(problem or "wrong number of columns")
        else:
            cell = "" if label is None else cells[label]
            labels = label_names(cell.split(separator) if separator else labels_in(cell))
            yield Document(cells[text].strip(), labels, f"{file}:{number}")


def labels_in(cell: str) -> list[str]:
    """The cell as a label, or the labels of a list in it.

    pandas writes `['a', 'b']`, and Label Studio `{"choices": ["a", "b"]}`.
    """
    written = cell.strip()
    if written[:1] + written[-1:] not in ("[]", "{}"):
        return [cell]
    try:
        value = ast.literal_eval(written)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return [cell]
    if isinstance(value, dict) and list(value) == ["choices"]:
        value = value["choices"]
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else [cell]


class JSONLReader(DocumentReader, kind="jsonl"):
    """A JSON object a line."""

    keys_are_called: ClassVar[str] = "keys"
    first_objects = staticmethod(first_objects)
    read_objects = staticmethod(read_objects)

    def read(self, source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
        """A document a line; lines without a text, or with labels that are not strings, are counted by `skipped`."""
        objects = [flattened(each) for each in self.first_objects(source.path, SAMPLE_LINES)]
        text_key, label_key = json_keys(source, objects, skipped, self.keys_are_called)
        for each in self.read_objects(source.path, skipped, keys=(text_key, label_key)):
            fields = each | flattened(each)
            text = clean_string(fields.get(text_key))
            labels = listed(fields.get(label_key))
            if text is None or labels is None:
                skipped.skip("broken line")
            else:
                yield Document(text, labels, skipped.place)


class JSONReader(JSONLReader, kind="json"):
    """The same in a list, or in columns; see `seqtasks.data.json_lines`."""


class NDJSONReader(JSONLReader, kind="ndjson"):
    """Another name of JSON lines."""


class ParquetReader(JSONLReader, kind="parquet"):
    """The same in the rows of Parquet; see `seqtasks.data.files.parquet`."""

    keys_are_called = "columns"
    first_objects = staticmethod(first_rows)
    read_objects = staticmethod(report_rows)


def json_keys(
    source: DocumentSource, objects: Sequence[Mapping[str, Any]], skipped: ReadReport, called: str
) -> tuple[str, str]:
    """The keys of the text and of the label, by those that the first `objects` have; "" where there is none."""
    keys = list(dict.fromkeys(key for each in objects for key in each))
    if not keys:
        return "", ""
    sample = cells_of([each for each in objects if each], keys)
    table = Table(source.path, "", tuple(key.lower() for key in keys), len(keys), sample, iter(()))
    columns = document_columns(table, source)
    skipped.warnings += label_warnings(table, columns, source)
    text, label = keys[columns.text], "" if columns.label is None else keys[columns.label]
    skipped.columns.append(describe_keys(source.path, [text, label] if label else [text], called))
    return text, label


def listed(value: Any) -> tuple[str, ...] | None:
    """A label or a list of labels; None for what is neither."""
    labels = []
    for each in value if isinstance(value, list) else [] if value is None else [value]:
        match each:
            case bool():
                label: str | None = str(each).lower()
            case int():
                label = str(each)
            case float() if math.isfinite(each):  # pandas turns 1 into 1.0 where a number is missing
                label = str(int(each) if each.is_integer() else each)
            case _:
                label = clean_string(each)
        if label is None:
            return None
        labels.append(label)
    return label_names(labels)
