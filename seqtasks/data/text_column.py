"""The texts in one column of a file that has a row for each: Parquet, or JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqtasks.data.files.parquet import column_names, read_rows
from seqtasks.data.json_lines import flattened, parse_json_object
from seqtasks.data.text_io import read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError

JSON_LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"


def column_texts(path: Path, column: str) -> Iterator[str | None]:
    """The text of each row, one by one; None where a row has none.

    Args:
        path: A file or URL that ends in .parquet, .jsonl or .ndjson.
        column: The name of the column; that of a field in a field has a dot, such as `translation.en`.

    Raises:
        SeqtasksError: The file cannot be read, or has no such column.
    """
    suffix = uncompressed_suffix(path)
    if suffix == PARQUET:
        return parquet_texts(path, column)
    if suffix in JSON_LINES:
        return json_texts(path, column)
    raise SeqtasksError(f"{path}: --text-column is for files that end in .parquet, .jsonl or .ndjson.", "Leave it out.")


def json_texts(path: Path, column: str) -> Iterator[str | None]:
    """Those of JSON lines."""
    known: set[str] = set()
    found = False
    for line in read_lines(path):
        fields = flattened(parse_json_object(line) or {})
        found = found or column in fields
        if not found:
            known |= fields.keys()
        value = fields.get(column)
        yield value if isinstance(value, str) else None
    if known and not found:
        raise no_column(path, column, known)


def parquet_texts(path: Path, column: str) -> Iterator[str | None]:
    """Those of Parquet."""
    if column not in (names := column_names(path)):
        raise no_column(path, column, names)
    for row in read_rows(path, [column]):
        value = flattened(row).get(column)
        yield value if isinstance(value, str) else None


def no_column(path: Path, column: str, names: Iterable[str]) -> SeqtasksError:
    """The error that says which columns there are."""
    return SeqtasksError(f"{path} has no column {column!r}.", f"Its columns are {', '.join(sorted(names))}.")
