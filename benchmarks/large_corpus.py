"""Training on a corpus that is larger than memory: the time until the first update, and memory over time (Linux).

    python -m benchmarks.large_corpus path/to/folder --pairs 5000000 --minutes 10

Makes so many pairs in the folder by rules, unless they are there, and trains a small Transformer on them twice, each
time in a process of its own with an empty output directory: the first time nothing is known of the corpus, the second
time all that the first one kept. Prints the seconds from the start of the process to the end of the first update, and
once in ten seconds the PSS of each process, in MiB, beside that of one that has imported torch and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "er", "it")]
WORDS = 50_000
CONFIGURATION = """
task = "translation"
seed = 1
[languages]
source = "en"
target = "de"
[text]
kind = "subwords"
vocab_size = 8000
[data]
train = [{{ path = "{pairs}" }}]
keep_in_memory = false
cache_dir = "{cache}"
[model]
hidden_size = 128
[model.encoder]
kind = "transformer"
num_layers = 2
num_heads = 4
ffn_dim = 256
[model.decoder]
kind = "transformer"
num_layers = 1
num_heads = 4
ffn_dim = 256
[training]
max_steps = 1_000_000
eval_steps = 1_000_000
save_steps = 1_000_000
batch_tokens = 2000
num_processes = {processes}
device = "cpu"
"""
TRAIN = """
import sys, time
import seqtasks
from seqtasks.training.events import StepEvent
for event in seqtasks.TrainingRun(sys.argv[1], sys.argv[2]):
    if isinstance(event, StepEvent):
        print(event.step, flush=True)
"""


def main(
    folder: Annotated[Path, typer.Argument(help="Where the corpus and what is kept of it go.")],
    pairs: Annotated[int, typer.Option(help="Sentence pairs.")] = 5_000_000,
    minutes: Annotated[float, typer.Option(help="Of training, each time.")] = 5,
    processes: Annotated[int, typer.Option(help="That train.")] = 2,
) -> None:
    """Makes the corpus and trains on it twice."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{pairs}.tsv"
    if not file.exists():
        part = file.with_suffix(".part")
        write_pairs(part, pairs)
        part.rename(file)
    print(f"{pairs:,} pairs, {file.stat().st_size / 2**20:,.0f} MiB; torch alone: {torch_alone()} MiB", flush=True)
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    configuration = folder / "run.toml"
    configuration.write_text(CONFIGURATION.format(pairs=file, cache=cache, processes=processes), encoding="utf-8")
    for _ in range(2):
        with TemporaryDirectory() as out:
            run(configuration, Path(out, "model"), minutes)


def write_pairs(file: Path, count: int) -> None:
    """Sentences of invented words, as frequent as those of a language (Zipf), and their words exchanged and turned."""
    random = np.random.default_rng(1)
    words = ["".join(random.choice(SYLLABLES, length)) for length in random.integers(1, 5, WORDS)]
    others = [word[::-1] for word in words]
    frequency = 1 / np.arange(1, WORDS + 1)
    cumulative = np.cumsum(frequency / frequency.sum())
    with file.open("w", encoding="utf-8") as out:
        for _ in range(0, count, 10_000):
            lengths = random.integers(3, 30, 10_000)
            chosen = np.searchsorted(cumulative, random.random(int(lengths.sum()))).tolist()
            place = 0
            for length in lengths.tolist():
                numbers = chosen[place : place + length]
                place += length
                target = " ".join([others[number] for number in reversed(numbers)])
                out.write(f"{' '.join([words[number] for number in numbers])}\t{target}\n")


def run(configuration: Path, out: Path, minutes: float) -> None:
    """Trains in a process of its own and prints what it takes."""
    started = time.monotonic()
    command = [sys.executable, "-c", TRAIN, str(configuration), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        shown, highest = 0.0, 0
        for line in process.stdout:
            passed = time.monotonic() - started
            if shown == 0:
                print(f"first update after {passed:.1f} s", flush=True)
            if passed >= shown + 10:
                shown = passed
                memory = list(proportional_set_sizes(process.pid))
                highest = max(highest, *memory)
                print(f"{passed:6.0f} s, update {int(line):6}: {memory} MiB", flush=True)
            if passed > 60 * minutes:
                process.terminate()
                break
    print(f"the most of a process: {highest} MiB", flush=True)


def proportional_set_sizes(parent: int) -> Iterator[int]:
    """The PSS of a process and of its children, in MiB: what is shared counts in part for each."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    for process in (parent, *map(int, children)):
        with suppress(OSError):  # it has just ended
            for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines():
                if line.startswith("Pss:"):
                    yield int(line.split()[1]) // 1024


def torch_alone() -> int:
    """The PSS of a process that has imported torch."""
    with subprocess.Popen(
        [sys.executable, "-c", "import torch, sys; print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        return next(proportional_set_sizes(process.pid))


if __name__ == "__main__":
    typer.run(main)
