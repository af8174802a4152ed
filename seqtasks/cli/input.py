"""Where text comes from: files, standard input, or the command line itself."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.output import warn_count
from seqtasks.errors import SeqtasksError
from seqtasks.storage.urls import url_of

if TYPE_CHECKING:
    from seqtasks.inference.line_batcher import ByteStream

STANDARD_INPUT = Path("-")
SUFFIX = re.compile(r"\.[A-Za-z]\w{0,6}$")
SENTENCE_END = tuple(".!?…。！？")


@dataclass(frozen=True)
class TextInputs:
    """What a command reads, as a group of options."""

    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE | TEXT]...", help="Files, or text; default: standard input.")
    ] = None
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Text, even if it could be taken for a file name; may be repeated."),
    ] = None
    text_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help=".parquet and .jsonl: the column of the texts, of which each is a line."),
    ] = None

    def resolve(self) -> tuple[list[Path], list[str]]:
        """Files, or texts. See `files_or_texts`."""
        return files_or_texts(self.arguments or [], self.text or [])


def files_or_texts(arguments: Sequence[str], text: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Arguments of the command line: names of files, or texts; neither means standard input.

    Raises:
        SeqtasksError: A file is missing.
        typer.BadParameter: There are both.
    """
    texts = [each for each in arguments if is_text(each)]
    files = [each for each in arguments if not is_text(each)]
    texts += text
    if texts and files:
        raise typer.BadParameter(
            f"give either files or text, not both: {files[0]!r} was taken for a file, {texts[0]!r} for text; "
            "if all of them are text, put --text before each",
            param_hint="--text",
        )
    for file in files:
        if file != str(STANDARD_INPUT) and url_of(file) is None and not os.path.exists(file):
            raise SeqtasksError(
                f"{file} cannot be read: No such file or directory.", f'If it is text, not a file: --text "{file}"'
            )
    return [Path(file) for file in files], texts


def is_text(argument: str) -> bool:
    """Whether an argument is the text itself.

    It is no file of this name, no path, has no file suffix, and is several words or a sentence.
    """
    if argument == str(STANDARD_INPUT) or os.path.exists(argument) or url_of(argument) is not None:
        return False
    words = len(argument.split()) > 1
    return (words or argument.endswith(SENTENCE_END)) and os.sep not in argument and not SUFFIX.search(argument)


class ColumnStream:
    """The texts of a column as the lines of a file, in which line feeds are spaces.

    Args:
        file: The file with the column.
        column: Its name.

    Raises:
        SeqtasksError: As `column_texts`.
    """

    def __init__(self, file: Path, column: str) -> None:
        from seqtasks.data.text_column import column_texts

        self.name = str(file)
        self.texts = column_texts(file, column)
        self.missing = 0

    def fileno(self) -> int:
        """There is none."""
        raise OSError

    def read(self, size: int, /) -> bytes:
        """About so many bytes of whole lines; none at the end, where it is told how many rows had no text."""
        read = bytearray()
        for text in self.texts:
            self.missing += text is None
            read += f"{' '.join((text or '').splitlines())}\n".encode(errors="replace")
            if len(read) >= size:
                return bytes(read)
        if not read:
            warn_count(f"rows of {self.name} without a text, whose lines are empty", self.missing)
        return bytes(read)


def open_inputs(
    files: Sequence[Path], texts: Sequence[str], stack: ExitStack, column: str | None = None
) -> list[ByteStream]:
    """All inputs, opened at once, so that a missing one is reported before any work; each text is a line.

    Args:
        files: Files and URLs; none, and no texts, is standard input.
        texts: Texts in their place.
        stack: Closes them.
        column: The column of the files' texts.

    Raises:
        SeqtasksError: One cannot be opened.
    """
    if texts:
        lines = (" ".join(text.split("\n")) for text in texts)
        return [io.BytesIO("".join(f"{line}\n" for line in lines).encode(errors="surrogateescape"))]
    if not files and sys.stdin.isatty():
        print("Type one sentence per line; Ctrl-D ends.", file=sys.stderr)
    from seqtasks.storage.pipes import open_readable

    streams: list[ByteStream] = []
    for file in files or [STANDARD_INPUT]:
        if file == STANDARD_INPUT:
            streams.append(sys.stdin.buffer)
            continue
        if column is not None:
            streams.append(ColumnStream(file, column))
            continue
        try:
            streams.append(stack.enter_context(open_readable(file, buffering=0)))
        except OSError as error:
            raise SeqtasksError(f"{file} cannot be read: {error.strerror}.") from error
    return streams
