"""Where results go: standard output, or a file that appears when it is complete."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.data.examples import ReadReport

Write = Callable[[str], None]
"""Writes one line, of which it gets the text without its end."""


@contextmanager
def open_output(path: Path | None) -> Iterator[Write]:
    """Lines are UTF-8 and end in "\\n" everywhere. Raises SeqtasksError where the file cannot be written."""
    if path is None:
        yield line_writer(sys.stdout.buffer.write)
        return
    from seqtasks.storage.atomic import output_file

    with output_file(path) as stream:
        yield line_writer(stream.write)


def require_apart(outputs: Mapping[str, Path | None], inputs: Iterable[str | Path]) -> None:
    """Raises SeqtasksError where one of the outputs, by the options that named them, is an input or another output.

    Standard input (-) is no file.
    """
    read = {Path(name).resolve() for name in inputs if str(name) != "-"}
    written: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if path.resolve() in read:
            raise SeqtasksError(f"{option} {path} would be written over what is read.", "Name another file.")
        other = written.setdefault(path.resolve(), option)
        if other != option:
            raise SeqtasksError(f"{other} and {option} are both {path}.", "Name another file.")


def line_writer(write_bytes: Callable[[bytes], int]) -> Write:
    def write(line: str) -> None:
        write_bytes(line.encode(errors="replace") + b"\n")

    return write


def tell_undecodable(lines: int) -> None:
    """Says on standard error how many lines were not UTF-8."""
    if lines:
        print(f"seqtasks: lines that were not UTF-8, with U+FFFD for what could not be read: {lines:,}",
              file=sys.stderr)  # fmt: skip


def tell_skipped(skipped: ReadReport) -> None:
    """Says on standard error what was left out."""
    if skipped.skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
