"""One program at a time writes into a directory, such as a training: a second one would destroy what the first does."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import remove_parts

LOCK = ".lock"
PATIENCE = 10.0
"""Seconds to wait for a lock: the processes of a program that was killed need some to notice it."""


@contextmanager
def lock_directory(directory: Path, conflict: str, hint: str) -> Iterator[None]:
    """Makes a directory and holds it; what killed processes left half written there is removed.

    A program that ends without having written anything leaves nothing new.

    Args:
        directory: Where nobody else may write in the meantime.
        conflict: What another program that holds it is doing, for the error: "Another training is writing into run".
        hint: What to do about that.

    Raises:
        SeqtasksError: Another program holds it, or it cannot be written.
    """
    file = directory / LOCK
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    locked_before = file.exists()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, timeout=PATIENCE, thread_local=False)
        lock.acquire()
    except Timeout:
        raise SeqtasksError(f"{conflict}: {holder(file)}.", hint) from None
    except OSError as error:
        raise SeqtasksError(f"{directory} cannot be written: {error.strerror}.", "Choose another --output.") from error
    try:
        file.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        remove_parts(directory)
        yield
    finally:
        if not locked_before:
            remove_unused(file, made)
        lock.release()


def remove_unused(file: Path, made: Iterable[Path]) -> None:
    """Removes a lock that is alone in its folder, and the folders that were made for it if they are empty."""
    with suppress(OSError):  # what cannot be removed is in use
        if os.listdir(file.parent) == [file.name]:
            file.unlink()
            for folder in made:
                folder.rmdir()


def holder(file: Path) -> str:
    """Who holds a lock."""
    try:
        return file.read_text(encoding="utf-8") or "it is just starting"
    except OSError:
        return "unknown process"
