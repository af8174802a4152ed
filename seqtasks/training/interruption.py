"""Graceful SIGINT: finish the step, save, exit."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STDERR = 2


class StopRequest:
    """Asks a training to end after the step it is in, with a checkpoint."""

    def __init__(self) -> None:
        self.requested = False

    @contextmanager
    def on_sigint(self) -> Iterator[None]:
        """Within this, the first Ctrl-C only requests the stop; a second one raises KeyboardInterrupt."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self.requested:
                raise KeyboardInterrupt
            self.requested = True
            # the handler may have interrupted a print, so it must not print itself
            os.write(STDERR, b"\nStopping after this step; press Ctrl-C again to abort at once.\n")

        before = signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
