"""Graceful SIGINT and SIGTERM: finish the step, save, exit."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STDERR = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what schedulers, `timeout` and `kill` send."""


class StopRequest:
    """Asks a training to end after the step it is in, with a checkpoint."""

    def __init__(self) -> None:
        self.requested = False
        self.signal: int | None = None
        """The signal that asked for it, if one did."""

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within this, the first SIGINT or SIGTERM only requests the stop; a second SIGINT raises KeyboardInterrupt."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self.requested and number == signal.SIGINT:
                raise KeyboardInterrupt
            again = b"; press Ctrl-C again to abort at once" if number == signal.SIGINT else b""
            if not self.requested:  # the handler may have interrupted a print, so it must not print itself
                os.write(STDERR, b"\nStopping after this step" + again + b".\n")
            self.requested, self.signal = True, self.signal or number

        before = [signal.signal(number, handle) for number in SIGNALS]
        try:
            yield
        finally:
            for number, handler in zip(SIGNALS, before, strict=True):
                signal.signal(number, handler)
