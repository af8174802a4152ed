"""Trainings that are killed again and again end as one that was not; `make kill-test` runs it.

    python tests/reliability/kills.py --kills 25                      # a task, as in CI
    python tests/reliability/kills.py --kills 200 --processes 1 2     # by hand

A child is forked once everything is imported, trains into a directory, and dies by SIGKILL: at its n-th operation on a
file of that directory, or at a random moment. The next one resumes. After every kill all that looks like a model has to
be whole; at the end the weights and the names of all files have to be those of the training that nobody killed.
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
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import torch
from helpers import tiny_runs

import seqtasks
from seqtasks.encoders import backbones
from seqtasks.errors import SeqtasksError
from seqtasks.storage.bundle import read_bundle

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.listdir"})
"""Operations on files that Python tells audit hooks of."""
SAVE_OFTEN = {"training": {"eval_steps": 6, "save_steps": 3, "save_total_limit": 2}}


class Straight(NamedTuple):
    """The training that nobody killed."""

    seconds: float
    operations: int
    """On files of its directory."""
    files: dict[str, bytes | None]


class Killed(NamedTuple):
    """What was found of one task."""

    kills: int
    trainings: int
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


def train(config: Path, out: Path, processes: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = {"training": {**SAVE_OFTEN["training"], "num_processes": processes}}
        seqtasks.train(config, out, resume=True, **chosen)


def operations(out: Path, reach: Callable[[int], None]) -> None:
    """Calls `reach` with the number of each operation on a file of the directory, before it happens."""
    count, inside, me = 0, str(out.resolve()), os.getpid()

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


def train_straight(config: Path, out: Path, processes: int) -> Straight:
    counter = out.with_name("operations.txt")

    def work() -> None:
        found = [0]
        operations(out, lambda count: found.__setitem__(0, count))
        train(config, out, processes)
        counter.write_text(str(found[0]), encoding="utf-8")

    status, seconds = in_child(work)
    if status != 0:
        raise SystemExit(f"{config}: the training that nobody kills failed.")
    return Straight(seconds, int(counter.read_text(encoding="utf-8")), contents(out))


def contents(out: Path) -> dict[str, bytes | None]:
    """The files of a training, and what those of them hold that have to be the same to the bit."""
    return {
        str(file.relative_to(out)): file.read_bytes() if file.suffix == ".safetensors" else None
        for file in sorted(out.rglob("*"))
        if file.is_file()
    }


def unreadable(out: Path) -> Iterator[str]:
    """What looks like a model and cannot be opened."""
    for folder in [each for each in sorted(out.glob("*")) if (each / "bundle.json").exists()]:
        if folder.name.startswith((".", "~")) or not (folder.name == "best" or folder.name.startswith("step-")):
            continue
        try:
            bundle = read_bundle(folder)
            bundle.tensors()
            if folder.name.startswith("step-"):
                bundle.trainer()
        except SeqtasksError as error:
            yield f"{folder.name}: {error}"


def kill_task(task: str, kills: int, processes: int, chance: random.Random, folder: Path) -> Killed:
    """Kills trainings of a task so many times."""
    config = folder / f"{task}.toml"
    config.write_text(tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING, encoding="utf-8")
    straight = train_straight(config, folder / f"{task}-straight", processes)
    done, trainings, faults, ways = 0, 0, list[str](), Counter[str]()
    while done < kills:
        out = folder / f"{task}-killed"
        shutil.rmtree(out, ignore_errors=True)
        trainings += 1
        while True:
            last = done >= kills
            kind = "never" if last else chance.choice(["an operation", "an operation", "a moment"])
            at = chance.randint(1, straight.operations)
            after = chance.uniform(0.0, straight.seconds)

            def work(kind: str = kind, at: int = at, after: float = after, out: Path = out) -> None:
                if kind == "an operation":
                    operations(out, lambda count: die() if count == at else None)
                elif kind == "a moment":
                    signal.signal(signal.SIGALRM, lambda *_: die())
                    signal.setitimer(signal.ITIMER_REAL, after)
                train(config, out, processes)

            status, _ = in_child(work)
            if not os.WIFSIGNALED(status):
                if status != 0:
                    faults.append(f"{task}, training {trainings}: ended with status {status}")
                break
            done += 1
            ways[kind] += 1
            faults += [f"{task}, kill {done} ({kind} {at}): {reason}" for reason in unreadable(out)]
        found = contents(out)
        if found.keys() != straight.files.keys():
            more, fewer = sorted(found.keys() - straight.files.keys()), sorted(straight.files.keys() - found.keys())
            faults.append(f"{task}, training {trainings}: left over {more}, missing {fewer}")
        faults += [
            f"{task}, training {trainings}: {name} differs"
            for name in found.keys() & straight.files.keys()
            if found[name] != straight.files[name]
        ]
    return Killed(done, trainings, ways, faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=25, help="for each task and number of processes")
    parser.add_argument("--tasks", nargs="+", choices=[*tiny_runs.CONFIGURATIONS], default=[*tiny_runs.CONFIGURATIONS])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    backbones.make_backbone_spec = tiny_runs.tiny_trunk
    faults = []
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        tiny_runs.write_data(Path("data"))
        for task in arguments.tasks:
            for processes in arguments.processes:
                chance = random.Random(f"{arguments.seed} {task} {processes}")
                folder = Path(name, f"{task}-{processes}")
                folder.mkdir()
                started = time.monotonic()
                found = kill_task(task, arguments.kills, processes, chance, folder)
                moments = ", ".join(f"{count} at {kind}" for kind, count in sorted(found.ways.items()))
                print(
                    f"{task}, {processes} process{'es' * (processes > 1)}: {found.kills} kills ({moments}) in "
                    f"{found.trainings} trainings, {len(found.faults)} faults, {time.monotonic() - started:.0f} s",
                    flush=True,
                )
                faults += found.faults
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
