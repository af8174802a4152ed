"""Sentence pairs are read once and written as a `PairStore`, and found again from then on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.files.patterns import matching_files
from seqtasks.data.ordered_map import ordered_map
from seqtasks.data.parallel.pair_lines import Line, PairLines, Parse
from seqtasks.data.parallel.pair_store import ABOUT, ENTRY, INDEX, TEXTS, VERSION, PairStore, source_key
from seqtasks.data.parallel.readers import all_pairs, with_texts
from seqtasks.data.parallel.source import Languages, ParallelSource
from seqtasks.data.text_io import require_file
from seqtasks.device import available_cores
from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import atomic_directory
from seqtasks.storage.pipes import is_pipe

BLOCK = 2**11
"""Lines or pairs that are taken apart and written at a time."""
FEW, MOST = 2**4, 8
"""Blocks that are made without further processes, and the most processes that make others."""
PARTS, PART_BYTES = 64, 2**16
"""So many parts of a file, with its size and time, say whether it is the one that was read."""

Packed = tuple[bytes, NDArray[Any]]
"""Texts, and their entries."""


def write_store(pairs: Iterable[Pair], folder: Path, report: ReadReport) -> None:
    """Writes pairs as a `PairStore`; lines of text are taken apart in several processes.

    Args:
        pairs: As `all_pairs` gives them. Those with an empty side are left out.
        folder: An empty one.
        report: That of the reader of the pairs.
    """
    texts_digest, bounds_digest, start, count = hashlib.sha256(), hashlib.sha256(), 0, 0
    with open(folder / TEXTS, "wb") as texts, open(folder / INDEX, "wb") as index:
        for contents, entries in packed_blocks(pairs, report):
            texts_digest.update(contents)
            bounds_digest.update(np.stack([entries["source"], entries["crc"]], axis=1).tobytes())
            texts.write(contents)
            entries["start"] += start
            entries.tofile(index)
            start, count = start + len(contents), count + len(entries)
        np.array([(start, 0, 0, 0)], ENTRY).tofile(index)
    digest = hashlib.sha256(bounds_digest.digest() + texts_digest.digest()).hexdigest()
    about = {"version": VERSION, "pairs": count, "digest": digest, "report": report.state()}
    (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8")


def packed_blocks(pairs: Iterable[Pair], report: ReadReport) -> Iterator[Packed]:
    """All pairs that have two texts, block by block."""
    if not isinstance(pairs, PairLines):
        kept = with_texts(pairs, report)
        yield from map(packed, iter(lambda: list(islice(kept, BLOCK)), []))
        return
    lines, cores = pairs.lines, available_cores()
    blocks = iter(lambda: list(islice(lines, BLOCK)), [])
    processes = min(cores, MOST) if cores > 1 else 0
    for block, state in ordered_map(partial(packed_lines, pairs.parse), blocks, processes=processes, few=FEW):
        report.add(state)
        yield block


def packed_lines(parse: Parse, lines: list[Line]) -> tuple[Packed, dict[str, Any]]:
    """The pairs in some lines, and the state of the report of them."""
    report = ReadReport()
    return packed(list(with_texts(parse(lines, report), report))), report.state()


def packed(block: list[Pair]) -> Packed:
    """The texts of a block of pairs as a store has them, and their entries, as if nothing were before them."""
    sources = [pair.source.encode() for pair in block]
    contents = [source + pair.target.encode() for source, pair in zip(sources, block, strict=True)]
    entries = np.empty(len(block), ENTRY)
    lengths = np.fromiter(map(len, contents), np.uint64, len(block))
    entries["start"] = np.cumsum(lengths) - lengths
    entries["key"] = np.frombuffer(b"".join(map(source_key, sources)), "<u8")
    entries["source"] = [len(source) for source in sources]
    entries["crc"] = [crc32(content) for content in contents]
    return b"".join(contents), entries


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
                    write_store(all_pairs(source, report, languages), part, report)
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
