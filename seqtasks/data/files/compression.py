"""Compressed files: which names they have, and what unpacks them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from types import ModuleType

from seqtasks.errors import SeqtasksError

SUFFIXES = (".gz", ".zst")
"""What stands behind the suffix of a compressed file: of gzip, of Zstandard."""


def uncompressed_name(name: str) -> str:
    """The name of a file without the suffix of its compression."""
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)]


@contextmanager
def unpacked(stored: BufferedReader, path: Path) -> Iterator[BufferedReader | gzip.GzipFile]:
    """The content of an open file, as the suffix of its path says it is compressed, or as it is.

    Raises:
        SeqtasksError: The file breaks while it is read: it is damaged, cut off, or not compressed though its name says
            so; or what unpacks Zstandard is not installed.
    """
    damaged: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error)
    file: BufferedReader | gzip.GzipFile = stored
    match path.suffix.lower():
        case ".gz":
            file = gzip.GzipFile(fileobj=stored)
        case ".zst":
            zstd = import_zstd(path)
            file, damaged = BufferedReader(zstd.ZstdFile(stored)), (*damaged, zstd.ZstdError)
    with file:
        try:
            yield file
        except damaged as error:
            message = f"{path}: the file cannot be read to its end ({error})."
            raise SeqtasksError(message, "Download or create it again.") from None


def import_zstd(path: Path) -> ModuleType:
    """`compression.zstd` of Python 3.14, or its backport.

    The package zstandard takes a file that is cut off for a shorter one.

    Raises:
        SeqtasksError: There is none of them.
    """
    for module in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return import_module(module)
    needed = f"{path}: reading Zstandard needs Python 3.14 or backports.zstd."
    raise SeqtasksError(needed, "Install it: pip install 'seqtasks[zstd]'")
