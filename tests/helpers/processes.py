"""Processes that tests start, and what is left of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path


def children(process: int) -> set[int]:
    """The processes that the first thread of a process has started; needs /proc."""
    return {int(name) for name in Path(f"/proc/{process}/task/{process}/children").read_text().split()}


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def left_after(seconds: float, processes: Iterable[int]) -> set[int]:
    """Those of the processes that have not ended by then; returns as soon as all have."""
    deadline = time.monotonic() + seconds
    while (alive := {process for process in processes if running(process)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive
