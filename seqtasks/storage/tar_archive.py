"""Files within tar archives, found by one look at the headers and read by their places; nothing is ever unpacked."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np

from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import atomic_file
from seqtasks.storage.user_cache import user_cache

SUFFIX = ".tar"
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
BLOCK = tarfile.BLOCKSIZE
FORMAT = 1
"""Of the index on disk; to be raised with whatever is kept there."""


class MemberStream:
    """The content of a member, in the archive that is open at its beginning."""

    def __init__(self, file: FileIO, size: int) -> None:
        self.file = file
        self.left = size

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end. Raises OSError where the archive ends before."""
        content = self.file.read(min(size, self.left))
        if self.left and not content:
            raise OSError("the archive has become shorter")
        self.left -= len(content)
        return content


@dataclass(frozen=True, slots=True)
class TarMember:
    """An ordinary file in an archive. Its name is what the archive calls it, and no path on any disk."""

    archive: Path
    name: str
    offset: int
    """Where its content begins, in bytes."""
    size: int
    """Bytes of its content."""

    @property
    def stem(self) -> str:
        """Its name without folders and suffix, as that of a path."""
        return PurePosixPath(self.name).stem

    def __str__(self) -> str:
        return f"{self.archive}:{self.name}"

    @contextmanager
    def open(self) -> Iterator[MemberStream]:
        """Gives something to read its content from.

        Raises:
            OSError: The archive cannot be read; or, while it is read, has become shorter.
        """
        with open(self.archive, "rb", buffering=0) as file:
            file.seek(self.offset)
            yield MemberStream(file, self.size)


def tar_members(archive: Path) -> list[TarMember]:
    """The ordinary files in an uncompressed archive, in its order; links, folders and devices are passed over.

    Where they are is kept in the user's cache, until the archive changes.

    Raises:
        SeqtasksError: There is no such archive, or it is compressed, no archive, damaged or cut off.
    """
    if archive.name.lower().endswith(COMPRESSED):
        raise SeqtasksError(
            f"{archive}: a compressed archive cannot be read at any place.",
            "Unpack it to .tar: images hardly compress.",
        )
    try:
        found = os.stat(archive)
        state = [FORMAT, found.st_size, found.st_mtime_ns]
        kept = user_cache("tar-indexes") / f"{hashlib.sha256(os.fsencode(archive.absolute())).hexdigest()[:40]}.json"
        places = read_index(kept, state)
        if places is None:
            places = list(scan(archive))
            write_index(kept, state, places)
    except FileNotFoundError:
        raise SeqtasksError(
            f"{archive}: there is no such file.", "Relative paths are resolved against the current directory."
        ) from None
    except OSError as error:
        raise SeqtasksError(f"{archive}: the file cannot be read ({error.strerror or error}).") from None
    return [TarMember(archive, *place) for place in places]


def scan(archive: Path) -> Iterator[tuple[str, int, int]]:
    """Name, offset and size of each ordinary file.

    Raises:
        SeqtasksError: A header is damaged, or the archive is cut off.
    """
    try:
        plain = scan_plain(archive)
        for name, offset, size in scan_any(archive) if plain is None else plain:
            yield name.removeprefix("./"), offset, size
    except (tarfile.TarError, UnicodeError, ValueError) as error:
        message = f"{archive}: the archive cannot be read to its end ({error})."
        raise SeqtasksError(message, "Download or create it again, uncompressed.") from None


def scan_plain(archive: Path) -> list[tuple[str, int, int]] | None:
    """The files of an archive of ordinary files and folders with short names; None for any other archive.

    That is what programs write that make shards, and several times as fast as `tarfile`.
    """
    found: list[tuple[str, int, int]] = []
    headers: list[bytes] = []
    checksums: list[int] = []
    with open(archive, "rb", buffering=0) as file:
        end, place = os.fstat(file.fileno()).st_size, 0
        while place < end:
            header = os.pread(file.fileno(), BLOCK, place)
            kind = header[156:157]
            if not any(header):
                break
            try:
                checksums.append(int(header[148:156].strip(b" \0"), 8))
                size = int(header[124:136].strip(b" \0"), 8)
                names = header[345:500] if header[257:263] == b"ustar\0" else b"", header[:100]
                name = "/".join(part for each in names if (part := each.partition(b"\0")[0].decode()))
            except ValueError:
                return None
            if kind not in (b"0", b"\0", b"5") or len(header) < BLOCK or size < 0:
                return None
            headers.append(header)
            if kind != b"5":
                found.append((name, place + BLOCK, size))
            place += BLOCK + -(-size // BLOCK) * BLOCK
    if not found or place > end:
        return None
    content = np.frombuffer(b"".join(headers), np.uint8).reshape(-1, BLOCK)
    sums = content.sum(1, np.int64) - content[:, 148:156].sum(1, np.int64) + 8 * ord(" ")
    return found if np.array_equal(sums, checksums) else None


def scan_any(archive: Path) -> Iterator[tuple[str, int, int]]:
    """The same by `tarfile`, which knows all kinds of archives."""
    with tarfile.open(archive, "r:") as tar:
        for each in tar:
            cast(Any, tar).members.clear()  # or all of them would be kept
            if each.isreg() and not each.issparse():
                yield each.name, each.offset_data, each.size
        end = cast(Any, tar).offset
    with open(archive, "rb") as file:
        file.seek(end)
        if any(file.read(BLOCK)):  # tarfile takes a header that is damaged for the end
            raise tarfile.ReadError(f"damaged header at byte {end:,}")


def read_index(path: Path, state: list[int]) -> list[Any] | None:
    """What `write_index` kept for an archive in this state; None where there is no such index, or a damaged one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_bytes())
        if kept["state"] == state:
            return list(zip(kept["names"], kept["offsets"], kept["sizes"], strict=True))
    return None


def write_index(path: Path, state: list[int], places: list[tuple[str, int, int]]) -> None:
    """Keeps an index; where nothing can be written, the headers are looked at again next time."""
    names, offsets, sizes = zip(*places, strict=True) if places else ((), (), ())
    with suppress(OSError, UnicodeError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            kept = {"state": state, "names": names, "offsets": offsets, "sizes": sizes}
            file.write(json.dumps(kept).encode())
