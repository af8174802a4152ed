"""Ctrl-C, politely."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STDERR = 2


class Interruption:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Within this, the first Ctrl-C only leaves a note for the loop to see; a second one is a KeyboardInterrupt."""
    interruption = Interruption()

    def note(number: int, frame: FrameType | None) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        interruption.asked = True
        # the handler may have interrupted a print, so it must not print itself
        os.write(STDERR, b"\nStopping after this update; Ctrl-C again aborts at once.\n")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
