"""The results of the batches of a long job, kept until all are done: a job that is run again does only what is missing.

A folder has a file for each batch, named by a key of all that its result depends on. Files appear whole, so that a key
that is there is done, whoever was killed. What belongs to another input or model has other keys, and is not used.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from seqtasks.storage.atomic import atomic_file
from seqtasks.storage.directory_lock import lock_directory
from seqtasks.storage.urls import file_system, told, url_of

SUFFIX = ".json"


@dataclass
class BatchResult:
    """What a command has to write and to report of a batch of its input."""

    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How many there are of what should not be, by what they are called."""
    messages: list[str] = field(default_factory=list)
    failed: int = 0
    """Items without a result; `messages` say why."""

    def add_report(self, other: BatchResult) -> None:
        """Adds what another result reports, not the lines that it writes."""
        self.counts.update(other.counts)
        self.messages += other.messages
        self.failed += other.failed

    @classmethod
    def joined(cls, results: Iterable[BatchResult]) -> BatchResult:
        """Those of consecutive batches as one."""
        whole = cls()
        for result in results:
            whole.lines += result.lines
            whole.add_report(result)
        return whole


class ResultStore(Protocol):
    """Where the results of finished batches are kept."""

    def keys(self) -> set[str]:
        """Those of all batches that are done."""

    def read(self, key: str) -> BatchResult:
        """The result of a batch that is done."""

    def write(self, key: str, result: BatchResult) -> None:
        """Keeps a result: whole, or not at all."""

    def remove(self) -> None:
        """Removes all."""

    def lock(self) -> AbstractContextManager[None]:
        """Holds the store; raises SeqtasksError where another job does."""


def open_result_store(output: Path) -> ResultStore:
    """The results for an output, which may be a URL, in the folder beside it that is called as it is and `.parts`."""
    url = url_of(output)
    return Folder(output) if url is None else UrlFolder(f"{url}.parts")


class Folder:
    """Results in a folder beside an output, on a disk of this machine."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.path = output.with_name(f"{output.name}.parts")

    def keys(self) -> set[str]:
        """Those of all batches that are done."""
        return {file.stem for file in self.path.glob(f"*{SUFFIX}")}

    def read(self, key: str) -> BatchResult:
        """The result of a batch that is done."""
        return parse((self.path / f"{key}{SUFFIX}").read_bytes())

    def write(self, key: str, result: BatchResult) -> None:
        """Keeps a result: whole, or not at all."""
        self.path.mkdir(exist_ok=True)
        with atomic_file(self.path / f"{key}{SUFFIX}") as file:
            file.write(serialize(result))

    def remove(self) -> None:
        """Removes all."""
        shutil.rmtree(self.path, ignore_errors=True)

    def lock(self) -> AbstractContextManager[None]:
        """Holds the store; raises SeqtasksError where another job does."""
        return lock_directory(
            self.path,
            f"Another job is writing {self.output}",
            "Wait for it, stop it, or choose another output (--output).",
        )


class UrlFolder:
    """Results in an object store, where what is written appears whole.

    Object stores have no locks that end with their program: two jobs at a time are not noticed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.system, self.path = file_system(url)

    def keys(self) -> set[str]:
        """Those of all batches that are done."""
        with told(self.url):
            if not self.system.exists(self.path):
                return set()
            names = (name.rpartition("/")[2] for name in self.system.ls(self.path, detail=False))
            return {name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)}

    def read(self, key: str) -> BatchResult:
        """The result of a batch that is done."""
        with told(self.url):
            return parse(self.system.cat_file(f"{self.path}/{key}{SUFFIX}"))

    def write(self, key: str, result: BatchResult) -> None:
        """Keeps a result: whole, or not at all."""
        with told(self.url):
            self.system.makedirs(self.path, exist_ok=True)
            self.system.pipe_file(f"{self.path}/{key}{SUFFIX}", serialize(result))

    def remove(self) -> None:
        """Removes all."""
        with told(self.url):
            if self.system.exists(self.path):
                self.system.rm(self.path, recursive=True)

    def lock(self) -> AbstractContextManager[None]:
        """Holds nothing."""
        return nullcontext()


def serialize(result: BatchResult) -> bytes:
    """A result as JSON, in which bytes of file names that are no UTF-8 survive."""
    return json.dumps(vars(result)).encode()


def parse(content: bytes) -> BatchResult:
    """The result that was serialized so."""
    fields = json.loads(content)
    return BatchResult(**{**fields, "counts": Counter(fields["counts"])})
