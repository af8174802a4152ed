"""Where a text that comes in pieces ends: before a string that may span several of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def kept(items: Iterable[Item], taken: list[Item]) -> Iterator[Item]:
    """The same items; those that were taken are noted."""
    for each in items:
        taken.append(each)
        yield each


def stop_at(pieces: Iterable[str], stop: str) -> Iterator[str]:
    """The text of the pieces before `stop`, as soon as it is certain that `stop` does not begin there."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        if stop and stop in waiting:
            yield waiting.partition(stop)[0]
            return
        certain = len(waiting) - overlap(waiting, stop)
        if certain:
            yield waiting[:certain]
        waiting = waiting[certain:]
    if waiting:
        yield waiting


def overlap(text: str, stop: str) -> int:
    """Characters at the end of the text that may be the beginning of `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if stop.startswith(text[-size:])), 0)
