"""Rows of tables and objects of JSON lines, the broken ones among them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any


def read_csv(
    lines: Iterable[str], delimiter: str = ",", *, quotes: bool = True
) -> Iterator[tuple[int, list[str] | None]]:
    """The number of each row's first line, and its cells: none in an empty line, None where the row is broken.

    `quotes` mean something (RFC 4180) unless they are switched off.
    """
    csv.field_size_limit(sys.maxsize)
    rows = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        strict=True,
    )
    while True:
        number = rows.line_num + 1
        cells: list[str] | None
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        yield number, cells


def parse_json_object(line: str) -> dict[str, Any] | None:
    """The object in a line of JSON; None for anything else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
