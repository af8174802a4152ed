"""What a machine can do to a program, done on purpose; `make fault-test` runs it.

    python tests/reliability/faults.py --times 5       # each fault at so many places, for each kind of work

A fault comes at one operation on a file of the work's directory, sampled over all of them, or lasts throughout: a full
disk, rights that are missing, reading errors, files that may not grow, no memory, clocks that jump, signals, workers
that die, a reader that goes. The program has to end with a right exit code and a sentence, never with a traceback or a
hang; all that looks like a model has to be whole; the same work without a fault then has to end as if there had been
none.
"""

from __future__ import annotations

import argparse
import errno
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import torch
from helpers import tiny_runs
from reliability.forked import age_parts, contents, differences, in_child, operations, run_straight, working_directory
from reliability.targets import Target, command_targets, unreadable

from seqtasks.encoders import backbones

LONGEST = 20
"""Seconds that work may take, whatever happens."""
ERROR = 1


class Fault(NamedTuple):
    """What goes wrong, and how the program may end then; where it can go on, with 0."""

    name: str
    arrange: Callable[[Path, int], None]
    """Gets the directory of the work and the number of the operation."""
    codes: tuple[int, ...]
    once: bool = False
    """Whether it lasts throughout, so that once is enough."""


def error_at(number: int) -> Callable[[Path, int], None]:
    """One operation fails with this error."""

    def arrange(root: Path, at: int) -> None:
        def reach(count: int) -> None:
            if count == at:
                raise OSError(number, os.strerror(number), "the disk")

        operations(root, reach)

    return arrange


def error_from(number: int) -> Callable[[Path, int], None]:
    """All operations from one on fail with this error."""

    def arrange(root: Path, at: int) -> None:
        def reach(count: int) -> None:
            if count >= at:
                raise OSError(number, os.strerror(number), "the disk")

        operations(root, reach)

    return arrange


def signals_at(*numbers: int) -> Callable[[Path, int], None]:
    def arrange(root: Path, at: int) -> None:
        def reach(count: int) -> None:
            if count == at:
                for number in numbers:
                    os.kill(os.getpid(), number)

        operations(root, reach)

    return arrange


def files_no_longer_than(root: Path, at: int) -> None:
    """Writing behind a place fails, in libraries too."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * at, 64 * at))


def little_memory(root: Path, at: int) -> None:
    """What is in use, and a little more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    limit = pages * resource.getpagesize() + at * 2**18
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def no_memory_at(root: Path, at: int) -> None:
    def reach(count: int) -> None:
        if count == at:
            raise MemoryError

    operations(root, reach)


def jumping_clocks(root: Path, at: int) -> None:
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


def closed_output(root: Path, at: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)


def lost_workers(root: Path, at: int) -> None:
    def reach(count: int) -> None:
        if count == at:
            for worker in multiprocessing.active_children():
                os.kill(worker.pid or 0, signal.SIGKILL)

    operations(root, reach)


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
    Fault("closed output", closed_output, (0, ERROR), once=True),
]


def check(target: Target, fault: Fault, at: int, root: Path, log: Path) -> Iterator[str]:
    """Does the work with a fault, and says what is wrong about its end."""

    def work() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONGEST)
        fault.arrange(root, at)
        target.run(root)

    status, _ = in_child(work, log)
    code = os.waitstatus_to_exitcode(status)
    told = log.read_text(encoding="utf-8", errors="replace")

    last = told.strip().rpartition("\n")[2]
    if code == -signal.SIGALRM:
        yield "a hang"
    elif code not in fault.codes:
        yield f"exit code {code}, {last!r}"
    if "Traceback" in told:
        yield f"a traceback, {last!r}"
    elif code == ERROR and "seqtasks: " not in told:
        yield f"no sentence, {last!r}"
    yield from unreadable(root)


def try_faults(target: Target, times: int, chance: random.Random, folder: Path) -> tuple[int, list[str]]:
    """Every fault at so many places of a work; how many there were, and what was wrong."""
    straight = run_straight(target, folder / "straight")
    root, log = folder / "faulty", folder / "log.txt"
    done, wrong = 0, list[str]()
    for fault in FAULTS:
        places = [1] if fault.once else sorted(chance.choices(range(1, straight.operations + 1), k=times))
        for at in places:
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            done += 1
            found = list(check(target, fault, at, root, log))
            age_parts(root)
            status, _ = in_child(lambda: target.run(root), log)
            if status:
                found.append(f"afterwards it ended with status {status}")
            found += differences(straight.files, contents(target, root))
            wrong += [f"{target.name}, {fault.name} at {at} of {straight.operations}: {each}" for each in found]
    return done, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=2, help="places of each fault")
    parser.add_argument("--only", default="", help="work whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    backbones.make_backbone_spec = tiny_runs.tiny_trunk
    wrong = []
    with working_directory() as place:
        tiny_runs.write_data(Path("data"))
        for number, target in enumerate(command_targets(place)):
            if arguments.only not in target.name:
                continue
            folder = place / f"target-{number}"
            folder.mkdir()
            started = time.monotonic()
            done, found = try_faults(target, arguments.times, random.Random(arguments.seed), folder)
            seconds = time.monotonic() - started
            print(f"{target.name}: {done} faults injected, {len(found)} not borne, {seconds:.0f} s", flush=True)
            print("".join(f"    {each}\n" for each in found), end="", flush=True)
            wrong += found
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
