"""Trains a toy in processes of its own and kills them: run as a script with the training directory as its argument.

Each child is killed at another moment, the last one goes on to the end. Prints the moments and what was resumed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from helpers.toys import ToyTask, toy_trainer

torch.set_num_threads(1)
STEPS = 40
OPTIONS = {"max_steps": STEPS, "eval_steps": 5, "save_steps": 3}
MOMENTS = ["step 2", "step 7", "writing 9", "writing 15", "step 24", "writing 24"]


class Watched(ToyTask):
    """Calls `writing` while a checkpoint is being written."""

    def __init__(self) -> None:
        super().__init__()
        self.writing: Callable[[], None] = lambda: None

    def save_processors(self, folder: Path) -> None:
        super().save_processors(folder)
        self.writing()


def child(out: Path, moment: str, channel: int) -> None:
    """Trains until `moment`, then tells it and waits to be killed."""
    task = Watched()
    trainer = toy_trainer(out, task, **OPTIONS)

    def reach(found: str) -> None:
        if found == moment:
            os.write(channel, b"!")
            time.sleep(60)

    task.writing = lambda: reach(f"writing {trainer.step}")
    print(f"resumed {trainer.resume()}", flush=True)
    for _ in trainer.run():
        reach(f"step {trainer.step}")


def main(out: Path) -> None:
    for moment in [*MOMENTS, "never"]:
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            child(out, moment, writing)
            os._exit(0)
        os.close(writing)
        reached = os.read(reading, 1)
        os.close(reading)
        if reached:
            os.kill(process, signal.SIGKILL)
        status = os.waitpid(process, 0)[1]
        print(
            f"{moment}: {'killed' if os.WIFSIGNALED(status) else f'exit {os.waitstatus_to_exitcode(status)}'}",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
