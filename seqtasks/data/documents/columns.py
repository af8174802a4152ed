"""Which columns of a table hold the text of a document and its label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqtasks.data.column_names import NAME, Role, column_name
from seqtasks.data.columns import is_index, named_columns, requested_columns, unclear
from seqtasks.data.documents.source import DocumentSource
from seqtasks.data.table_rows import Cells
from seqtasks.data.tables import NUMBER, Table, open_table

TEXT = Role(
    "text",
    ("text", "review", "sentence", "document", "content", "utterance", "comment", "message", "body", "tweet", "name"),
)
LABEL = Role(
    "label",
    ("label", "labels", "sentiment", "class", "category", "intent", "target", "topic", "polarity", "language"),
)
ROLES = (TEXT, LABEL)


class DocumentColumns(NamedTuple):
    """The places of the columns, from 0."""

    text: int
    label: int | None
    """None where no column is known to be one."""


def open_documents(source: DocumentSource) -> tuple[Table, DocumentColumns | None]:
    """Opens a table of documents and finds its columns; None where it has no rows.

    Columns that were asked for come first, then usual names. Without them the column of a table of two in which few
    values come again and again is the label. A first row whose label is none of those is one of names.

    Raises:
        SeqtasksError: It is not clear which column is the text, or a column that was asked for is not there.
    """
    path, header = source.path, source.header
    if header is None and (isinstance(source.text_column, str) or isinstance(source.label_column, str)):
        header = True
    table = open_table(path, ROLES, header=header)
    if header is None and table.header is None and table.sample:
        label = label_place(table.sample[1:], free_columns(table))
        if label is not None and is_apart(table.sample, label):
            table = open_table(path, ROLES, header=True)
    return table, document_columns(table, source) if table.width else None


def document_columns(table: Table, source: DocumentSource) -> DocumentColumns:
    """The columns of a table, or keys of JSON objects, that `source` asks for or that are found."""
    requested = {"text": source.text_column, "label": source.label_column}
    names = table.header or ("",) * table.width
    found = requested_columns(table.path, names, requested)
    if table.header:
        found = named_columns(names, ROLES, in_words=True) | named_columns(names, ROLES) | found
    others = [place for place in free_columns(table) if place not in found.values()]
    if "text" not in found and len(others) == 1:
        found["text"] = others.pop()
    if "label" not in found and len(others) == 1 and "text" in found:
        found["label"] = others.pop()
    if "text" not in found and len(others) == 2 and not found:
        label = label_place(table.sample, others)
        if label is not None:
            found["label"] = label
            found["text"] = next(place for place in others if place != label)
    if "text" not in found or found["text"] == found.get("label"):
        raise unclear(table, f"which of its {table.width} columns is the text", ROLES)
    return DocumentColumns(found["text"], found.get("label"))


def label_warnings(table: Table, columns: DocumentColumns, source: DocumentSource) -> Iterator[str]:
    """Why a table may have its labels elsewhere: in several columns, of which one is read or none."""
    names = table.header or ("",) * table.width
    others = [place for place in free_columns(table) if place not in (columns.text, columns.label)]
    known = [names[place] for place in others if names[place] in LABEL.usual]
    if columns.label is not None and source.label_column is None and known:
        yield (
            f"{table.path}: the column {names[columns.label]} is read as the label, but {', '.join(known)} could "
            "be one, too: select it with --label-column (label_column)"
        )
    rows = [cells for cells in table.sample if len(cells) == table.width]
    flags = [names[place] for place in others if rows and all(cells[place] in ("0", "1") for cells in rows)]
    if columns.label is None and len(flags) > 1:
        yield (
            f"{table.path}: no column is read as the label, but {len(flags)} hold 0 and 1, such as {flags[0]}: write "
            "the names of those with 1 into one column, and set label_separator"
        )


def free_columns(table: Table) -> list[int]:
    """The places of the columns that do not just count the rows."""
    return [place for place in range(table.width) if not is_index(table, place)]


def label_place(sample: Sequence[Cells], places: Sequence[int]) -> int | None:
    """The one of two columns whose values come again and again, are the shorter ones by far, or single words."""
    rows = [cells for cells in sample if len(cells) > max(places, default=0)]
    if len(places) != 2 or not rows:
        return None
    kinds = [len({cells[place] for cells in rows}) for place in places]
    letters = [sum(len(cells[place]) for cells in rows) for place in places]
    words = [max(len(cells[place].split()) for cells in rows) for place in places]
    for one, other in ((0, 1), (1, 0)):
        if kinds[one] <= kinds[other] and (2 * letters[one] < letters[other] or words[one] <= 1 < words[other]):
            return places[one]
        if 2 * kinds[one] <= len(rows) < 2 * kinds[other]:
            return places[one]
    return None


def is_apart(sample: Sequence[Cells], label: int) -> bool:
    """Whether the first row names columns: its label is none of those that come again and again below it.

    A word above numbers alone is a name, too.
    """
    first, *others = sample
    if label >= len(first):
        return False
    values = Counter(column_name(cells[label]) for cells in others if len(cells) == len(first))
    again = sum(count for count in values.values() if count > 1)
    numbers = any(values) and all(NUMBER.fullmatch(value) for value in values)
    return (
        all(NAME.fullmatch(column_name(cell)) for cell in first if cell)
        and column_name(first[label]) not in values
        and (numbers or 2 * again > values.total())
    )
