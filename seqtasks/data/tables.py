"""Tables of texts: the delimiter, the row that names the columns, and which column holds what.

Nothing is taken by its place where names, or the cells themselves, say more; what stays unclear is an error that shows
the first rows and names the option that answers it.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from seqtasks.data.text_io import read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError

Cells = list[str]

DELIMITERS = (",", ";", "\t", "|")
NO_DELIMITER = "\x1f"
"""Stands between the columns where there is one column alone."""
SAMPLE_LINES = 200
"""Lines that are looked at for how a table is built."""
RECORD_LINES = 1000
"""The most lines of a row; a quote that is not closed within them is taken for a stray one."""
NAME = re.compile(r"[^\W\d][\w.:#-]*( [\w.:#-]+){0,2}")
"""What the name of a column looks like."""
INDEX_NAMES = frozenset(
    {"", "#", "id", "idx", "index", "key", "line", "no", "nr", "num", "number", "row", "uid", "guid"}
)
"""What columns that count or identify the rows are called; pandas calls its own one nothing, or `Unnamed: 0`."""
EXCEL_DELIMITER = re.compile(r"sep=(.)")
"""A first line of Excel's that names the delimiter."""
NO_TEXT = re.compile(r"[-+]?[\d.,:/ %eE+-]+|https?://\S+|[\w.-]*\d[\w.-]*|", re.ASCII)
"""Numbers, dates, addresses, identifiers such as `sent-12`: nothing that anyone would translate."""
CODE = re.compile(
    r"([a-z]{2}|ara|bul|ces|chi|cmn|cze|dan|deu|dut|ell|eng|fin|fra|fre|ger|gre|heb|hin|hrv|hun|ind|ita|jpn|kor|nld|nor"
    r"|pol|por|ron|rum|rus|slk|slv|spa|srp|swe|tha|tur|ukr|vie|zho)([-_][a-z0-9]+)*"
)
"""Codes of languages; of those with three letters the usual ones alone, since `cat` and `one` are codes as well."""
LICENSE = re.compile(r"CC[- ]BY|\(France\) Attribution")
"""What Tatoeba's exports have in a column behind the sentences."""


class Role(NamedTuple):
    """What a task looks for in a table."""

    name: str
    """As in the option `--source-column`, and the key `source_column`."""
    usual: tuple[str, ...]
    """What such columns are called, the surest name first."""


class Row(NamedTuple):
    """A row of a table."""

    number: int
    """Of its first line, from 1."""
    cells: Cells
    problem: str = ""
    """Why it cannot be used, as a short noun phrase."""


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


def open_table(path: Path, roles: Sequence[Role], *, header: bool | None = None, languages: bool = False) -> Table:
    """Finds out how a table is built.

    Args:
        path: A file; in one that ends in .tsv tabs stand between the columns, and quotes mean nothing.
        roles: What is looked for in it; what columns are called then tells a header from a first row.
        header: Whether the first row names the columns, where that is known.
        languages: Whether columns may be called by the language of their texts.

    Raises:
        SeqtasksError: The file cannot be read.
    """
    lines = read_lines(path)
    first_lines = list(islice(lines, SAMPLE_LINES))
    skipped = 0
    named = EXCEL_DELIMITER.fullmatch(first_lines[0].strip('"')) if first_lines else None
    if named:
        first_lines, skipped = first_lines[1:], 1
    cut = len(first_lines) == SAMPLE_LINES - skipped  # the last row may be one of which only the first lines are here
    delimiter = named[1] if named else find_delimiter(path, first_lines, cut=cut)
    quotes = delimiter != "\t"
    sample = sample_rows(first_lines, delimiter, cut=cut)
    width = Counter(map(len, sample)).most_common(1)[0][0] if sample else 0
    rows = read_rows(chain(first_lines, lines), delimiter, quotes=quotes, width=width, start=1 + skipped)
    if header is None:
        header = has_header(sample, {name for role in roles for name in role.usual}, languages=languages)
    names = None
    if header and sample:
        names = tuple(column_name(cell) for cell in sample.pop(0))
        next(rows)
    return Table(path, delimiter, None if names and are_counted(names) else names, width, sample, rows)


def find_delimiter(path: Path, lines: Sequence[str], *, cut: bool) -> str:
    """The delimiter that gives most rows the same number of columns, of which there are several."""
    if uncompressed_suffix(path) == ".tsv" and any("\t" in line for line in lines):
        return "\t"

    def evenness(delimiter: str) -> tuple[bool, float, int]:
        rows = sample_rows(lines, delimiter, cut=cut)
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width < 2:
            return False, 0.0, 0
        return len(rows[0]) == width, count / len(rows), -DELIMITERS.index(delimiter)

    best = max(DELIMITERS, key=evenness)
    return best if evenness(best)[0] else NO_DELIMITER


def sample_rows(lines: Sequence[str], delimiter: str, *, cut: bool) -> list[Cells]:
    """The cells of the rows that are whole."""
    rows = read_rows(lines, delimiter, quotes=delimiter != "\t", end=len(lines) if cut else None)
    return [row.cells for row in rows if not row.problem]


def read_rows(
    lines: Iterable[str],
    delimiter: str,
    *,
    quotes: bool,
    width: int | None = None,
    start: int = 1,
    end: int | None = None,
) -> Iterator[Row]:
    """Rows with `quotes` as RFC 4180 has them; without them rows may have any number of columns. Empty lines are none.

    A quote that is never closed makes its own line a broken row, and no other. A row over several lines that does not
    have `width` columns is taken for one with such a quote. Where more lines may follow behind the
    one with the number `end`, a row that may go on there is left out.
    """
    csv.field_size_limit(sys.maxsize)
    source, waiting = iter(lines), deque[str]()
    number = start
    while (first := waiting.popleft() if waiting else next(source, None)) is not None:
        if not quotes or '"' not in first:
            taken, cells = [first], first.split(delimiter)
        else:
            taken, cells = read_quoted(first, waiting, source, delimiter)
        if not cells and number + len(taken) - 1 == end:
            return
        problem = ""
        if not cells or (len(taken) > 1 and width not in (None, len(cells))):
            waiting.extendleft(reversed(taken[1:]))
            taken, problem = taken[:1], "unclosed quote"
        elif quotes and width not in (None, len(cells)):
            problem = "wrong number of columns"
        if any(taken):
            yield Row(number, cells, problem)
        number += len(taken)


def read_quoted(first: str, waiting: deque[str], source: Iterator[str], delimiter: str) -> tuple[list[str], Cells]:
    """The lines of a row that begins with `first`, and its cells; no cells where its quotes are wrong."""
    taken: list[str] = []

    def pulled() -> Iterator[str]:
        line: str | None = first
        while line is not None and len(taken) < RECORD_LINES:
            taken.append(line)
            yield f"{line}\n"
            line = waiting.popleft() if waiting else next(source, None)

    try:
        return taken, next(csv.reader(pulled(), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return taken, []


def column_name(cell: str) -> str:
    return " ".join(cell.split()).lower()


def has_header(sample: Sequence[Cells], usual: Collection[str], *, languages: bool) -> bool:
    """Whether the first row names columns."""
    names = [column_name(cell) for cell in sample[0]] if sample else []
    if are_counted(names):
        return True
    named = [name for name in names if name]
    if not all(name in INDEX_NAMES or NAME.fullmatch(name) for name in named) or len(set(named)) < len(named):
        return False
    if any(word in usual for name in names for word in words_of(name)) or (
        len(names) > 1 and not names[0] and all(names[1:])
    ):
        return True
    found = [language for name in names if (language := language_of(name))] if languages else []
    return len(set(found)) >= 2


def words_of(name: str) -> list[str]:
    """A name and the words in it: `source_text` has source and text."""
    return [name, *re.split(r"[._:-]", name)]


def may_be_header(sample: Sequence[Cells]) -> bool:
    """Whether the first row holds a word a cell, where texts have several: it could name columns."""
    if len(sample) < 2:
        return False
    first, *others = sample
    texts = [cell for cells in others for cell in cells]
    several = sum(1 for cell in texts if len(cell.split()) > 1)
    return all(re.fullmatch(r"[^\W\d]\w*", cell.strip()) for cell in first) and several > 0.9 * len(texts)


def are_counted(names: Sequence[str]) -> bool:
    """Whether these are the names that pandas gives to columns without any."""
    counted = [str(place) for place in range(len(names))]
    return len(names) > 1 and list(names) in (counted, ["", *counted[:-1]])


def language_of(name: str) -> str | None:
    """The code of the language that a column is called after: `de`, `deu`, `de-AT`, `German`, `Deutsch`, `text_de`."""
    import langcodes

    for word in words_of(name.replace("_", "-") if CODE.fullmatch(name) else name):
        if CODE.fullmatch(word) and langcodes.tag_is_valid(word):
            return langcodes.Language.get(word).language
        try:
            return langcodes.find(word).language if len(word) > 3 else None
        except LookupError:
            continue
    return None


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


def wanted_columns(path: Path, names: Sequence[str], wanted: Mapping[str, str | int | None]) -> dict[str, int]:
    """The places of the columns that were asked for, by name or by number from 1.

    Raises:
        SeqtasksError: There is no such column.
    """
    found = {}
    for role, column in wanted.items():
        if column is None:
            continue
        if isinstance(column, str) and column_name(column) in names:
            found[role] = names.index(column_name(column))
        elif isinstance(column, int) and 1 <= column <= len(names):
            found[role] = column - 1
        else:
            shown = ", ".join(f"{place} {name[:40]}" for place, name in enumerate(names, 1))
            raise SeqtasksError(f"{path}: there is no column {column!r}.", f"It has {len(names)} columns: {shown}.")
    return found


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
        f"Say which columns they are, by name or by number: {options} "
        f"({', '.join(f'{role.name}_column' for role in roles)} in a configuration).",
    )
