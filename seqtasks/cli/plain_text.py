"""Plain text that is none: a table, JSON, subtitles or markup is read line by line all the same, which is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqtasks.cli.input import STANDARD_INPUT
from seqtasks.cli.output import warn

if TYPE_CHECKING:
    from seqtasks.inference.bulk import Batch


class Structure(NamedTuple):
    """A form of text that has more in it than texts."""

    what: str
    remedy: str
    """What takes the texts out of the file {path}."""


TABLE = Structure("a table", "cut -f 1 '{path}'")
JSON_LINES = Structure("JSON", "jq -r .text '{path}'")
SUBTITLES = Structure("a subtitle file", "grep -v -e '-->' -e '^[0-9]*$' '{path}'")
SUFFIXES = {
    ".csv": Structure(
        "a table", "python -c \"import csv; [print(*row[0].split()) for row in csv.reader(open('{path}'))]\""
    ),
    ".tsv": TABLE,
    ".json": Structure("JSON", "jq -r '.[].text' '{path}'"),
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".srt": SUBTITLES,
    ".vtt": SUBTITLES,
}
READ_SO = "It is read as plain text, with all that is in it."
INPUT = Path("input")
"""What no file has."""
SAMPLE_LINES, FEWEST = 20, 3
"""Lines that are looked at, and as many as tell a table."""
TIMES = re.compile(r"[\d:.,]+ --> [\d:.,]+")


def checked(batches: Iterable[Batch[str]], files: Sequence[Path] = (), *, tabs: bool = False) -> Iterator[Batch[str]]:
    """The same batches of lines; with the first one comes a warning, where files or lines are no plain text.

    Args:
        batches: Lines of all files, or of standard input.
        files: The files.
        tabs: Whether the lines are meant to have a tab, so that tables with tabs are none.
    """
    for batch in batches:
        if batch.first == 0:
            warn_of_structure(files, batch.items, tabs=tabs)
        yield batch


def warn_of_structure(files: Sequence[Path], lines: Iterable[str], *, tabs: bool = False) -> None:
    """Warns of the first file that has more in it than texts, by its name; of the first of all by its lines, too."""
    sample = list(islice(lines, SAMPLE_LINES))
    names = [INPUT if file == STANDARD_INPUT else file for file in files] or [INPUT]
    warnings = (structure_warning(name, [] if place else sample, tabs=tabs) for place, name in enumerate(names))
    for message in islice(filter(None, warnings), 1):
        warn(message)


def structure_warning(name: Path, sample: Sequence[str], *, tabs: bool) -> str | None:
    """Why what is called so, and begins with these lines, is hardly plain text."""
    from seqtasks.data.files.foreign_files import foreign_by_content, foreign_by_name
    from seqtasks.data.text_io import uncompressed_suffix

    found = SUFFIXES.get(uncompressed_suffix(name)) or structure_of(sample)
    if tabs and found is TABLE:
        return None
    if found is not None:
        return f"{name}: this is {found.what}. {READ_SO} To extract its texts: {found.remedy.format(path=name)}"
    problem = foreign_by_name(name) or foreign_by_content(name, "\n".join(sample).encode(errors="replace"))
    return None if problem is None else f"{problem.message} {READ_SO} {problem.hint}"


def structure_of(lines: Sequence[str]) -> Structure | None:
    """What lines are, where each has the same number of tabs, is an object in JSON, or every few have times."""
    from seqtasks.data.json_lines import parse_json_object

    filled = [line for line in lines if line.strip()]
    tabs = {line.count("\t") for line in filled}
    if len(filled) >= FEWEST and len(tabs) == 1 and tabs != {0}:
        return TABLE
    if filled and filled[0].startswith("{") and parse_json_object(filled[0]) is not None:
        return JSON_LINES
    return SUBTITLES if any(TIMES.match(line) for line in filled[:FEWEST]) else None
