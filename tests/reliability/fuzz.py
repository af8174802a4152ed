"""Random inputs for all that reads: no exception but ours, no hang, no growing memory; `make fuzz` runs it.

    python tests/reliability/fuzz.py --inputs 2000            # in all, as in CI
    python tests/reliability/fuzz.py --inputs 1000000 --seed 2

Small right inputs are changed at random; the seed and the number of an input decide about it. They are read in forked
processes, a block of them each, so that a crash in a library of others costs its block alone and is counted. Inputs
that bring one about are told by their numbers and never written down.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import random
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from reliability.forked import in_turn, parser_of, working_directory
from reliability.fuzzed import Fuzzed, all_fuzzed

from seqtasks.errors import SeqtasksError

LONGEST = 20
"""Seconds for an input."""
BLOCK = 5_000
"""Inputs for a process."""
SETTLED = 0.2
"""The part of a block after which memory must not grow any more."""
GROWTH = 150
"""MiB that it may grow all the same: what libraries load and keep when they are first used, such as FFmpeg's frames."""
TOLD = 5
"""Faults of a kind that are told with their inputs' numbers."""


class HangError(Exception):
    """An input took too long."""


class Found(NamedTuple):
    """What a block of inputs came to."""

    done: int
    refused: int
    faults: dict[str, list[int]]
    """The numbers of inputs by what they led to."""
    growth: float
    """Of the memory, in MiB."""


def memory() -> float:
    """What this process holds, in MiB, without what it has freed, of which glibc keeps the most ever used."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def hang(*_: object) -> None:
    raise HangError


def give_block(fuzzed: Fuzzed, first: int, count: int, seed: int, folder: Path, progress: Path) -> Found:
    signal.signal(signal.SIGALRM, hang)
    refused, faults, settled = 0, dict[str, list[int]](), 0.0
    warnings.simplefilter("ignore")
    with progress.open("wb", buffering=0) as place:
        for number in range(first, first + count):
            if number - first == int(SETTLED * count):
                settled = memory()
            os.pwrite(place.fileno(), number.to_bytes(8), 0)
            signal.alarm(LONGEST)
            try:
                fuzzed.give(random.Random(f"{seed} {fuzzed.name} {number}"), folder)
            except SeqtasksError:
                refused += 1
            except HangError:
                faults.setdefault("a hang", []).append(number)
            except Exception as error:
                frames = traceback.extract_tb(error.__traceback__)
                ours = [frame for frame in frames if "/seqtasks/" in frame.filename] or frames
                where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
                faults.setdefault(f"{type(error).__name__} at {where}: {str(error)[:100]}", []).append(number)
            finally:
                signal.alarm(0)
    return Found(count, refused, faults, memory() - settled)


def in_process(fuzzed: Fuzzed, first: int, count: int, seed: int, folder: Path) -> Found:
    """A block in a process of its own; where that dies, what comes behind the input in another one."""
    result, progress = folder / "result", folder / "progress"
    process = os.fork()
    if process == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders have much to say
        result.write_bytes(pickle.dumps(tuple(give_block(fuzzed, first, count, seed, folder, progress))))
        os._exit(0)
    status = os.waitpid(process, 0)[1]
    if status == 0:
        return Found(*pickle.loads(result.read_bytes()))
    died = int.from_bytes(progress.read_bytes())
    reason = f"the process ended with status {os.waitstatus_to_exitcode(status)}"
    found = Found(died + 1 - first, 0, {reason: [died]}, 0.0)
    left = first + count - (died + 1)
    return together(found, in_process(fuzzed, died + 1, left, seed, folder)) if left else found


def together(one: Found, other: Found) -> Found:
    faults = {reason: one.faults.get(reason, []) + other.faults.get(reason, []) for reason in one.faults | other.faults}
    growth = max(one.growth, other.growth)
    return Found(one.done + other.done, one.refused + other.refused, faults, growth)


def fuzz(fuzzed: Fuzzed, count: int, seed: int, folder: Path) -> Found:
    found = Found(0, 0, {}, 0.0)
    for first in range(0, count, BLOCK):
        found = together(found, in_process(fuzzed, first, min(BLOCK, count - first), seed, folder))
    return found


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--inputs", type=int, default=2_000, help="in all")
    arguments = parser.parse_args()
    wrong, total = Counter[str](), 0
    with working_directory() as place:
        known = all_fuzzed(place)
        shares = sum(each.share for each in known if arguments.only in each.name)
        for each, folder in in_turn(known, arguments.only, place):
            started = time.monotonic()
            count = max(1, round(arguments.inputs * each.share / shares))
            found = fuzz(each, count, arguments.seed, folder)
            total += found.done
            faults = sum(map(len, found.faults.values()))
            print(
                f"{each.name}: {found.done:,} inputs, {found.refused:,} refused, {faults} faults, "
                f"{time.monotonic() - started:.0f} s, memory {found.growth:+.0f} MiB",
                flush=True,
            )
            for reason, numbers in found.faults.items():
                print(f"    {reason}: inputs {', '.join(map(str, numbers[:TOLD]))} ({len(numbers)})", flush=True)
                wrong[each.name] += len(numbers)
            if found.growth > GROWTH:
                print(f"    memory grows: {found.growth:.0f} MiB")
                wrong[each.name] += 1
    print(f"{total:,} inputs, {wrong.total()} faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
