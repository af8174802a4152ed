"""What the programs share: work in processes of its own, watched at each operation on a file."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import torch
from helpers import tiny_runs
from reliability.targets import Target

from seqtasks.encoders import backbones
from seqtasks.storage.atomic import PART

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.listdir"})
"""Operations on files that Python tells audit hooks of."""


class Named(Protocol):
    """What can be chosen by its name."""

    @property
    def name(self) -> str: ...


AnyNamed = TypeVar("AnyNamed", bound=Named)


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """The options that all programs have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="what has this in its name")
    parser.add_argument("--seed", type=int, default=1)
    return parser


@contextlib.contextmanager
def working_directory() -> Iterator[Path]:
    """A directory to be in, with the data of all runs, that goes; small work in one thread.

    It is in memory where the system has such a place, since disks take their time.
    """
    torch.set_num_threads(1)
    backbones.make_backbone_spec = tiny_runs.tiny_trunk
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name, contextlib.chdir(name):
        tiny_runs.write_data(Path("data"))
        yield Path(name).resolve()


def in_turn(targets: Iterable[AnyNamed], only: str, place: Path) -> Iterator[tuple[AnyNamed, Path]]:
    """Those of the targets that are chosen, each with a folder of its own, that goes."""
    for number, target in enumerate(targets):
        if only in target.name:
            folder = place / f"target-{number}"
            folder.mkdir()
            yield target, folder
            shutil.rmtree(folder)


class Straight(NamedTuple):
    """The work that nobody killed."""

    seconds: float
    operations: int
    """On files of its directory, and on those that it reads."""
    files: dict[str, bytes | None]


def in_child(work: Callable[[], None], log: Path | None = None) -> tuple[int, float]:
    """Runs something in a process of its own; its exit status, and how long it took. `log` is for what it tells."""
    started = time.monotonic()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            if log is not None:
                os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitpid(process, 0)[1], time.monotonic() - started


def operations(target: Target, root: Path, reach: Callable[[int], None]) -> None:
    """Calls `reach` with the number of each operation on a file of the directory, or one read, before it happens."""
    count, inside, me = 0, tuple(str(each.resolve()) for each in (root, *target.reads)), os.getpid()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in EVENTS and os.getpid() == me:
            path = arguments[0] if arguments else ""
            if isinstance(path, str | os.PathLike) and os.path.abspath(os.fspath(path)).startswith(inside):
                count += 1
                reach(count)

    sys.addaudithook(hook)


def run_straight(target: Target, root: Path) -> Straight:
    counter = root.with_name("operations.txt")

    def work() -> None:
        found = [0]
        operations(target, root, lambda count: found.__setitem__(0, count))
        target.run(root)
        counter.write_text(str(found[0]), encoding="utf-8")

    status, seconds = in_child(work, root.with_name("straight.txt"))
    if status != 0:
        raise SystemExit(f"{target.name}: undisturbed, it failed.")
    return Straight(seconds, int(counter.read_text(encoding="utf-8")), contents(target, root))


def contents(target: Target, root: Path) -> dict[str, bytes | None]:
    """All files, and what those of them hold that have to be the same to the bit."""
    names = {str(file.relative_to(root)): file for file in sorted(root.rglob("*")) if file.is_file()}
    return {name: file.read_bytes() if target.same(name) else None for name, file in names.items()}


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
