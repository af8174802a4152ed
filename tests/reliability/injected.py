"""What a machine can do to a program: the faults that `faults.py` injects."""

from __future__ import annotations

import builtins
import errno
import io
import multiprocessing
import os
import random
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ERROR = 1
"""The exit code of a command that failed."""
SHORT = 7
"""Bytes that a short read or write moves at most."""
INTERRUPTIONS = 0.002
"""Seconds between signals that interrupt what waits."""

Watch = Callable[[Callable[[int], None]], None]
"""Calls a function with the number of each operation on a file, before it happens."""
Arrange = Callable[[Watch, int], None]


class Fault(NamedTuple):
    """What goes wrong, and how the program may end then; where it can go on, with 0."""

    name: str
    arrange: Arrange
    """Gets what watches operations on files, and the number of one."""
    codes: tuple[int, ...]
    once: bool = False
    """Whether it lasts throughout, so that once is enough."""
    quiet: bool = False
    """Whether a failure may be without a sentence: whoever has closed the output knows why."""


def error_at(number: int) -> Arrange:
    """One operation fails with this error."""

    def arrange(watch: Watch, at: int) -> None:
        def reach(count: int) -> None:
            if count == at:
                raise OSError(number, os.strerror(number), "the disk")

        watch(reach)

    return arrange


def error_from(number: int) -> Arrange:
    """All operations from one on fail with this error."""

    def arrange(watch: Watch, at: int) -> None:
        def reach(count: int) -> None:
            if count >= at:
                raise OSError(number, os.strerror(number), "the disk")

        watch(reach)

    return arrange


def signals_at(*numbers: int) -> Arrange:
    def arrange(watch: Watch, at: int) -> None:
        def reach(count: int) -> None:
            if count == at:
                for number in numbers:
                    os.kill(os.getpid(), number)

        watch(reach)

    return arrange


def files_no_longer_than(watch: Watch, at: int) -> None:
    """Writing behind a place fails, in libraries too."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * at, 64 * at))


def little_memory(watch: Watch, at: int) -> None:
    """What is in use, and a little more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    limit = pages * resource.getpagesize() + at * 2**18
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def no_memory_at(watch: Watch, at: int) -> None:
    def reach(count: int) -> None:
        if count == at:
            raise MemoryError

    watch(reach)


def jumping_clocks(watch: Watch, at: int) -> None:
    """The time of day goes back and forth by up to a day; other clocks go on by minutes, as after a sleep."""
    chance = random.Random(at)
    now, slept = time.time, [0.0]
    time.time = lambda: now() + chance.uniform(-86_400.0, 86_400.0)

    def asleep(clock: Callable[[], float]) -> Callable[[], float]:
        def read() -> float:
            slept[0] += chance.choice([0.0, 0.0, 0.0, 0.0, 600.0])
            return clock() + slept[0]

        return read

    time.monotonic, time.perf_counter = asleep(time.monotonic), asleep(time.perf_counter)


def closed_output(watch: Watch, at: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)


def lost_workers(watch: Watch, at: int) -> None:
    def reach(count: int) -> None:
        if count == at:
            for worker in multiprocessing.active_children():
                os.kill(worker.pid or 0, signal.SIGKILL)

    watch(reach)


class ShortFile(io.FileIO):
    """A file that moves a few bytes at a time, as pipes and file systems of networks may."""

    def readinto(self, buffer: Any) -> int | None:
        return super().readinto(memoryview(buffer).cast("B")[:SHORT])

    def read(self, size: int | None = -1) -> bytes | None:
        return super().read(SHORT if size is None or size < 0 else min(size, SHORT))

    def readall(self) -> bytes:
        return b"".join(iter(self.read, b""))

    def write(self, data: Any) -> int | None:
        return super().write(memoryview(data).cast("B")[:SHORT])


def short_open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """As `open`, with a `ShortFile`."""
    raw = ShortFile(file, mode.replace("b", "").replace("t", ""), closefd, opener)
    if buffering == 0:
        return raw
    kind = io.BufferedRandom if "+" in mode else io.BufferedReader if raw.readable() else io.BufferedWriter
    buffered = kind(raw)
    return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


def short_transfers(watch: Watch, at: int) -> None:
    """Reading and writing move less than was asked for."""
    read, write = os.read, os.write
    os.read = lambda file, size: read(file, min(size, SHORT))
    os.write = lambda file, data: write(file, memoryview(data).cast("B")[:SHORT])
    io.open = builtins.open = short_open


def interrupted_calls(watch: Watch, at: int) -> None:
    """Signals arrive all the time, so that calls of the system end before they have done anything (EINTR)."""
    signal.signal(signal.SIGUSR1, lambda *_: None)
    process = os.getpid()

    def interrupt() -> None:
        while True:
            time.sleep(INTERRUPTIONS)
            os.kill(process, signal.SIGUSR1)

    threading.Thread(target=interrupt, daemon=True).start()


FAULTS = [
    Fault("full disk, once", error_at(errno.ENOSPC), (0, ERROR)),
    Fault("full disk from then on", error_from(errno.ENOSPC), (0, ERROR)),
    Fault("no rights from then on", error_from(errno.EACCES), (0, ERROR)),
    Fault("read-only disk from then on", error_from(errno.EROFS), (0, ERROR)),
    Fault("input or output error, once", error_at(errno.EIO), (0, ERROR)),
    Fault("too many open files, once", error_at(errno.EMFILE), (0, ERROR)),
    Fault("files that may not grow", files_no_longer_than, (0, ERROR)),
    Fault("no memory, once", no_memory_at, (0, ERROR)),
    Fault("little memory", little_memory, (0, ERROR)),
    Fault("clocks that jump", jumping_clocks, (0,)),
    Fault("SIGTERM", signals_at(signal.SIGTERM), (0, 143, -signal.SIGTERM)),
    Fault("SIGHUP", signals_at(signal.SIGHUP), (0, 129, -signal.SIGHUP)),
    Fault("SIGINT", signals_at(signal.SIGINT), (0, 130)),
    Fault("SIGINT twice", signals_at(signal.SIGINT, signal.SIGINT), (0, 130)),
    Fault("workers that die", lost_workers, (0, ERROR)),
    Fault("closed output", closed_output, (0, ERROR), once=True, quiet=True),
    Fault("short reads and writes", short_transfers, (0,), once=True),
    Fault("interrupted calls", interrupted_calls, (0,), once=True),
]
