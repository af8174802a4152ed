"""What a machine can do to a program, done on purpose; `make fault-test` runs it.

    python tests/reliability/faults.py --times 5       # each fault at so many places, for each kind of work

A fault comes at one operation on a file of the work's directory, sampled over all of them, or lasts throughout: a full
disk, rights that are missing, reading errors, files that may not grow, no memory, clocks that jump, signals, workers
that die, a reader that goes. The program has to end with a right exit code and a sentence, never with a traceback or a
hang; all that looks like a model has to be whole; the same work without a fault then has to end as if there had been
none.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from reliability import forked
from reliability.injected import ERROR, FAULTS, Fault
from reliability.targets import Target, command_targets, unreadable

LONGEST = 20
"""Seconds that work may take, whatever happens."""


def check(target: Target, straight: forked.Straight, fault: Fault, at: int, root: Path, log: Path) -> Iterator[str]:
    """Does the work with a fault, and says what is wrong about its end."""

    def work() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONGEST)
        fault.arrange(partial(forked.operations, target, root), at)
        target.run(root)

    status, _ = forked.in_child(work, log)
    code = os.waitstatus_to_exitcode(status)
    told = log.read_text(encoding="utf-8", errors="replace")

    last = told.strip().rpartition("\n")[2]
    if code == -signal.SIGALRM:
        yield "a hang"
    elif code not in fault.codes:
        yield f"exit code {code}, {last!r}"
    if "Traceback" in told:
        yield f"a traceback, {last!r}"
    elif code == ERROR and not fault.quiet and "seqtasks: " not in told:
        yield f"no sentence, {last!r}"
    yield from unreadable(root)
    if fault.codes == (0,):
        yield from forked.differences(straight.files, forked.contents(target, root))


def try_faults(target: Target, times: int, chance: random.Random, folder: Path) -> tuple[int, list[str]]:
    """Every fault at so many places of a work; how many there were, and what was wrong."""
    straight = forked.run_straight(target, folder / "straight")
    root, log = folder / "faulty", folder / "log.txt"
    done, wrong = 0, list[str]()
    for fault in FAULTS:
        places = [1] if fault.once else sorted(chance.choices(range(1, straight.operations + 1), k=times))
        for at in places:
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            done += 1
            found = list(check(target, straight, fault, at, root, log))
            forked.age_parts(root)
            status, _ = forked.in_child(lambda: target.run(root), log)
            if status:
                found.append(f"afterwards it ended with status {status}")
            found += forked.differences(straight.files, forked.contents(target, root))
            wrong += [f"{target.name}, {fault.name} at {at} of {straight.operations}: {each}" for each in found]
    return done, wrong


def main() -> None:
    parser = forked.parser_of(__doc__)
    parser.add_argument("--times", type=int, default=2, help="places of each fault")
    arguments = parser.parse_args()
    wrong = []
    with forked.working_directory() as place:
        for target, folder in forked.in_turn(command_targets(place), arguments.only, place):
            started = time.monotonic()
            done, found = try_faults(target, arguments.times, random.Random(arguments.seed), folder)
            seconds = time.monotonic() - started
            print(f"{target.name}: {done} faults injected, {len(found)} not borne, {seconds:.0f} s", flush=True)
            print("".join(f"    {each}\n" for each in found), end="", flush=True)
            wrong += found
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
