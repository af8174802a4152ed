"""One training a directory: a second one would destroy the first."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import remove_parts

LOCK = ".training.lock"
PATIENCE = 10.0
"""Seconds to wait for a lock: the processes of a training that was killed need some to notice it."""


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Makes a training's directory and holds it; what killed processes left half written there is removed.

    A training that fails before it wrote anything leaves nothing new.

    Raises:
        SeqtasksError: Another training holds it, or it cannot be written.
    """
    file = directory / LOCK
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    locked_before = file.exists()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, timeout=PATIENCE, thread_local=False)
        lock.acquire()
    except Timeout:
        raise SeqtasksError(
            f"Another training is writing into {directory}: {holder(file)}.",
            "Wait for it, stop it, or choose another output directory (--output).",
        ) from None
    except OSError as error:
        raise SeqtasksError(
            f"{directory} cannot be written: {error.strerror}.", "Choose another output directory (--output)."
        ) from error
    try:
        file.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        remove_parts(directory)
        yield
    except BaseException:
        if not locked_before:
            remove_unused(file, made)
        raise
    finally:
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
