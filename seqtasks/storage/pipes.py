"""Files that may be pipes, opened without waiting for ever, or URLs."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import BinaryIO

from seqtasks.errors import SeqtasksError
from seqtasks.storage.urls import open_url, url_of

PATIENCE = 10.0
"""Seconds to wait for somebody who writes."""


def open_readable(path: str | Path, buffering: int = -1) -> BinaryIO:
    """Opens a file or a URL to read from, or a pipe once somebody writes into it.

    Raises:
        SeqtasksError: Nobody writes into the pipe; a pipe that was read to its end is such a one. A URL cannot be read.
        OSError: As `open` has it.
    """
    if (url := url_of(path)) is not None:
        return open_url(url)
    if not is_pipe(path):
        return open(path, "rb", buffering=buffering)
    opened: list[int | OSError] = []

    def wait() -> None:
        try:
            opened.append(os.open(path, os.O_RDONLY))
        except OSError as error:
            opened.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    deserted = thread.is_alive()
    if deserted:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))  # it waits no longer
        thread.join()
    [found] = opened
    if isinstance(found, OSError):
        raise found
    if deserted:
        os.close(found)
        raise SeqtasksError(
            f"{path} is a pipe that nothing is written to.", "Data that are read more than once have to be in a file."
        )
    return open(found, "rb", buffering=buffering)


def is_pipe(path: str | Path) -> bool:
    """Whether it is a named pipe, or one that a shell makes of a command."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
