"""Files that are read whole, as text."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from seqtasks.data.examples import SkipReport
from seqtasks.data.lines import open_bytes, unreadable


def read_file(path: Path) -> str | None:
    """A whole file as text; None where it is not UTF-8 or holds what no text does.

    Raises:
        SeqtasksError: it cannot be opened or unpacked.
    """
    with open_bytes(path) as file:
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(path, error) from None
    return None if "\0" in text else text


def read_files(folder: Path, skipped: SkipReport) -> Iterator[tuple[Path, str]]:
    """All files in a folder and below it, in the order of their names, each with its text; hidden ones are left out."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts):
            skipped.reach(str(file), 1)
            text = read_file(file)
            if text is None:
                skipped.skip("file that is not UTF-8 text")
            else:
                yield file, text
