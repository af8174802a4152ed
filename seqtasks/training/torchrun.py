"""Whether this process is one of several that torchrun has started. Imports no torch."""

from __future__ import annotations

import os

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun, and other launchers, set in the environment of each process."""


def launched() -> bool:
    """Whether other processes were started beside this one."""
    return all(name in os.environ for name in VARIABLES) and os.environ["WORLD_SIZE"] != "1"


def program() -> str:
    """How the command line is started as it was here: `seqtasks`, or torchrun with as many processes.

    How nodes find each other is not known here, nor what other launchers were told: dots stand for that.
    """
    if not launched():
        return "seqtasks"
    if os.environ.get("GROUP_WORLD_SIZE") == "1" and "LOCAL_WORLD_SIZE" in os.environ:
        return f"torchrun --nproc-per-node {os.environ['LOCAL_WORLD_SIZE']} -m seqtasks"
    return "torchrun ... -m seqtasks"
