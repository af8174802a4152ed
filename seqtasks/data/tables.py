"""How tables of texts are built: the delimiter, the quotes, the row that names the columns.

Nothing is taken by its place where names, or the cells themselves, say more (`seqtasks.data.columns`); what stays
unclear is an error that shows the first rows and names the option that answers it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from seqtasks.data.column_names import Role, are_counted, column_name
from seqtasks.data.headers import has_header
from seqtasks.data.table_rows import Cells, Row, read_rows
from seqtasks.data.text_io import read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError

DELIMITERS = (",", ";", "\t", "|")
NO_DELIMITER = "\x1f"
"""Stands between the columns where there is one column alone."""
SAMPLE_LINES = 200
"""Lines that are looked at for how a table is built."""
EXCEL_DELIMITER = re.compile(r"sep=(.)")
"""A first line of Excel's that names the delimiter."""
FILE_NAME = re.compile(r".*[^.]\.\w{2,5}", re.DOTALL)
"""A cell that names a file, which the column of images does where rows have no names."""
NUMBER = re.compile(r"[-+]?[\d.,]*")
"""A cell that programs write without quotes where all others have them."""


@dataclass(frozen=True)
class Table:
    """A file of rows, opened: how it is built, and its rows, which can be read once."""

    path: Path
    delimiter: str
    header: tuple[str, ...] | None
    """The names of the columns, where the first row holds them: in small letters, without blanks around."""
    width: int
    """Columns of a row."""
    sample: Sequence[Cells]
    """The first rows below the header."""
    rows: Iterator[Row]
    """All rows below the header."""

    def describe(self) -> str:
        """The first rows, for messages."""
        first = [list(self.header)] if self.header else []
        shown = [" | ".join(cell[:30] for cell in cells) for cells in (*first, *self.sample)[:3]]
        return "; ".join(f"row {number}: {row}" for number, row in enumerate(shown, 1))


def open_table(
    path: Path,
    roles: Sequence[Role],
    *,
    header: bool | None = None,
    languages: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> Table:
    """Finds out how a table is built.

    Args:
        path: A file; in one that ends in .tsv tabs stand between the columns. Behind tabs quotes mean nothing, unless
            all texts have them.
        roles: What is looked for in it; what columns are called then tells a header from a first row.
        header: Whether the first row names the columns, where that is known.
        languages: Where texts and their translations are looked for, their languages, or none where nobody said:
            columns may be called by them, and one known name is none: it may be a text.
        delimiter: What stands between the columns, where that is known.

    Raises:
        SeqtasksError: The file cannot be read, or its first row has fewer names than there are columns, and nothing
            says which column has none.
    """
    lines = read_lines(path)
    first_lines = list(islice(lines, SAMPLE_LINES))
    start = 1
    if first_lines and (named := EXCEL_DELIMITER.fullmatch(first_lines[0].strip('"'))):
        first_lines, start, delimiter = first_lines[1:], 2, named[1]
    end = (
        len(first_lines) if len(first_lines) == SAMPLE_LINES + 1 - start else None
    )  # the last row may be cut off there
    usual = {name for role in roles for name in role.usual}
    if delimiter is None:
        delimiter = find_delimiter(path, first_lines, usual, end=end)
    quotes = delimiter != "\t" or are_quoted(first_lines)
    blanks = quotes and are_quoted_behind_blanks(first_lines, delimiter, end=end)
    sample = sample_rows(first_lines, delimiter, quotes=quotes, blanks=blanks, end=end)
    width = Counter(map(len, sample)).most_common(1)[0][0] if sample else 0
    if header is None:
        header = has_header(sample, roles, languages=languages)
    names = None
    if header and sample:
        names = all_names(path, sample)
        del sample[0]
        width = len(names)
    rows = read_rows(chain(first_lines, lines), delimiter, quotes=quotes, blanks=blanks, width=width, start=start)
    if names is not None:
        next(rows)
    return Table(path, delimiter, None if names and are_counted(names) else names, width, sample, rows)


def all_names(path: Path, sample: Sequence[Cells]) -> tuple[str, ...]:
    """The names in the first row; "" for columns without one, in front (R's names of rows) or behind.

    Rows of different widths may have delimiters in their texts, and add no columns behind.

    Args:
        path: The file, for messages.
        sample: The first rows, the names among them.

    Raises:
        SeqtasksError: A column may lack its name in front as well as behind.
    """
    names = tuple(column_name(cell) for cell in sample[0])
    width = Counter(map(len, sample[1:] or sample)).most_common(1)[0][0]
    rows = [cells for cells in sample[1:] if len(cells) == width]
    more = width - len(names)
    if more <= 0:
        return names
    first, last = ([cells[place].strip('" ') for cells in rows] for place in (0, -1))
    different = len(set(first)) == len(first)
    if more == 1 and any(last) and different and all(cell.isdecimal() for cell in first):
        return ("", *names)
    behind = [cell[:1] == " " for cells in rows for cell in cells[1:] if cell]
    if len(rows) + 1 < len(sample) or (any(behind) and not all(behind)):  # delimiters in texts
        return names
    may_be_ids = different and all(len(cell.split()) == 1 for cell in first) and any(last)
    behind_ids = range(1, width) if not all(map(FILE_NAME.fullmatch, first)) else (-1,)
    if more == 1 and may_be_ids and any(hold_texts([cells[place] for cells in rows]) for place in behind_ids):
        if len(rows) == 1:
            return names
        shown = "; ".join(" | ".join(cell[:30] for cell in cells) for cells in sample[:3])
        raise SeqtasksError(
            f"{path}: its first row has {len(names)} names for {width} columns, and it is not clear which column has "
            f"none: {shown}.",
            "Write a name for each column into the first row.",
        )
    return (*names, *[""] * more)


def hold_texts(cells: Cells) -> bool:
    """Whether most cells of a column hold several words."""
    return 2 * sum(len(cell.split()) > 1 for cell in cells) > len(cells)


def find_delimiter(path: Path, lines: Sequence[str], usual: Collection[str], *, end: int | None) -> str:
    """The delimiter of a header of usual names, else the one that gives most rows the same number of columns."""
    if uncompressed_suffix(path) == ".tsv" and any("\t" in line for line in lines):
        return "\t"

    def names(delimiter: str) -> int:
        return sum(column_name(cell) in usual for row in sample_rows(lines[:1], delimiter) for cell in row)

    def evenness(delimiter: str) -> tuple[bool, float, int]:
        rows = sample_rows(lines, delimiter, end=end)
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width < 2:
            return False, 0.0, 0
        first = len(rows[0])
        if first == width - 1 > 1:  # all other rows may end in a delimiter
            first += all(cells[-1] == "" for cells in rows[1:] if len(cells) == width)
        return first == width, count / len(rows), -DELIMITERS.index(delimiter)

    naming = max(DELIMITERS, key=names)
    if names(naming) > 1:
        return naming
    best = max(DELIMITERS, key=evenness)
    return best if evenness(best)[0] else NO_DELIMITER


def sample_rows(
    lines: Sequence[str],
    delimiter: str,
    *,
    quotes: bool | None = None,
    blanks: bool = False,
    end: int | None = None,
) -> list[Cells]:
    """The cells of the rows that are whole."""
    quotes = delimiter != "\t" if quotes is None else quotes
    rows = read_rows(lines, delimiter, quotes=quotes, blanks=blanks, end=end)
    return [cells for _, cells, problem in rows if not problem]


def are_quoted_behind_blanks(lines: Sequence[str], delimiter: str, *, end: int | None) -> bool:
    """Whether a blank stands behind each delimiter, and cells in quotes behind it: rows are whole only without it."""
    rows = sample_rows(lines, delimiter, end=end)
    if not any(cell.startswith(' "') for cells in rows for cell in cells[1:]):
        return False
    if not all(cells[1].startswith(" ") for cells in rows[1:] if len(cells) > 1):
        return False
    skipped = sample_rows(lines, delimiter, blanks=True, end=end)
    return len(skipped) >= len(rows) and len(set(map(len, skipped))) == 1


def are_quoted(lines: Sequence[str]) -> bool:
    """Whether all texts between tabs stand in quotes, as pandas and R write them when they are asked to."""
    rows = [cells for line in lines if line and len(cells := line.split("\t")) > 1]
    texts = [cell for cells in rows for cell in cells if not NUMBER.fullmatch(cell)]
    return len(rows) > 1 and bool(texts) and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in texts)
