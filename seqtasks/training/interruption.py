"""Graceful SIGINT, SIGTERM and SIGHUP: finish the step, save, exit."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STDERR = 2
HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
SIGNALS = (signal.SIGINT, signal.SIGTERM, *([] if HANGUP is None else [HANGUP]))
"""Ctrl-C; what schedulers, `timeout` and `kill` send; what a terminal sends that is closed."""


class StopRequest:
    """Asks a training to end after the step it is in, with a checkpoint."""

    def __init__(self) -> None:
        self.requested = False
        self.quiet = False
        """Whether nothing is said of it: another process of the training does."""
        self.signal: int | None = None
        """The signal that asked for it, if one did."""

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within this, the first of the signals only requests the stop; a second SIGINT raises KeyboardInterrupt.

        A SIGHUP that is ignored, as `nohup` has it, stays so.
        """

        def handle(number: int, frame: FrameType | None) -> None:
            if self.requested and number == signal.SIGINT:
                raise KeyboardInterrupt
            again = b"; press Ctrl-C again to abort at once" if number == signal.SIGINT else b""
            if (
                not self.requested and not self.quiet
            ):  # the handler may have interrupted a print, so it must not print itself
                with suppress(OSError):  # the terminal may be gone
                    os.write(STDERR, b"\nStopping after this step" + again + b".\n")
            self.requested, self.signal = True, self.signal or number

        ignored = HANGUP is not None and signal.getsignal(HANGUP) == signal.SIG_IGN
        before = {number: signal.signal(number, handle) for number in SIGNALS if not (ignored and number == HANGUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
