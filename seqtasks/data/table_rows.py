"""Rows of tables: cells between delimiters, and the quotes that are wrong among them."""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterable, Iterator

Cells = list[str]

Row = tuple[int, Cells, str]
"""The number of its first line, from 1; its cells; why it cannot be used, as a short noun phrase, else ""."""

RECORD_LINES = 1000
"""The most lines of a row; a quote that is not closed within them is taken for a stray one."""


def read_rows(
    lines: Iterable[str],
    delimiter: str,
    *,
    quotes: bool,
    blanks: bool = False,
    width: int | None = None,
    start: int = 1,
    end: int | None = None,
) -> Iterator[Row]:
    """Rows with `quotes` as RFC 4180 has them; without them rows may have any number of columns. Empty lines are none.

    With `blanks`, those behind a delimiter are no part of a cell, so that quotes may follow them.

    A quote that is never closed makes its own line a broken row, and no other. A row over several lines that does not
    have `width` columns is taken for one with such a quote. Where more lines may follow behind the
    one with the number `end`, a row that may go on there is left out.
    """
    if not quotes:
        for number, line in enumerate(lines, start):
            if line:
                yield number, line.split(delimiter), ""
        return
    csv.field_size_limit(sys.maxsize)
    source, waiting = iter(lines), deque[str]()
    number = start
    while (first := waiting.popleft() if waiting else next(source, None)) is not None:
        if '"' not in first:  # most rows, for which no list of lines is needed
            cells = first.split(delimiter)
            if blanks:
                cells = [cell.lstrip(" ") for cell in cells]
            if first:
                yield number, cells, "" if width in (None, len(cells)) else "wrong number of columns"
            number += 1
            continue
        taken, cells = read_quoted(first, waiting, source, delimiter, blanks)
        if not cells and number + len(taken) - 1 == end:
            return
        problem = ""
        if not cells or (len(taken) > 1 and width not in (None, len(cells))):
            waiting.extendleft(reversed(taken[1:]))
            taken, problem = taken[:1], "unclosed quote"
        elif width not in (None, len(cells)):
            problem = "wrong number of columns"
        yield number, cells, problem
        number += len(taken)


def read_quoted(
    first: str, waiting: deque[str], source: Iterator[str], delimiter: str, blanks: bool
) -> tuple[list[str], Cells]:
    """The lines of a row that begins with `first`, and its cells; no cells where its quotes are wrong."""
    try:
        return [first], next(csv.reader([first], delimiter=delimiter, strict=True, skipinitialspace=blanks))
    except csv.Error:  # it goes on in the next line, or is broken
        taken: list[str] = []

    def pulled() -> Iterator[str]:
        line: str | None = first
        while line is not None and len(taken) < RECORD_LINES:
            taken.append(line)
            yield f"{line}\n"
            line = waiting.popleft() if waiting else next(source, None)

    try:
        return taken, next(csv.reader(pulled(), delimiter=delimiter, strict=True, skipinitialspace=blanks), [])
    except csv.Error:
        return taken, []
