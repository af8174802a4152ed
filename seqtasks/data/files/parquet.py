"""Rows of Parquet files as objects, a few at a time, as Hugging Face's datasets, pandas and Spark write them.

What Hugging Face says of a column in the file's metadata counts: numbers of a `ClassLabel` come as its names.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from seqtasks.data.examples import ReadReport
from seqtasks.data.json_lines import REJECTING, rejection
from seqtasks.data.text_io import open_bytes, uncompressed_suffix
from seqtasks.errors import SeqtasksError, require_package

SIGNATURE = b"PAR1"
ROWS = 500
"""Rows that are unpacked at a time: they may be whole documents."""
BUFFER_BYTES = 2**20
"""Bytes of a column that are read at a time; without them a row group's would be read whole."""
INDEX = "__index_level_"
"""With which the names of columns begin that hold an index of pandas."""


def first_rows(path: Path, count: int) -> list[dict[str, Any]]:
    """The first rows of a file, as `read_rows` gives them."""
    return list(islice(read_rows(path), count))


def report_rows(
    path: Path, skipped: ReadReport, *, blank: bool = False, keys: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """The `keys` of all rows but of those that an annotator rejected, as `read_objects` gives them of JSON."""
    for number, row in enumerate(read_rows(path, (*keys, *REJECTING)), 1):
        skipped.reach(f"{path} row", number)
        if reason := rejection(row, keys):
            skipped.skip(reason)
        else:
            yield row


def column_names(path: Path, *, binary: bool = False) -> list[str]:
    """What the columns of a file are called; those within a column behind a dot, as in `translation.en`.

    Args:
        path: The file.
        binary: Whether to name those that hold bytes, such as images, instead of those that do not.
    """
    with opened(path) as file:
        return [name for name, holds in leaves("", file.schema_arrow) if holds == binary]


def read_rows(path: Path, columns: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a file, each as an object; without what would be objects in it and are null.

    Args:
        path: The file.
        columns: Names of `column_names`, to which alone the objects are restricted, or of columns as a whole; all that
            do not hold bytes by default. Other names are passed over.

    Raises:
        SeqtasksError: There is no such file, it is no Parquet file, damaged or cut off, or compressed once more; or
            pyarrow is not installed.
    """
    with opened(path) as file:
        from pyarrow import types

        known = [name for name, holds in leaves("", file.schema_arrow) if not holds]
        if columns is not None:
            known = [name for name in known if any(is_part(name, each) or is_part(each, name) for each in columns)]
        if not known:
            return
        labels = label_names(file.schema_arrow.metadata)
        objects = {each.name for each in file.schema_arrow if types.is_struct(each.type)}
        start = 0
        for batch in file.iter_batches(ROWS, columns=known, use_threads=False):
            for each in batch_rows(path, batch, start):
                values = ((key, value) for key, value in each.items() if value is not None or key not in objects)
                yield {key: named(value, labels.get(key)) for key, value in values}
            start += len(batch)


def is_part(name: str, of: str) -> bool:
    """Whether a name is that of a column, or of something in it."""
    return name == of or name.startswith(f"{of}.")


def batch_rows(path: Path, batch: Any, start: int) -> list[dict[str, Any]]:
    """The rows of a batch behind `start` rows; an error names the first one that holds no text."""
    try:
        rows: list[dict[str, Any]] = batch.to_pylist(maps_as_pydicts="lossy")
    except UnicodeDecodeError:
        for row in range(len(batch)):
            try:
                batch.slice(row, 1).to_pylist()
            except UnicodeDecodeError:
                raise SeqtasksError(f"{path} row:{start + row + 1}: not UTF-8.", "Write the file again.") from None
        raise
    return rows


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A file as pyarrow reads it, whose errors come as a SeqtasksError also later, while it is read."""
    require_package("pyarrow", f"{path}: reading Parquet needs pyarrow.", "parquet")
    import pyarrow
    from pyarrow import parquet

    if path.suffix.lower() != uncompressed_suffix(path):
        raise SeqtasksError(f"{path}: Parquet is compressed by itself and read at any place.", "Unpack the file.")
    with open_bytes(path) as stored:
        if stored.peek(len(SIGNATURE))[: len(SIGNATURE)] != SIGNATURE:
            raise SeqtasksError(f"{path}: this is no Parquet file.", "Give it the suffix of its format.")
        try:
            yield parquet.ParquetFile(
                stored, pre_buffer=False, buffer_size=BUFFER_BYTES, page_checksum_verification=True
            )
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            message = f"{path}: the file cannot be read to its end ({reason})."
            raise SeqtasksError(message, "Download or create it again.") from None


def leaves(prefix: str, fields: Any) -> Iterator[tuple[str, bool]]:
    """The name of each column, and of each one within a column, and whether it holds bytes; `fields` is a schema."""
    from pyarrow import types

    for each in fields:
        name, kind = f"{prefix}{each.name}", each.type
        if types.is_struct(kind):
            yield from leaves(f"{name}.", kind)
        elif not name.startswith(INDEX):
            yield name, types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)


def label_names(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """What Hugging Face says of the columns that have a `ClassLabel` in them."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"].items()
        return {name: feature for name, feature in features if '"ClassLabel"' in json.dumps(feature)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def named(value: Any, feature: Any) -> Any:
    """A value with the names of its labels; where a label is not known, which Hugging Face writes as -1, None."""
    if value is None or feature is None:
        return value
    if isinstance(value, list):  # a `Sequence` of objects is stored as an object of lists
        inner = feature[0] if isinstance(feature, list) and feature else feature
        inner = inner.get("feature", inner) if isinstance(inner, dict) else inner
        return [named(each, inner) for each in value]
    match feature:
        case {"_type": "ClassLabel", "names": list(names)} if isinstance(value, int):
            return names[value] if 0 <= value < len(names) else None if value == -1 else value
        case {"feature": dict(inner)} if isinstance(value, dict):
            return named(value, inner)
        case dict() if isinstance(value, dict):
            return {key: named(each, feature.get(key)) for key, each in value.items()}
    return value
