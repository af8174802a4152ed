"""Whether this process is one of several that torchrun has started. Imports no torch."""

from __future__ import annotations

import os

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun, and other launchers, set in the environment of each process."""


def launched() -> bool:
    """Whether other processes were started beside this one."""
    return all(name in os.environ for name in VARIABLES) and os.environ["WORLD_SIZE"] != "1"
