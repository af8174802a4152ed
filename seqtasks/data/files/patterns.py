"""Files that belong together, such as the shards of a corpus, given as one pattern: `part-*.parquet`."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import exists

Example = TypeVar("Example")

NUMBERS = re.compile(r"\{(\d+)\.\.(\d+)\}")
"""Numbers from one to another, with as many digits as the first one: `{000..099}`, as in names of WebDataset."""
MOST_FILES = 1_000_000
"""So many names numbers may stand for."""


def is_pattern(path: Path) -> bool:
    """Whether a path is no file or folder, but means some: it has `*`, `?` or `[`, or numbers as in `{000..099}`."""
    return bool(glob.has_magic(str(path)) or NUMBERS.search(str(path))) and not exists(path)


def matching_files(path: Path) -> list[Path]:
    """The files that a path means, in the order of their names; that of numbers, where it has some.

    Args:
        path: A pattern, or anything else, which means itself.

    Raises:
        SeqtasksError: No file matches the pattern, or one is missing of those that numbers ask for.
    """
    if not is_pattern(path):
        return [path]
    found: list[Path] = []
    for each in numbered(str(path)):
        matches = sorted(glob.glob(each, recursive=True)) if glob.has_magic(each) else [each]
        files = [Path(match) for match in matches if Path(match).is_file()]
        if not files:
            raise SeqtasksError(
                f"{each}: no file matches this pattern." if glob.has_magic(each) else f"{each}: there is no such file.",
                "Relative paths are resolved against the current directory.",
            )
        found += files
    return found


def numbered(pattern: str) -> Iterator[str]:
    """The names that a pattern stands for by its numbers."""
    numbers = NUMBERS.search(pattern)
    if numbers is None:
        yield pattern
        return
    first, last = numbers.groups()
    if not int(first) <= int(last) < int(first) + MOST_FILES:
        raise SeqtasksError(f"{pattern}: {numbers[0]} names no files.", "Write the lower number first: {000..099}.")
    for number in range(int(first), int(last) + 1):
        yield from numbered(f"{pattern[: numbers.start()]}{number:0{len(first)}}{pattern[numbers.end() :]}")


def read_each(path: Path, skipped: ReadReport, read: Callable[[Path], Iterator[Example]]) -> Iterator[Example]:
    """What `read` gives of each file that a path means, one file after the other, the first of them opened at once.

    Columns are told once where all files have the same.

    Args:
        path: A file, or a pattern.
        skipped: The report that `read` fills.
        read: Reads one file.
    """
    first, *others = matching_files(path)

    def read_others() -> Iterator[Example]:
        for file in others:
            yield from read(file)
            own = [each for each in skipped.columns if each.startswith(f"{file}:")]
            known = [each for each in skipped.columns if each not in own]
            skipped.columns[:] = known + [each for each in own if each.replace(str(file), str(first)) not in known]

    return chain(read(first), read_others()) if others else read(first)
