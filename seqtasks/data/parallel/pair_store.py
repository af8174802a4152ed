"""Sentence pairs that were read once and stay on disk, where each is found at once.

    folder/texts.bin    source and target of each pair, UTF-8, one behind the other
    folder/index.bin    of each pair: where it begins, a hash of the source, how long that is, a checksum of both
    folder/store.json   how many pairs there are, a digest of their texts, what was skipped when they were read

A store is known by the file that it was read from and by how that was read; see `store_writer`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Int

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.mapped import give_back
from seqtasks.errors import SeqtasksError

VERSION = 1
TEXTS, INDEX, ABOUT = "texts.bin", "index.bin", "store.json"
ENTRY = np.dtype([("start", "<u8"), ("key", "<u8"), ("source", "<u4"), ("crc", "<u4")])
"""Of each pair; a last one says where all end."""
KEYS = 2**16
"""Hashes of sources that are looked at at a time."""


class PairStore:
    """The pairs in a folder that `write_store` wrote.

    Nothing of them is kept in memory: texts are read when they are asked for, and the index is mapped.

    Args:
        folder: Where they are.

    Raises:
        SeqtasksError: A file is missing, or is not as long as it was.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            self.index = np.memmap(folder / INDEX, ENTRY, mode="r")
            self.texts = os.open(folder / TEXTS, os.O_RDONLY)
            whole = (
                len(self.index) == self.about["pairs"] + 1 and self.index["start"][-1] == os.fstat(self.texts).st_size
            )
        except (OSError, ValueError, KeyError) as error:
            raise self.damaged() from error
        if not whole:
            raise self.damaged()

    def __del__(self) -> None:
        if hasattr(self, "texts"):
            os.close(self.texts)

    def __len__(self) -> int:
        return len(self.index) - 1

    @property
    def digest(self) -> str:
        """SHA-256 of all texts."""
        return str(self.about["digest"])

    def pairs(self, numbers: Int[np.ndarray, " pairs"]) -> list[Pair]:
        """The pairs with these numbers, read from the disk.

        Raises:
            SeqtasksError: One is not what was written.
        """
        entries, ends = self.index[numbers], self.index["start"][numbers + 1]
        found = []
        for (start, _, source, crc), end in zip(entries.tolist(), ends.tolist(), strict=True):
            content = os.pread(self.texts, end - start, start)
            if crc32(content) != crc:
                raise self.damaged()
            found.append(Pair(content[:source].decode(), content[source:].decode()))
        return found

    def lengths(self, numbers: Int[np.ndarray, " pairs"]) -> Int[np.ndarray, "2 pairs"]:
        """The bytes of the sources and of the targets of these pairs."""
        sources = self.index["source"][numbers].astype(np.int64)
        starts = self.index["start"]
        return np.stack([sources, (starts[numbers + 1] - starts[numbers]).astype(np.int64) - sources])

    def key_blocks(self) -> Iterator[tuple[int, Any]]:
        """The hashes of the sources of all pairs in blocks, each with the number of its first pair."""
        for start in range(0, len(self), KEYS):
            yield start, self.index["key"][start : min(start + KEYS, len(self))]
            self.release()

    def release(self) -> None:
        """Gives back the memory of the index, of which the system keeps as much as there is room for."""
        give_back(self.index)

    def tell(self, report: ReadReport) -> None:
        """Adds what was skipped when the pairs were read to a report."""
        report.add(self.about["report"])

    def damaged(self) -> SeqtasksError:
        """The error of a store whose files are not as they were written."""
        return SeqtasksError(
            f"{self.folder}: the stored sentence pairs are damaged.", "Delete the folder: it is made again."
        )


def source_key(source: bytes) -> bytes:
    """A hash of a source, by which equal ones are found: 64 bits, little-endian."""
    return hashlib.blake2b(source, digest_size=8).digest()
