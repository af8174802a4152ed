"""Text files, plain or compressed, by line or whole, with errors by file and line."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader, TextIOWrapper
from pathlib import Path, PurePath
from typing import TypeGuard, cast

from seqtasks.data.examples import ReadReport
from seqtasks.data.files.compression import uncompressed_name, unpacked
from seqtasks.data.files.foreign_files import foreign_by_content, not_utf8
from seqtasks.errors import SeqtasksError
from seqtasks.storage.pipes import is_pipe, open_readable

MAX_LINE_BYTES = 2**26
"""Bytes of a line, 64 MiB: longer ones come of files that are no text, and of compressed ones that fill the memory."""
BLOCK_BYTES = 2**16
"""Bytes that are read, and decoded, at a time."""
MAX_FILE_BYTES = 2**30
"""Bytes of a file that is read as one text, when it is unpacked."""
SYSTEM_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "lost+found"})
"""What file managers leave in folders, in small letters."""


class NoTextError(SeqtasksError):
    """A file is no text."""


def uncompressed_suffix(path: Path) -> str:
    """The suffix that says what a file holds, in small letters, whether it is compressed or not."""
    return PurePath(uncompressed_name(path.name).lower()).suffix


@contextmanager
def open_bytes(path: Path) -> Iterator[BufferedReader | gzip.GzipFile]:
    """Opens a file, unpacked when its name ends in .gz or .zst.

    Raises:
        SeqtasksError: There is no such file, or it cannot be opened, or it is a pipe that nobody writes into; it breaks
            while it is read: damaged, cut off, not compressed though its name says so.
    """
    try:
        stored = cast(BufferedReader, open_readable(path))
    except FileNotFoundError:
        raise SeqtasksError(
            f"{path}: there is no such file.", "Relative paths are resolved against the current directory."
        ) from None
    except OSError as error:
        raise SeqtasksError(f"{path}: the file cannot be opened ({error.strerror}).") from None
    with stored, unpacked(stored, path) as file:
        yield file


def require_file(path: Path) -> None:
    """Raises SeqtasksError where there is no such file, or it cannot be opened. A pipe is left to who reads it."""
    if not is_pipe(path):
        with open_bytes(path):
            pass


def read_lines(path: Path) -> Iterator[str]:
    r"""The lines of a file without their ends; only "\n" and "\r\n" end a line. A byte order mark is dropped.

    In a file without any "\n", as old Mac programs write it, "\r" ends a line. Files are UTF-8, or UTF-16 where they
    begin with the mark of it.

    Raises:
        SeqtasksError: The file cannot be read or unpacked, is neither of them, or no text at all, such as a
            spreadsheet; or has a line that is too long.
    """
    with open_bytes(path) as file:
        head = file.peek(1)
        require_text(path, file, head if b"\n" in head else end_by_newlines(head))
        if is_utf16(file):
            yield from utf16_lines(path, file)
            return
        if file.peek(3)[:3] == codecs.BOM_UTF8:
            file.read(3)
        number = 1
        for block in line_blocks(file):
            if number == 1 and b"\r" in block:
                require_text(path, file, head)
            lines = decoded_lines(block)
            yield from checked_lines(path, number, block) if lines is None else lines
            number += block.count(b"\n") + 1


def require_text(
    path: Path, file: BufferedReader | gzip.GzipFile, head: bytes | None = None, *, markup: bool = True
) -> None:
    """Raises SeqtasksError where the first bytes say that a file holds no text, or `markup` in a form of its own."""
    if problem := foreign_by_content(path, file.peek(1) if head is None else head, markup=markup):
        raise problem


def line_blocks(file: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    """Lines that were read together, without the last end of a line; a line that is too long is not read to its end."""
    pieces: list[bytes] = []
    ended = False
    while chunk := file.read1(BLOCK_BYTES):
        end = chunk.rfind(b"\n")
        if end >= 0:
            yield b"".join((*pieces, chunk[:end]))
            pieces, ended = [chunk[end + 1 :]], True
        else:
            pieces.append(chunk)
            if sum(map(len, pieces)) > MAX_LINE_BYTES:
                ended = True
                break
    if rest := b"".join(pieces):
        yield rest if ended else end_by_newlines(rest)


def end_by_newlines(text: bytes) -> bytes:
    r"""A text without any "\n", whose lines end in "\r"."""
    return text.removesuffix(b"\r").replace(b"\r", b"\n")


def decoded_lines(block: bytes) -> list[str] | None:
    """The lines of a block, decoded at once; None where one may be too long or is not UTF-8."""
    if len(block) > MAX_LINE_BYTES:
        return None
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return text.split("\n")


def checked_lines(path: Path, first: int, block: bytes) -> Iterator[str]:
    """The lines of a block up to the one that cannot be read, which the error describes; `first` is their number."""
    for number, line in enumerate(block.split(b"\n"), first):
        require_line(line, path, number)
        try:
            yield line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            raise not_utf8(f"{path}:{number}", path, error.start + 1) from None


def utf16_lines(path: Path, file: BufferedReader | gzip.GzipFile) -> Iterator[str]:
    """The same of UTF-16."""
    texts, number = TextIOWrapper(file, "utf-16", newline="\n"), 0
    try:
        for number, text in enumerate(iter(partial(texts.readline, MAX_LINE_BYTES + 1), ""), 1):
            require_line(text, path, number)
            if number == 1 and not text.endswith("\n"):
                yield from text.removesuffix("\r").split("\r")
            else:
                yield text.removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        message = f"{path}:{number + 1}: not UTF-16."
        raise SeqtasksError(message, "Convert the file, for example with iconv.") from None
    finally:
        texts.detach()  # or it would close the file, which others do


def require_line(line: str | bytes, path: Path, number: int) -> None:
    """Raises SeqtasksError for a line of more than MAX_LINE_BYTES."""
    if len(line) > MAX_LINE_BYTES:
        raise line_too_long(f"{path}:{number}")


def line_too_long(place: str) -> SeqtasksError:
    """The error of a line longer than `MAX_LINE_BYTES`; `place` is its file and number."""
    return SeqtasksError(
        f"{place}: the line is longer than {MAX_LINE_BYTES / 2**20:,.0f} MiB.", "Break it into lines, with fold -s."
    )


def is_utf16(file: BufferedReader | gzip.GzipFile) -> bool:
    """Whether a file begins with the mark of UTF-16, as Excel's "Unicode text" does."""
    return file.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def reach_lines(path: Path, skipped: ReadReport, *, blank: bool = False) -> Iterator[tuple[int, str]]:
    """The lines of a file that each hold an example, with their numbers; `blank` ones are no examples, or broken."""
    file = str(path)
    for number, line in enumerate(read_lines(path), 1):
        if blank or line.strip():
            skipped.reach(file, number)
            yield number, line


def read_file(path: Path) -> str:
    r"""A whole file as text; one whose lines end in "\r" alone comes with "\n".

    Raises:
        NoTextError: It is neither UTF-8 nor UTF-16, or holds what no text does.
        SeqtasksError: It cannot be opened or unpacked, or is too large.
    """
    with open_bytes(path) as file:
        if problem := foreign_by_content(path, file.peek(1), markup=False):
            raise NoTextError(problem.message, problem.hint)
        content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise SeqtasksError(
                f"{path}: more than {MAX_FILE_BYTES / 2**20:,.0f} MiB are too large for one text.", "Split the file."
            )
        utf16 = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        problem = not_utf8(str(path), path, error.start + 1)
        raise NoTextError(f"{path}: not UTF-8 text (byte {error.start + 1:,}).", problem.hint) from None
    if "\0" in text:
        message = f"{path}: not UTF-8 text (character {text.index(chr(0)) + 1:,} is NUL)."
        kept = path.with_name(f"{path.stem}.utf8.txt")
        raise NoTextError(message, f"If it is text nevertheless: tr -d '\\000' < '{path}' > '{kept}'")
    return text if "\n" in text else text.replace("\r", "\n")


def read_files(folder: Path, skipped: ReadReport) -> Iterator[tuple[Path, str]]:
    """All files in a folder and below it, in the order of their names, each with its text; hidden ones are left out."""
    for file in files_below(folder):
        skipped.reach(str(file), 1)
        try:
            yield file, read_file(file)
        except NoTextError:
            skipped.skip("file that is not UTF-8 text")


def files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and below it, in the order of their names, but for hidden ones."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(is_of_system(part) for part in file.relative_to(folder).parts):
            yield file


def is_of_system(name: str) -> bool:
    """Whether a file or folder is hidden, or one that Windows and macOS put everywhere."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def is_text(value: object) -> TypeGuard[str]:
    r"""Whether a value is a string that can be written as UTF-8: JSON can escape halves of characters, as `\ud83d`."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean_string(value: object) -> str | None:
    """A string that can be written as UTF-8, without white space around it; None for anything else."""
    return value.strip() if is_text(value) else None
