"""Directories and files that appear whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import exists, is_file
from seqtasks.storage.urls import url_of, whole_url

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PART = ".seqtasks-part-"
STALE_SECONDS = 3600


def require_suffix(path: Path, *suffixes: str) -> None:
    """Raises SeqtasksError where a file that is to be written has none of the suffixes of its format.

    What is no ordinary file, such as /dev/stdout, has no format.
    """
    if path.suffix.lower() not in suffixes and (is_file(path) or not exists(path)):
        raise SeqtasksError(
            f"{path}: the suffix does not match the output format.",
            f"Choose a name that ends in {' or '.join(suffixes)}.",
        )


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Gives an empty sibling of `path` to write into, and puts it in the place of `path` at the end.

    Everything is on the disk before the name changes, so that even a power cut leaves the old directory or the new
    one. When the body raises, `path` stays as it was and the sibling goes. A process that is killed leaves its
    sibling behind; the next one to write here removes it an hour later.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(path.parent)
    part = Path(tempfile.mkdtemp(prefix=PART, dir=path.parent))
    try:
        part.chmod(0o777 & ~_umask())
        yield part
        for each in (*part.rglob("*"), part):
            if each.is_file():
                each.chmod(0o666 & ~_umask())
            _sync(each)
        _put(part, path)
        _sync(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Gives a file to write into, which gets the name `path` at the end; when the body raises, nothing is there.

    What is no ordinary file, such as a pipe or /dev/stdout, is written to directly. A process that is killed leaves its
    part behind; the next one to write here removes it an hour after it was last written to.
    """
    if exists(path) and not is_file(path):
        with path.open("wb") as stream:
            yield stream
        return
    path = path.resolve()
    _remove_stale(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=PART, dir=path.parent)
    part = Path(name)
    try:
        with open(descriptor, "wb") as stream:
            _hold(descriptor)
            part.chmod(0o666 & ~_umask())
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """As `atomic_file`, for files that a user asked for, which may be URLs.

    Raises:
        SeqtasksError: The file cannot be written.
    """
    if (url := url_of(path)) is not None:
        with whole_url(url) as stream:
            yield stream
        return
    try:
        with atomic_file(path) as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SeqtasksError(f"{path} cannot be written: {error.strerror}.", "Nothing was left there.") from error


def remove_directory(path: Path) -> None:
    """Removes a directory: it is there whole, or no longer under its name."""
    part = path.with_name(f"{PART}{path.name}-{os.getpid()}")
    os.rename(path, part)
    shutil.rmtree(part)


def remove_parts(folder: Path) -> None:
    """Removes what killed processes left half written, or half removed, in a folder that nobody else writes into."""
    for part in folder.glob(f"{PART}*"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _put(part: Path, path: Path) -> None:
    """Renames `part` to `path`; a directory that was there ends up at `part`."""
    if not exists(path):
        os.rename(part, path)
    elif not _exchange(part, path):
        aside = path.with_name(f"{path.name}.previous")
        shutil.rmtree(aside, ignore_errors=True)
        os.rename(path, aside)
        os.rename(part, path)
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swaps two names in one step, so that no reader finds either missing; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except AttributeError:
        return False
    return bool(renameat2(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _hold(descriptor: int) -> bool:
    """Marks a file as in use by a process that lives, however long it waits; False where another one does so."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    return True


def _remove_stale(folder: Path) -> None:
    for part in folder.glob(f"{PART}*"):
        try:
            if time.time() - part.stat().st_mtime <= STALE_SECONDS:
                continue
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
                continue
            with part.open("rb") as stream:
                if _hold(stream.fileno()):
                    part.unlink()
        except OSError:  # another process was faster, or may do what this one may not
            continue
