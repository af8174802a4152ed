"""Memory over time, of each process: of trainings, and of decoding a stream that does not end (Linux).

    python -m benchmarks.memory_growth transformer path/to/parallel/*.tsv.gz --validation path/to/dev.tsv.gz
    python -m benchmarks.memory_growth lstm path/to/parallel/*.tsv.gz --validation path/to/dev.tsv.gz
    python -m benchmarks.memory_growth captions path/to/flickr8k
    python -m benchmarks.memory_growth decoding path/to/pairs.tsv.gz --minutes 60
    python -m benchmarks.memory_growth process 4711

Prints a line a minute: the minute, the updates (or sentences), and for each process, this one first, the most MiB that
it had in that minute: what is its own (anonymous) and what it shares with the others (weights and gradients). Pages of
a process's parent that it has not changed count as its own. At the end stands, for each process, the most after the
fifth minute divided by the most before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

import seqtasks
from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.inference.bulk import translate_stream
from seqtasks.training.events import StepEvent, TrainingStarted

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Minutes = Annotated[float, typer.Option(help="After the first update.")]
Processes = Annotated[int, typer.Option(help="Of the training.")]
Pairs = Annotated[list[Path], typer.Argument(help="Tables of pairs, English and German.")]
Validation = Annotated[Path, typer.Option(help="A table of pairs; nothing is validated on it.")]
KINDS = ("RssAnon", "RssShmem")
SETTLED = 5
"""Minutes after which memory does not grow any more."""


def processes(parent: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    return [parent, *map(int, children)]


def megabytes(process: int) -> int:
    """What a process holds that is not a file."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(KINDS)) // 1024


class Peaks(threading.Thread):
    """Looks at the memory of some processes every second.

    What a process has freed is given back once a minute. A look once a minute would come at ever other times behind
    that, and see the memory grow for half an hour where it is the same.

    Args:
        parent: The process; its children are looked at, too.
    """

    def __init__(self, parent: int) -> None:
        super().__init__(daemon=True)
        self.parent = parent
        self.seen: dict[int, int] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(1):
            with suppress(OSError):  # of a process that has just ended
                for process in processes(self.parent):
                    self.seen[process] = max(self.seen.get(process, 0), megabytes(process))

    def take(self) -> list[int]:
        """The most that each process had since the last call."""
        seen, self.seen = self.seen, {}
        return list(seen.values())


def watch(done: Iterable[int], minutes: float, parent: int | None = None) -> None:
    """Prints the most memory of each minute while work goes on; `done` is how much there is of it, again and again."""
    peaks = Peaks(os.getpid() if parent is None else parent)
    peaks.start()
    started, shown = time.monotonic(), 0
    rows: list[list[int]] = []
    for amount in done:
        passed = (time.monotonic() - started) / 60
        if passed >= shown + 1:
            shown = int(passed)
            rows.append(peaks.take())
            print(f"{shown:4} min {amount:8} {rows[-1]}", flush=True)
        if passed >= minutes:
            break
    peaks.ended.set()
    rows = [row for row in rows if len(row) == len(rows[-1])]  # workers may start later
    if len(rows) > SETTLED:
        before, after = (
            [max(values) for values in zip(*part, strict=True)] for part in (rows[:SETTLED], rows[SETTLED:])
        )
        growth = ", ".join(f"{late / early:.3f}" for early, late in zip(before, after, strict=True))
        print(f"most after minute {SETTLED}, of the most before: {growth}")


def train(config: dict[str, Any], minutes: float) -> None:
    with TemporaryDirectory() as folder:
        run = seqtasks.TrainingRun(config, Path(folder, "model"))
        events = (event for event in run if isinstance(event, StepEvent | TrainingStarted))
        next(events)  # reading the data is another matter
        watch((event.step for event in events if isinstance(event, StepEvent)), minutes)


def training_settings(num_processes: int, batch_tokens: int) -> dict[str, Any]:
    """One learning rate, and neither validations nor checkpoints."""
    never = 10**9
    return {
        "max_steps": never,
        "eval_steps": never,
        "save_steps": never,
        "batch_tokens": batch_tokens,
        "learning_rate": 1e-3,
        "num_processes": num_processes,
        "device": "cpu",
    }


def translation_config(pairs: list[Path], validation: Path, kind: str, num_processes: int) -> dict[str, Any]:
    wide: dict[str, Any] = {"hidden_size": 320, "dropout": 0.1}
    if kind == "transformer":
        wide = {"num_heads": 8, "ffn_dim": 1280, "dropout": 0.1}
    return {
        "task": "translation",
        "languages": {"source": "en", "target": "de"},
        "text": {"kind": "subwords", "vocab_size": 16_000},
        "data": {
            "train": [{"path": str(path)} for path in pairs],
            "validation": [{"path": str(validation)}],
        },
        "model": {
            "hidden_size": 320,
            "encoder": {"kind": kind, "num_layers": 5 if kind == "transformer" else 1, **wide},
            "decoder": {"kind": kind, "num_layers": 2 if kind == "transformer" else 1, **wide},
        },
        "training": training_settings(num_processes, 3500),
    }


@app.command()
def transformer(pairs: Pairs, validation: Validation, minutes: Minutes = 60, num_processes: Processes = 2) -> None:
    """Training of a Transformer of 14.6 million parameters, batches of 3,500 tokens."""
    train(translation_config(pairs, validation, "transformer", num_processes), minutes)


@app.command()
def lstm(pairs: Pairs, validation: Validation, minutes: Minutes = 60, num_processes: Processes = 2) -> None:
    """Training of an LSTM with attention, batches of 3,500 tokens."""
    train(translation_config(pairs, validation, "lstm", num_processes), minutes)


@app.command()
def captions(folder: Path, minutes: Minutes = 60, num_processes: Processes = 2) -> None:
    """Training of a captioner with its CNN on Flickr8k."""
    source = {"images": str(folder), "captions": str(folder / "Flickr8k.token.txt")}
    config = {
        "task": "captioning",
        "text": {"kind": "words", "language": "en", "min_freq": 4, "oov": "unknown"},
        "data": {
            "train": [{**source, "split": str(folder / "Flickr_8k.trainImages.txt")}],
            "validation": [{**source, "split": str(folder / "Flickr_8k.devImages.txt")}],
        },
        "model": {"hidden_size": 320, "encoder": {"kind": "cnn", "hidden_size": 320}, "decoder": {"kind": "lstm"}},
        "training": training_settings(num_processes, 1800),
    }
    train(config, minutes)


@app.command()
def decoding(
    pairs: Annotated[Path, typer.Argument(help="A table of pairs, whose sources are translated again and again.")],
    minutes: Minutes = 60,
    model: str = "en-de",
    beam_size: int = 5,
) -> None:
    """Beam search over a stream of sentences of any length."""
    read = read_pairs(ParallelSource(path=pairs), ReadReport(), languages=("en", "de"))
    texts = [pair.source for pair in islice(read, 20_000)]
    translator = seqtasks.load(model, task="translation")

    def forever() -> Iterator[str]:
        for _ in count():
            yield from texts

    translations = translate_stream(translator, forever(), beam_size=beam_size)
    watch((number for number, _ in enumerate(translations, 1)), minutes)


@app.command()
def process(number: int, minutes: Minutes = 60) -> None:
    """A program that runs already, such as a training, by the number of its process."""

    def seconds() -> Iterator[int]:
        for passed in count():
            time.sleep(1)
            yield passed

    watch(seconds(), minutes, number)


if __name__ == "__main__":
    app()
