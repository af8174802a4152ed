"""What is killed again and again ends as if it had not been; `make kill-test` runs it.

    python tests/reliability/kills.py --kills 25                      # a task, as in CI
    python tests/reliability/kills.py --kills 200 --processes 1 2     # by hand

A child is forked once everything is imported, works in a directory (trains, fills a cache, exports, translates), and
dies by SIGKILL: at its n-th operation on a file of that directory, or at a random moment. The next one goes on. After
every kill all that looks like a model has to be whole; at the end weights, features and exported files, and the names
of all files, have to be those of the work that nobody killed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from helpers import tiny_runs
from reliability import forked
from reliability.targets import Target, all_targets, unreadable


class Killed(NamedTuple):
    """What was found of one target."""

    kills: int
    runs: int
    """How often it came to its end all the same."""
    ways: Counter[str]
    faults: list[str]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_target(target: Target, kills: int, chance: random.Random, folder: Path) -> Killed:
    """Kills a target so many times."""
    straight = forked.run_straight(target, folder / "straight")
    root = folder / "killed"
    done, runs, faults, ways = 0, 0, list[str](), Counter[str]()
    while done < kills:
        shutil.rmtree(root, ignore_errors=True)
        runs += 1
        while True:
            kind = "never" if done >= kills else chance.choice(["an operation", "an operation", "a moment"])
            at = chance.randint(1, straight.operations)
            after = chance.uniform(0.0, straight.seconds)

            def work(kind: str = kind, at: int = at, after: float = after) -> None:
                if kind == "an operation":
                    forked.operations(target, root, lambda count: die() if count == at else None)
                elif kind == "a moment":
                    signal.signal(signal.SIGALRM, lambda *_: die())
                    signal.setitimer(signal.ITIMER_REAL, after)
                target.run(root)

            status, _ = forked.in_child(work)
            if not os.WIFSIGNALED(status):
                if status != 0:
                    faults.append(f"run {runs}: ended with status {status}")
                break
            done += 1
            ways[kind] += 1
            faults += [f"kill {done} ({kind} {at}): {reason}" for reason in unreadable(root)]
            forked.age_parts(root)
        faults += [
            f"run {runs}: {difference}"
            for difference in forked.differences(straight.files, forked.contents(target, root))
        ]
    return Killed(done, runs, ways, [f"{target.name}, {fault}" for fault in faults])


def main() -> None:
    parser = forked.parser_of(__doc__)
    parser.add_argument("--kills", type=int, default=25, help="for each task and number of processes")
    parser.add_argument("--tasks", nargs="*", choices=[*tiny_runs.CONFIGURATIONS], default=[*tiny_runs.CONFIGURATIONS])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--trainings-only", action="store_true", help="leave out caches, exports, outputs")
    arguments = parser.parse_args()
    faults = []
    with forked.working_directory() as place:
        targets = all_targets(arguments.tasks, arguments.processes, not arguments.trainings_only, place)
        for target, folder in forked.in_turn(targets, arguments.only, place):
            started = time.monotonic()
            found = kill_target(target, arguments.kills, random.Random(f"{arguments.seed} {target.name}"), folder)
            moments = ", ".join(f"{count} at {kind}" for kind, count in sorted(found.ways.items()))
            print(
                f"{target.name}: {found.kills} kills ({moments}) in {found.runs} runs, "
                f"{len(found.faults)} faults, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            faults += found.faults
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
