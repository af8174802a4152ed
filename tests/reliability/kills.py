"""What is killed again and again ends as if it had not been; `make kill-test` runs it.

    python tests/reliability/kills.py --kills 25                      # a task, as in CI
    python tests/reliability/kills.py --kills 200 --processes 1 2     # by hand

A child is forked once everything is imported, works in a directory (trains, fills a cache, exports, translates), and
dies by SIGKILL: at its n-th operation on a file of that directory, or at a random moment. The next one goes on. After
every kill all that looks like a model has to be whole; at the end weights, features and exported files, and the names
of all files, have to be those of the work that nobody killed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import torch
from helpers import tiny_runs
from reliability.targets import Target, all_targets, unreadable

from seqtasks.encoders import backbones
from seqtasks.storage.atomic import PART

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.listdir"})
"""Operations on files that Python tells audit hooks of."""


class Straight(NamedTuple):
    """The work that nobody killed."""

    seconds: float
    operations: int
    """On files of its directory."""
    files: dict[str, bytes | None]


class Killed(NamedTuple):
    """What was found of one target."""

    kills: int
    runs: int
    """How often it came to its end all the same."""
    ways: Counter[str]
    faults: list[str]


def in_child(work: Callable[[], None]) -> tuple[int, float]:
    """Runs something in a process of its own; its exit status, and how long it took."""
    started = time.monotonic()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitpid(process, 0)[1], time.monotonic() - started


def operations(root: Path, reach: Callable[[int], None]) -> None:
    """Calls `reach` with the number of each operation on a file of the directory, before it happens."""
    count, inside, me = 0, str(root.resolve()), os.getpid()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in EVENTS and os.getpid() == me:
            path = arguments[0] if arguments else ""
            if isinstance(path, str | os.PathLike) and os.path.abspath(os.fspath(path)).startswith(inside):
                count += 1
                reach(count)

    sys.addaudithook(hook)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run_straight(target: Target, root: Path) -> Straight:
    counter = root.with_name("operations.txt")

    def work() -> None:
        found = [0]
        operations(root, lambda count: found.__setitem__(0, count))
        target.run(root)
        counter.write_text(str(found[0]), encoding="utf-8")

    status, seconds = in_child(work)
    if status != 0:
        raise SystemExit(f"{target.name}: what nobody kills failed.")
    return Straight(seconds, int(counter.read_text(encoding="utf-8")), contents(target, root))


def contents(target: Target, root: Path) -> dict[str, bytes | None]:
    """All files, and what those of them hold that have to be the same to the bit."""
    names = {str(file.relative_to(root)): file for file in sorted(root.rglob("*")) if file.is_file()}
    return {name: file.read_bytes() if target.same(name) else None for name, file in names.items()}


def kill_target(target: Target, kills: int, chance: random.Random, folder: Path) -> Killed:
    """Kills a target so many times."""
    straight = run_straight(target, folder / "straight")
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
                    operations(root, lambda count: die() if count == at else None)
                elif kind == "a moment":
                    signal.signal(signal.SIGALRM, lambda *_: die())
                    signal.setitimer(signal.ITIMER_REAL, after)
                target.run(root)

            status, _ = in_child(work)
            if not os.WIFSIGNALED(status):
                if status != 0:
                    faults.append(f"run {runs}: ended with status {status}")
                break
            done += 1
            ways[kind] += 1
            faults += [f"kill {done} ({kind} {at}): {reason}" for reason in unreadable(root)]
            age_parts(root)
        faults += [f"run {runs}: {difference}" for difference in differences(straight.files, contents(target, root))]
    return Killed(done, runs, ways, [f"{target.name}, {fault}" for fault in faults])


def age_parts(root: Path) -> None:
    """Makes what a killed process left half written old enough for the next one to remove it."""
    for part in root.rglob(f"{PART}*"):
        os.utime(part, (0.0, 0.0))


def differences(expected: dict[str, bytes | None], found: dict[str, bytes | None]) -> Iterator[str]:
    if found.keys() != expected.keys():
        yield f"left over {sorted(found.keys() - expected.keys())}, missing {sorted(expected.keys() - found.keys())}"
    for name in found.keys() & expected.keys():
        if found[name] != expected[name]:
            yield f"{name} differs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=25, help="for each task and number of processes")
    parser.add_argument("--tasks", nargs="*", choices=[*tiny_runs.CONFIGURATIONS], default=[*tiny_runs.CONFIGURATIONS])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--trainings-only", action="store_true", help="leave out caches, exports, outputs")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    backbones.make_backbone_spec = tiny_runs.tiny_trunk
    faults = []
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        tiny_runs.write_data(Path("data"))
        targets = all_targets(arguments.tasks, arguments.processes, not arguments.trainings_only, Path(name).resolve())
        for number, target in enumerate(targets):
            folder = Path(name, f"target-{number}")
            folder.mkdir()
            started = time.monotonic()
            found = kill_target(target, arguments.kills, random.Random(f"{arguments.seed} {target.name}"), folder)
            moments = ", ".join(f"{count} at {kind}" for kind, count in sorted(found.ways.items()))
            print(
                f"{target.name}: {found.kills} kills ({moments}) in {found.runs} runs, "
                f"{len(found.faults)} faults, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            faults += found.faults
            shutil.rmtree(folder)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
