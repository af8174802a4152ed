"""Sentence pairs that were read once and stay on disk, where each is found at once.

    folder/texts.bin    source and target of each pair, UTF-8, one behind the other
    folder/index.bin    of each pair: where it begins, a hash of the source, how long that is, a checksum of both
    folder/store.json   how many pairs there are, a digest of their texts, what was skipped when they were read

A store is known by the file that it was read from and by how that was read; see `open_store`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from filelock import FileLock
from jaxtyping import Int

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.files.patterns import matching_files
from seqtasks.data.mapped import give_back
from seqtasks.data.parallel.readers import read_texts
from seqtasks.data.parallel.source import Languages, ParallelSource
from seqtasks.data.text_io import require_file
from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import atomic_directory
from seqtasks.storage.pipes import is_pipe

VERSION = 1
TEXTS, INDEX, ABOUT = "texts.bin", "index.bin", "store.json"
ENTRY = np.dtype([("start", "<u8"), ("key", "<u8"), ("source", "<u4"), ("crc", "<u4")])
"""Of each pair; a last one says where all end."""
BLOCK = 2**9
"""Pairs that are written at a time: few enough to stay in the processor's cache."""
KEYS = 2**16
"""Hashes of sources that are looked at at a time."""
PARTS, PART_BYTES = 64, 2**16
"""So many parts of a file, with its size and time, say whether it is the one that was read."""


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


def write_store(pairs: Iterable[Pair], folder: Path, report: ReadReport) -> None:
    """Writes pairs as a `PairStore`.

    Args:
        pairs: Each is written as it comes.
        folder: An empty one.
        report: That of the reader of the pairs, once they are all read.
    """
    digest, start, count = hashlib.sha256(), 0, 0
    iterator = iter(pairs)
    with open(folder / TEXTS, "wb") as texts, open(folder / INDEX, "wb") as index:
        while block := list(islice(iterator, BLOCK)):
            sources = [pair.source.encode() for pair in block]
            contents = [source + pair.target.encode() for source, pair in zip(sources, block, strict=True)]
            entries = np.empty(len(block), ENTRY)
            lengths = np.fromiter(map(len, contents), np.uint64, len(block))
            ends = np.cumsum(lengths) + np.uint64(start)
            entries["start"] = ends - lengths
            entries["key"] = np.frombuffer(b"".join(map(source_key, sources)), "<u8")
            entries["source"] = [len(source) for source in sources]
            entries["crc"] = [crc32(content) for content in contents]
            written = b"".join(contents)
            digest.update(entries["source"].tobytes())
            digest.update(written)
            texts.write(written)
            entries.tofile(index)
            start, count = int(ends[-1]), count + len(block)
        np.array([(start, 0, 0, 0)], ENTRY).tofile(index)
    about = {"version": VERSION, "pairs": count, "digest": digest.hexdigest(), "report": report.state()}
    (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8")


def source_key(source: bytes) -> bytes:
    """A hash of a source, by which equal ones are found: 64 bits, little-endian."""
    return hashlib.blake2b(source, digest_size=8).digest()


def open_store(source: ParallelSource, languages: Languages, cache: Path) -> PairStore:
    """The pairs of a source, which are read the first time and found again as long as its files stay as they are.

    Processes that ask for the same one at once wait for the first of them.

    Args:
        source: Where the pairs come from.
        languages: The codes of source and target.
        cache: The folder of all stores.

    Raises:
        SeqtasksError: The files cannot be read, or the disk refuses.
    """
    folder = cache / identity(source, languages)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                report = ReadReport()
                with atomic_directory(folder) as part:
                    write_store(read_texts(source, report, languages), part, report)
    except OSError as error:
        raise SeqtasksError(
            f"{folder} cannot be written: {error.strerror or error}.",
            "Sentence pairs that are not kept in memory are copied there: set data.cache_dir to a folder with room.",
        ) from error
    return PairStore(folder)


def identity(source: ParallelSource, languages: Languages) -> str:
    """A digest of all that decides about the pairs of a source: its files, how they are read, the languages.

    Files are known by path, size, time, and parts of their content.

    Raises:
        SeqtasksError: There is no such file.
    """
    options = source.model_dump(mode="json", exclude={"path", "source", "target", "weight"})
    known = hashlib.sha256(json.dumps([VERSION, options, languages]).encode())
    given = [path for path in (source.path, source.source, source.target) if path is not None]
    for path in [file for each in given for file in matching_files(each)]:
        if is_pipe(path):
            raise SeqtasksError(f"{path} is a pipe, which can be read only once.", "Set data.keep_in_memory = true.")
        require_file(path)
        with open(path, "rb") as file:
            stat = os.fstat(file.fileno())
            known.update(json.dumps([str(path.resolve()), stat.st_size, stat.st_mtime_ns]).encode())
            for place in np.linspace(0, max(0, stat.st_size - PART_BYTES), PARTS).astype(int).tolist():
                file.seek(place)
                known.update(file.read(PART_BYTES))
    return known.hexdigest()[:40]
