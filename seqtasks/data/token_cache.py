"""The token ids of numbered texts: each is tokenized once, and stays on disk for all processes and all epochs.

    folder/tokens.bin    one record behind the other: a checksum, then the ids, two bytes each where they fit
    folder/places.bin    of each text: where its record begins, and how many ids it has; 0 for one that has none yet

What is in the files follows from the texts and the tokenizer alone, in whatever order records come.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from filelock import FileLock
from jaxtyping import Int, Integer
from numpy.typing import NDArray

from seqtasks.data.mapped import give_back

TOKENS, PLACES = "tokens.bin", "places.bin"
LENGTH_BITS = 20
"""Of a place, those that count the ids; a text with more is not kept."""
CHECKSUM = 4
"""Bytes of a checksum (CRC-32)."""


class TokenCache:
    """Token ids by the number of their text.

    Args:
        folder: Known by the texts and the tokenizer; it is made where there is none.
        texts: How many there are.
        vocab_size: Ids are below this.

    Raises:
        OSError: The disk refuses.
    """

    def __init__(self, folder: Path, texts: int, vocab_size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.dtype = id_dtype(vocab_size)
        self.lock = FileLock(folder / "lock")
        self.is_full = False
        with self.lock:
            self.tokens = os.open(folder / TOKENS, os.O_RDWR | os.O_CREAT, 0o666)
            with open(folder / PLACES, "ab") as places:
                places.truncate(8 * texts)  # full of holes, which take no room and are read as 0
        self.places = np.memmap(folder / PLACES, "<u8", mode="r+", shape=(texts,))

    def __del__(self) -> None:
        if hasattr(self, "tokens"):
            os.close(self.tokens)

    def lengths(self, numbers: Int[np.ndarray, " texts"]) -> Int[np.ndarray, " texts"]:
        """How many ids these texts have; 0 for each that was not tokenized yet."""
        lengths: Int[np.ndarray, " texts"] = (self.places[numbers] & np.uint64(2**LENGTH_BITS - 1)).astype(np.int64)
        return lengths

    def get(self, numbers: Int[np.ndarray, " texts"]) -> list[NDArray[np.integer] | None]:
        """The ids of these texts; None for each that was not tokenized yet, or is damaged."""
        found: list[NDArray[np.integer] | None] = []
        for place in self.places[numbers].tolist():
            length, start = place & (2**LENGTH_BITS - 1), place >> LENGTH_BITS
            record = os.pread(self.tokens, CHECKSUM + length * self.dtype.itemsize, start) if place else b""
            ids = record[CHECKSUM:]
            whole = place > 0 and crc32(ids) == int.from_bytes(record[:CHECKSUM], "little")
            found.append(np.frombuffer(ids, self.dtype) if whole else None)
        return found

    def release(self) -> None:
        """Gives back the memory of what was looked up, of which the system keeps as much as there is room for."""
        give_back(self.places)

    def put(
        self, numbers: Int[np.ndarray, " texts"], sequences: Sequence[Sequence[int] | Integer[np.ndarray, "_"]]
    ) -> None:
        """Keeps the ids of texts; where the disk is full, nothing more is kept and training goes on without."""
        if self.is_full:
            return
        records = []
        for ids in sequences:
            content = np.asarray(ids, self.dtype).tobytes()
            records.append(crc32(content).to_bytes(CHECKSUM, "little") + content)
        lengths = np.array([len(ids) for ids in sequences], np.uint64)
        sizes = np.array([len(record) for record in records], np.uint64)
        fits = (lengths > 0) & (lengths < 2**LENGTH_BITS)
        try:
            with self.lock:
                start = os.lseek(self.tokens, 0, os.SEEK_END)
                written = memoryview(b"".join(records))
                while written:
                    written = written[os.write(self.tokens, written) :]
                starts = np.cumsum(sizes) - sizes + np.uint64(start)
                self.places[numbers[fits]] = (starts << np.uint64(LENGTH_BITS) | lengths)[fits]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.is_full = True
            warnings.warn(
                f"{self.folder}: the disk is full; texts are tokenized anew in each epoch. "
                "Set data.cache_dir to a folder with room.",
                stacklevel=2,
            )


def id_dtype(vocab_size: int) -> np.dtype[Any]:
    """The smallest type that holds all ids below this."""
    return np.dtype("<u2" if vocab_size <= 2**16 else "<u4")
