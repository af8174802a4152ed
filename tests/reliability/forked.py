"""What the harnesses share: work in processes of its own, watched at each operation on a file."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from reliability.targets import Target

from seqtasks.storage.atomic import PART

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.listdir"})
"""Operations on files that Python tells audit hooks of."""


@contextlib.contextmanager
def working_directory() -> Iterator[Path]:
    """A directory to be in, that goes; in memory where the system has such a place, since disks take their time."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name, contextlib.chdir(name):
        yield Path(name).resolve()


class Straight(NamedTuple):
    """The work that nobody killed."""

    seconds: float
    operations: int
    """On files of its directory."""
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


def run_straight(target: Target, root: Path) -> Straight:
    counter = root.with_name("operations.txt")

    def work() -> None:
        found = [0]
        operations(root, lambda count: found.__setitem__(0, count))
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
