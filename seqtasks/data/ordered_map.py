"""A function over many items in processes, and the results in the order of the items."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from threading import Thread
from typing import TypeVar

from seqtasks.errors import SeqtasksError

PREFETCH = 4
"""Items for each process that are under way at a time."""
PATIENCE = 1.0
"""Seconds after which a process looks whether its parent is still there."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], *, processes: int, few: int
) -> Iterator[Result]:
    """The results of a function, in the order of the items, which are taken as they are needed.

    Args:
        function: Its results follow from the item alone; it can be pickled, as can items and results.
        items: They come from this process.
        processes: That compute the results; with 0, or where there is no fork, this one does.
        few: So many items at first are computed in this process, so that few of them start no other.

    Raises:
        SeqtasksError: A process died.
    """
    coming = iter(items)
    yield from map(function, islice(coming, few))
    if processes < 1 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(function, coming)
        return
    first = list(islice(coming, 1))
    if not first:
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, context, initializer=start_process, initargs=(os.getpid(),)) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in chain(first, coming):
                waiting.append(pool.submit(function, item))
                if len(waiting) >= PREFETCH * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise SeqtasksError(
                "A process that reads the data died.", "It may have run out of memory: free some, and start again."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def start_process(parent: int) -> None:
    """Prepares a process that works for `parent`: Ctrl-C ends it without a traceback, and so does its parent's end."""
    gc.freeze()  # looking through what the parent has would copy it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=end_with, args=(parent,), daemon=True).start()


def end_with(parent: int) -> None:
    """Ends this process soon after its parent.

    A parent that is killed tells nobody, and the pipe to it stays open, because its children hold its other side too.
    """
    while os.getppid() == parent:
        time.sleep(PATIENCE)
    os._exit(1)
