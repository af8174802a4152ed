"""What a start costs: `echo "..." | seqtasks translate`, and `python -c "import torch"`, which it cannot do without.

    python -m benchmarks.startup_time

Both are new processes of this environment, with all cores, a text in and its translation out with the model that ships;
they take turns. The time is that from start to end as one sees it, the memory the most that was in use (`ru_maxrss`).
Nothing needs a network. This process imports no torch: a child's figure would begin with its parent's memory.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from benchmarks.comparison import PEER, SEQTASKS, record, spread

TEXT = "A dog runs across the grass."
TRANSLATE = [str(Path(sysconfig.get_path("scripts")) / "seqtasks"), "translate"]
IMPORT = [sys.executable, "-c", "import torch"]


class Run(NamedTuple):
    seconds: float
    mebibytes: float
    output: str


def run(command: list[str], text: str) -> Run:
    """A command from its start to its end."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text)
        process.stdin.close()
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Run(seconds, usage.ru_maxrss / 1024, output)


def main(rounds: Annotated[int, typer.Option(help="Measurements; the median is the result.")] = 10) -> None:
    """Compare both."""
    commands = {SEQTASKS: (TRANSLATE, f"{TEXT}\n"), PEER: (IMPORT, "")}
    runs: dict[str, list[Run]] = {side: [] for side in commands}
    for turn in range(rounds + 1):
        for side, (command, text) in commands.items():
            done = run(command, text)
            if turn:  # the first reads the files from disk
                runs[side].append(done)
    setup = {"text": TEXT, "output": runs[SEQTASKS][0].output.strip(), "rounds": rounds}
    for name, measure, unit, field, digits, at_most in (
        ("start", "a sentence translated, from a cold start", "s", "seconds", 3, 1.3),
        ("start-memory", "peak memory of that command", "MiB", "mebibytes", 1, 1.5),
    ):
        values = {side: [getattr(each, field) for each in done] for side, done in runs.items()}
        spreads = {side: spread(each, digits) for side, each in values.items()}
        record(
            name,
            measure=measure,
            unit=unit,
            seqtasks={
                "name": 'echo "..." | seqtasks translate',
                "value": spreads[SEQTASKS]["median"],
                "spread": spreads[SEQTASKS],
            },
            peer={"name": 'python -c "import torch"', "value": spreads[PEER]["median"], "spread": spreads[PEER]},
            ratio=statistics.median(values[SEQTASKS]) / statistics.median(values[PEER]),
            at_most=at_most,
            setup=setup,
        )


if __name__ == "__main__":
    typer.run(main)
