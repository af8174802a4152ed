"""Files by URL, such as `s3://bucket/texts.txt`, through fsspec and the package that it needs for the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LOCAL = ("file", "local")


def url_of(path: str | Path) -> str | None:
    """The URL that a path is, or was before `Path` took some of its slashes; None for the name of a file."""
    protocol, sign, rest = (path.as_posix() if isinstance(path, Path) else path).partition(":/")
    if not sign or len(protocol) < 2:  # such as the letter of a drive
        return None
    from fsspec import available_protocols

    if protocol not in available_protocols():
        return None
    if isinstance(path, Path):
        rest = f"//{rest}" if protocol in LOCAL else f"/{rest}"
    return f"{protocol}:/{rest}"


def file_system(url: str) -> tuple[AbstractFileSystem, str]:
    """What reads and writes a URL, and how it calls it.

    Raises:
        SeqtasksError: The package that the protocol needs is not installed, or has no access.
    """
    from fsspec.core import url_to_fs

    with told(url):
        return cast("tuple[AbstractFileSystem, str]", url_to_fs(url))


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turns what fsspec raises, and the packages behind it, into a SeqtasksError that names the URL."""
    try:
        yield
    except SeqtasksError:
        raise
    except ImportError as error:
        raise SeqtasksError(f"{url}: a package is missing.", str(error)) from error
    except FileNotFoundError as error:
        raise SeqtasksError(f"{url}: there is no such file or folder.") from error
    except Exception as error:  # each protocol has errors of its own
        raise SeqtasksError(f"{url} cannot be read or written: {error}") from error


def open_url(url: str) -> BinaryIO:
    """Opens a URL for reading.

    Raises:
        SeqtasksError: It cannot be read.
    """
    system, path = file_system(url)
    with told(url):
        return cast(BinaryIO, BufferedReader(cast(RawIOBase, system.open(path, "rb"))))


@contextmanager
def whole_url(url: str) -> Iterator[BinaryIO]:
    """Gives a file to write into, which is sent to the URL at the end; when the body raises, nothing is.

    Raises:
        SeqtasksError: The URL cannot be written.
    """
    system, path = file_system(url)
    with TemporaryFile() as stream:
        yield cast(BinaryIO, stream)
        stream.seek(0)
        with told(url), system.open(path, "wb") as target:
            copyfileobj(stream, target)


def version_of(path: str) -> Any:
    """What changes when a file is written anew, named by a path or a URL: its size and time, or its ETag.

    Raises:
        SeqtasksError: There is no such file.
    """
    system, name = file_system(path)
    with told(path):
        return system.ukey(name)
