"""Ctrl-C, politely."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console


class Interruption:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def interruptible(console: Console) -> Iterator[Interruption]:
    """Within this, the first Ctrl-C only leaves a note for the loop to see; a second one is a KeyboardInterrupt."""
    interruption = Interruption()

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        interruption.asked = True
        console.print("Stopping after this update; Ctrl-C again aborts at once.")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
