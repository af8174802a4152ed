"""Which columns of a table hold what: those that were asked for, those of usual names, or those of such cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from seqtasks.data.column_names import INDEX_NAMES, Role, column_name, words_of
from seqtasks.data.table_rows import Cells
from seqtasks.data.tables import Table
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted, singular

NO_TEXT = re.compile(r"[-+]?[\d.,:/ %eE+-]+|https?://\S+|[\w.-]*\d[\w.-]*|", re.ASCII)
"""Numbers, dates, addresses, identifiers such as `sent-12`: nothing that anyone would translate."""
NAME_SHOWN = 40
"""Characters of the name of a column in messages."""
LICENSE = re.compile(r"CC[- ]BY|\(France\) Attribution")
"""What Tatoeba's exports have in a column behind the sentences."""


def named_columns(names: Sequence[str], roles: Sequence[Role], *, in_words: bool = False) -> dict[str, int]:
    """The places of the columns that are called as a role, or have its name as a word of theirs; surer names first."""
    words = [words_of(name) if in_words else [name] for name in names]
    found: dict[str, int] = {}
    for role in roles:
        places = (place for name in role.usual for place, each in enumerate(words) if name in each)
        place = next((place for place in places if place not in found.values()), None)
        if place is not None:
            found[role.name] = place
    return found


def requested_columns(path: Path, names: Sequence[str], requested: Mapping[str, str | int | None]) -> dict[str, int]:
    """The places of the columns that were asked for, by name or by number from 1.

    Raises:
        SeqtasksError: There is no such column.
    """
    found = {}
    for role, column in requested.items():
        if column is None:
            continue
        if isinstance(column, str) and column_name(column) in names:
            found[role] = names.index(column_name(column))
        elif isinstance(column, int) and 1 <= column <= len(names):
            found[role] = column - 1
        else:
            shown = ", ".join(f"{place} {name[:40]}" for place, name in enumerate(names, 1))
            raise SeqtasksError(
                f"{path}: there is no column {column!r}.", f"It has {counted(len(names), 'columns')}: {shown}."
            )
    return found


def describe_columns(path: str | Path, places: Sequence[int], names: Sequence[str] | None, width: int) -> str:
    """Which columns of a file were taken: `pairs.csv: columns "english", "german" (1 and 2 of 4)`.

    Args:
        path: The file.
        places: The places of the columns, from 0.
        names: What all columns are called, where the file says it.
        width: How many columns there are.
    """
    numbers = " and ".join(str(place + 1) for place in places)
    column = "column" if len(places) == 1 else "columns"
    if names is None:
        return f"{path}: {column} {numbers} of {width}, without a header"
    shown = ", ".join(f'"{names[place][:NAME_SHOWN]}"' for place in places)
    return f"{path}: {column} {shown} ({numbers} of {width})"


def describe_keys(path: str | Path, keys: Sequence[str], called: str = "keys") -> str:
    """The same of JSON objects: `pairs.jsonl: keys "en", "de"`; those of Parquet are `called` columns."""
    shown = ", ".join(f'"{key[:NAME_SHOWN]}"' for key in keys)
    return f"{path}: {singular(called) if len(keys) == 1 else called} {shown}"


def text_columns(sample: Sequence[Cells], width: int) -> list[int]:
    """The columns that hold texts, or nothing: no numbers, identifiers, addresses or notes of a license."""
    columns = [[cells[place].strip() for cells in sample if len(cells) == width] for place in range(width)]

    def is_text(cells: Sequence[str]) -> bool:
        filled = [cell for cell in cells if cell]
        said = sum(1 for cell in filled if not NO_TEXT.fullmatch(cell) and not LICENSE.search(cell))
        return 2 * said > len(filled) or not filled

    return [place for place, cells in enumerate(columns) if is_text(cells)]


def is_index(table: Table, place: int) -> bool:
    """Whether a column counts or identifies the rows, by its name, or by its cells: each is another number, or none."""
    if table.header and (table.header[place] in INDEX_NAMES or table.header[place].startswith("unnamed:")):
        return True
    cells = [cells[place] for cells in table.sample if len(cells) == table.width]
    return not any(cells) or (
        len(cells) > 2 and all(cell.isdecimal() for cell in cells) and len(set(cells)) == len(cells)
    )


def unclear(table: Table, what: str, roles: Sequence[Role]) -> SeqtasksError:
    """The error of a table whose columns nobody can be sure of."""
    options = " ".join(f"--{role.name}-column {place}" for place, role in enumerate(roles, 1))
    return SeqtasksError(
        f"{table.path}: it is not clear {what}. {table.describe()}.",
        f"Give the columns by name or by number: {options} "
        f"({', '.join(f'{role.name}_column' for role in roles)} in a configuration).",
    )
